# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The names of jetson-inference: what each returns, and what it says of wrong arguments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ros_deep_learning import DeepLearningError, DetectNet, jetson


@pytest.fixture(scope='module')
def net(ssd_onnx: Path) -> Iterator[Any]:
    net = jetson.detectNet('ssd-mobilenet-v2', threshold=0.4)
    yield net
    net.network.close()


def test_detections_are_those_of_the_library(net: Any, astronaut: Any) -> None:
    found = net.Detect(astronaut.copy())
    with DetectNet('ssd-mobilenet-v2', threshold=0.4) as own:
        known = own.detect(astronaut)
    assert sorted((one.ClassID, one.Confidence, *one.ROI) for one in found) == sorted(
        (one.class_id, one.score, *one.box_xyxy) for one in known
    )
    areas = [one.Area for one in found]
    assert areas == sorted(areas, reverse=True)
    assert {one.TrackID for one in found} == {-1}


def test_a_detection_has_its_measures() -> None:
    one = jetson.Detection(3, 0.5, 10, 20, 40, 60)
    assert (one.Width, one.Height, one.Area, one.Center) == (30, 40, 1200, (25, 40))
    assert one.Contains(10, 60)
    assert not one.Contains(9, 60)


@pytest.mark.parametrize('kind', ['rgb8', 'rgba8'])
def test_overlay_draws_what_detect_draws(net: Any, chelsea: Any, kind: str) -> None:
    first, second = (jetson.cudaAllocMapped(451, 300, kind) for _ in range(2))
    first[..., :3] = second[..., :3] = chelsea
    found = net.Detect(first)
    assert (first[..., :3] != chelsea).any()
    net.Detect(second, overlay='none')
    assert (second[..., :3] == chelsea).all()
    net.Overlay(second, found)
    assert (first == second).all()


def test_no_class_has_the_name_that_jetson_inference_gives_it(net: Any) -> None:
    assert net.GetClassDesc(-1) == net.GetClassLabel(-1) == 'none'
    assert net.GetClassDesc(0) == net.network.labels[0]


def test_objects_are_numbered_when_tracking_is_on(net: Any, chelsea: Any) -> None:
    net.SetTrackingParams(1, 5, 0.5)
    net.SetTrackingEnabled(True)
    assert net.IsTrackingEnabled()
    assert net.GetTrackingParams() == (1, 5, 0.5)
    numbers = [{one.TrackID for one in net.Detect(chelsea.copy())} for _ in range(3)]
    net.SetTrackingEnabled(False)
    assert numbers[1] == numbers[2] != {-1}


def test_thresholds_can_change(net: Any, chelsea: Any) -> None:
    before = net.GetConfidenceThreshold()
    net.SetConfidenceThreshold(0.995)
    assert net.Detect(chelsea.copy()) == []
    net.SetConfidenceThreshold(before)
    assert net.Detect(chelsea.copy())


def test_classify_returns_a_pair_or_a_list(coffee: Any) -> None:
    net = jetson.imageNet('efficientnet-lite0')
    net.SetThreshold(0.0)
    class_id, confidence = net.Classify(coffee)
    best = net.Classify(coffee, topK=3)
    assert best[0] == (class_id, confidence)
    assert len(best) == 3
    net.SetThreshold(1.0)
    assert net.Classify(coffee) == (-1, 0.0)
    assert net.GetNumClasses() == 1000
    assert net.GetNetworkFPS() > 0
    net.network.close()


def test_a_number_of_no_class_is_told(net: Any) -> None:
    count = net.GetNumClasses()
    with pytest.raises(DeepLearningError, match=f'has the classes 0 to {count - 1}, not {count}'):
        net.GetClassDesc(count)


def test_masks_need_an_image_first() -> None:
    net = jetson.segNet('selfie')
    assert net.GetClassColor(1)[:3] == tuple(net.network.colors_rgb[1])
    for number in (-1, 2):
        with pytest.raises(
            DeepLearningError, match=f'selfie has the classes 0 to 1, not {number}'
        ):
            net.GetClassColor(number)
    with pytest.raises(DeepLearningError, match='call Process first'):
        net.Mask(jetson.cudaAllocMapped(8, 8, 'gray8'))
    net.network.close()


