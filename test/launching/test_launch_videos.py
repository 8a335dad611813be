# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Launch files of video nodes, run by a real launch service in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest
from vision_msgs.msg import Detection2DArray


def test_a_source_waits_for_its_camera(launch: Callable[..., Any], graph: Any) -> None:
    launched = launch(
        'video_source.launch.py', 'name:=left', 'namespace:=robot', 'input:=/dev/video77'
    )
    graph.wait_until('the warning', lambda: 'no camera at /dev/video77' in launched.text())
    graph.wait_until('the topic', lambda: graph.node.count_publishers('/robot/left/raw') == 1)
    assert launched.stop() == 0
    assert launched.text().count('no camera at') == 1


@pytest.mark.parametrize(
    'name', ['video_source', pytest.param('video_output', marks=pytest.mark.slow)]
)
def test_a_video_node_starts_with_no_argument(
    launch: Callable[..., Any], graph: Any, name: str
) -> None:
    launched = launch(f'{name}.launch.py')
    graph.wait_until('it runs', lambda: name in graph.node.get_node_names())
    assert launched.stop() == 0
    assert 'Traceback' not in launched.text(), launched.text()
    assert 'has died' not in launched.text(), launched.text()
    assert not Path('video_output.mkv').exists()


def test_an_output_without_images_writes_nothing(
    launch: Callable[..., Any], graph: Any, tmp_path: Path
) -> None:
    launched = launch('video_output.launch.py', f'output:={tmp_path / "new" / "x.mp4"}')
    graph.wait_until('it runs', lambda: 'goes to' in launched.text())
    assert launched.stop() == 0
    assert 'no image came on /video_source/raw: nothing is written' in launched.text()
    assert not (tmp_path / 'new').exists()


def test_a_viewer_without_a_screen_says_how_to_go_on(
    launch: Callable[..., Any], graph: Any, monkeypatch: pytest.MonkeyPatch, bikes_clip: Path
) -> None:
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    launched = launch('video_viewer.launch.py', f'input:={bikes_clip}', 'input_loop:=-1')
    graph.wait_until('its end', lambda: launched.process.poll() is not None)
    assert launched.process.returncode == 1
    assert 'no screen to open a window on' in launched.text()
    assert 'http://@:8080' in launched.text()
    assert 'Traceback' not in launched.text(), launched.text()


@pytest.mark.rclpy
def test_a_viewer_plays_a_clip_into_a_file(
    launch: Callable[..., Any], graph: Any, pictures: Path, tmp_path: Path
) -> None:
    output = tmp_path / 'seen'
    output.mkdir()
    launched = launch(
        'video_viewer.launch.py',
        f'input:={pictures}', 'input_framerate:=20', 'input_loop:=-1',
        'input_width:=24', f'output:={output}', 'namespace:=robot',
    )  # fmt: skip
    # An output takes the newest image, so that a busy machine may leave some of a round out.
    graph.wait_until('pictures', lambda: (output / 'frame-000003.jpg').is_file())
    assert cv2.imread(str(output / 'frame-000000.jpg')).shape == (16, 24, 3)
    assert launched.stop() == 0


@pytest.mark.rclpy
def test_a_clip_is_detected_and_recorded_whole_and_then_the_launch_ends(
    launch: Callable[..., Any], graph: Any, bikes_clip: Path, ssd_onnx: Path, tmp_path: Path
) -> None:
    clip, output = tmp_path / 'clip.avi', tmp_path / 'seen.mp4'
    capture = cv2.VideoCapture(str(bikes_clip))
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*'MJPG'), 25.0, (640, 272))
    for _ in range(40):
        writer.write(capture.read()[1])
    writer.release()
    # The limit slows the file down, and leaves out no frame.
    limit = 'max_rate_hz:=20'
    launched = launch('detectnet.launch.py', f'input:={clip}', f'output:={output}', limit)
    graph.wait_until('its end', lambda: launched.process.poll() is not None)
    assert launched.process.returncode == 0, launched.text()
    assert 'the end, after 40 frames' in launched.text()
    assert 'at 20.00 Hz' in launched.text()
    assert 'no result for frame' not in launched.text(), launched.text()
    # What is recorded is the overlay, which a frame has once it was processed.
    assert 'wrote 40 images' in launched.text()
    assert 'has died' not in launched.text(), launched.text()
    seen = cv2.VideoCapture(str(output))
    assert seen.get(cv2.CAP_PROP_FPS) == pytest.approx(25.0)
    count = 0
    while seen.read()[0]:
        count += 1
    assert count == 40


def test_upstreams_two_ends_show_a_video_with_its_objects(
    launch: Callable[..., Any], graph: Any, bikes_clip: Path, ssd_onnx: Path, tmp_path: Path
) -> None:
    output = tmp_path / 'annotated.mp4'
    launched = launch(
        'detectnet.launch.py', f'input:={bikes_clip}', 'input_loop:=-1', f'output:={output}'
    )
    detections = graph.inbox('/detectnet/detections', Detection2DArray)
    graph.wait_until('objects', lambda: any(m.detections for m in detections.messages))
    graph.wait_until('frames', lambda: output.exists())
    seen = len(detections)
    graph.wait_until('more of them', lambda: len(detections) > seen + 20)
    assert launched.stop() == 0
    capture = cv2.VideoCapture(str(output))
    assert capture.get(cv2.CAP_PROP_FRAME_WIDTH) == 640
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) > 10
    assert capture.read()[0]


def test_what_was_played_to_its_end_is_not_respawned(
    launch: Callable[..., Any], graph: Any, pictures: Path
) -> None:
    launched = launch('video_source.launch.py', f'input:={pictures}', 'respawn:=true')
    graph.wait_until('the end', lambda: launched.process.poll() is not None)
    assert launched.text().count('process started') == 1
    assert launched.process.returncode == 0