def test_images_share_memory_with_numpy(tmp_path: Path, chelsea: Any) -> None:
    array = chelsea.copy()
    image = jetson.cudaFromNumpy(array)
    assert (image.width, image.height, image.channels, image.format) == (451, 300, 3, 'rgb8')
    jetson.cudaToNumpy(image)[0, 0] = 7
    assert (array[0, 0] == 7).all()
    path = tmp_path / 'a.png'
    jetson.saveImage(path, image)
    assert (jetson.loadImage(path) == array).all()
    assert (cv2.imread(str(path))[..., ::-1] == array).all()
    assert jetson.loadImage(path, format='gray8').shape == (300, 451, 1)


def test_cuda_overlay_is_cut_off_at_the_edges() -> None:
    target, source = jetson.cudaAllocMapped(4, 3), jetson.cudaAllocMapped(3, 3)
    source[...] = np.arange(9).reshape(3, 3, 1)
    jetson.cudaOverlay(source, target, 2, -1)
    shown = [[0, 0, 3, 4], [0, 0, 6, 7], [0, 0, 0, 0]]
    assert target[..., 0].tolist() == shown
    for outside in ((-4, 0), (0, -4), (-3, -3), (4, 0), (0, 9)):
        jetson.cudaOverlay(source, target, *outside)
        assert target[..., 0].tolist() == shown


def test_a_video_ends_with_its_last_frame(bikes_clip: Path) -> None:
    options = {'flipMethod': 'clockwise', 'loop': 0}
    source = jetson.videoSource(f'file://{bikes_clip}', options=options)
    assert (source.GetWidth(), source.GetHeight()) == (272, 640)
    frame = source.Capture()
    assert (frame.width, frame.height) == (272, 640)
    count = 1
    while source.IsStreaming():
        source.Capture()
        count += 1
    assert count == 250
    with pytest.raises(DeepLearningError, match='end the loop if IsStreaming'):
        source.Capture()


def test_a_camera_that_is_not_there_gives_none(caplog: pytest.LogCaptureFixture) -> None:
    camera = jetson.gstCamera(640, 480, '/dev/video77')
    assert camera.Capture() is None
    assert camera.IsStreaming()
    assert 'no camera at /dev/video77' in caplog.text


def test_a_folder_can_loop(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((4, 6, 3), np.uint8))
    source = jetson.videoSource(str(tmp_path), ['script', '--input_loop=2'])
    seen = []
    while source.IsStreaming():
        seen.append(source.Capture().shape)
    assert seen == [(4, 6, 3)] * 3


def test_a_video_is_written(tmp_path: Path, chelsea: Any) -> None:
    output = jetson.videoOutput(str(tmp_path / 'a.avi'), ['script', '--output-codec=mjpeg'])
    for _ in range(3):
        output.Render(jetson.cudaFromNumpy(chelsea.copy()))
        output.SetStatus('running')
    assert output.IsStreaming()
    output.Close()
    assert not output.IsStreaming()
    capture = cv2.VideoCapture(str(tmp_path / 'a.avi'))
    assert [capture.read()[0] for _ in range(4)] == [True] * 3 + [False]


@pytest.mark.parametrize(
    ('call', 'text'),
    [
        (lambda: jetson.loadImage('nowhere.jpg'), 'nowhere.jpg'),
        (lambda: jetson.cudaAllocMapped(2, 2, 'rgb32f'), 'expected one of gray8, rgb8, rgba8'),
        (lambda: jetson.cudaFromNumpy(np.zeros((2, 2, 3))), 'uint8, got float64'),
        (lambda: jetson.videoSource('nowhere.mp4'), 'no file or folder'),
        (lambda: jetson.videoSource('a.mp4', options={'speed': 1}), "option 'speed' is unknown"),
        (lambda: jetson.videoSource('.', options={'flip': 'round'}), '--input-flip: expected one'),
        (lambda: jetson.videoOutput('ftp://@:8554/out'), 'cannot write'),
        (lambda: jetson.detectNet('no-such-network'), 'no-such-network'),
    ],
)
def test_wrong_arguments(call: Any, text: str) -> None:
    with pytest.raises(DeepLearningError, match=text):
        call()


def test_text_is_written(chelsea: Any) -> None:
    font = jetson.cudaFont()
    image = jetson.cudaFromNumpy(chelsea.copy())
    font.OverlayText(image, text='cat', x=5, y=5 + font.GetSize(), color=font.White)
    changed = (np.asarray(image) != chelsea).any(axis=-1)
    assert changed[37:60, 5:40].mean() > 0.5
    assert not changed[:37].any()


def test_every_name_is_there() -> None:
    assert all(hasattr(jetson.inference, name) for name in jetson.__all__)
    usage = jetson.detectNet.Usage() + jetson.videoSource.Usage()
    assert '--threshold' in usage
    assert '--input-flip' in usage
