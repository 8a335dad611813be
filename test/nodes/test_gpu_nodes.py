# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The nodes as real processes in a real graph, with TensorRT on a real GPU."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification, Detection2DArray

from ros_deep_learning.engines.tensorrt.backend import TensorRtBackend
from ros_deep_learning.networks import DetectNet, ImageNet, SegNet

pytestmark = pytest.mark.gpu
BUILD_S = 500.0
TENSORRT = ('-p', 'backend:=tensorrt', '-p', 'optimization_level:=1')
AUTOSTART = ('-p', 'autostart:=true')
IMAGE_TOPIC = '/camera/image'
CYCLES, WARM_UP = 30, 5
FLAT_BYTES = 8 << 20
# Of fp16 against float32, on real pictures; test_gpu_numerics.py has the same.
SCORES_OFF = 0.02
SAME_PIXELS = 0.99


@pytest.fixture(autouse=True)
def _has_gpu() -> None:
    reason = TensorRtBackend().unavailable_reason()
    if reason is not None:
        pytest.skip(reason)


def engine_status(statuses: dict[str, Any], node: str) -> dict[str, str]:
    status = statuses[f'{node}: engine']
    return {'summary': status.message, **{v.key: v.value for v in status.values}}


def test_three_nodes_of_one_process_answer_as_the_cpu_does(
    start: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
) -> None:
    remap = ('-r', f'~/image_in:={IMAGE_TOPIC}')
    statuses = graph.statuses()
    vision = start('vision', '--ros-args', *TENSORRT, *AUTOSTART, *remap)
    for name in ('detectnet', 'imagenet', 'segnet'):
        active = lambda name=name: graph.state(name) == 'active'  # noqa: E731
        graph.wait_until(f'{name} active', active, BUILD_S)
    boxes = graph.inbox('/detectnet/detections', Detection2DArray)
    classes = graph.inbox('/imagenet/classification', Classification)
    masks = graph.inbox('/segnet/class_mask', Image)
    publisher = graph.image_publisher(IMAGE_TOPIC)
    sent = make_image(astronaut)
    found, seen, mask = (graph.ask(publisher, sent, inbox) for inbox in (boxes, classes, masks))
    assert found.header == seen.header == mask.header == sent.header

    with DetectNet('ssd-mobilenet-v2', backend='onnxruntime') as net:
        objects = net.detect(astronaut)
        best = objects.scores.argmax()
        label = net.labels[objects.class_ids[best]]
    top = max(found.detections, key=lambda d: d.results[0].hypothesis.score)
    assert top.results[0].hypothesis.class_id == label == 'person'
    assert abs(top.results[0].hypothesis.score - objects.scores[best]) <= SCORES_OFF
    center, box = top.bbox.center.position, objects.boxes_xyxy[best]
    got = (center.x, center.y, top.bbox.size_x, top.bbox.size_y)
    np.testing.assert_allclose(got, [*(box[:2] + box[2:]) / 2, *box[2:] - box[:2]], atol=3)
    with ImageNet('efficientnet-lite0', backend='onnxruntime') as net:
        classified = net.classify(astronaut)
        assert seen.results[0].class_id == net.labels[classified.class_ids[0]]
    assert abs(seen.results[0].score - classified.scores[0]) <= SCORES_OFF
    with SegNet('selfie', backend='onnxruntime') as net:
        wanted = net.segment(astronaut).class_mask
    same = np.frombuffer(mask.data, np.uint8).reshape(mask.height, mask.width) == wanted
    assert same.mean() >= SAME_PIXELS

    for name in ('detectnet', 'imagenet', 'segnet'):
        told = engine_status(statuses, name)
        assert told['backend'].startswith('tensorrt')
        assert told['precision'] == 'fp16'
        device = statuses[f'{name}: device']
        print(name, told, device.message, [(v.key, v.value) for v in device.values])
        assert device.message == told['device']
        assert {v.key for v in device.values} == {'memory', 'temperature', 'load'}
    assert vision.stop() == 0
    assert 'Traceback' not in vision.text()
    assert 'context stack was not empty' not in vision.text()


def test_a_build_is_told_while_the_node_answers_and_can_be_interrupted(
    start: Callable[..., Any],
    graph: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path))
    statuses = graph.statuses()
    segnet = start('segnet', '--ros-args', *TENSORRT, *AUTOSTART)

    def building() -> bool:
        name = 'segnet: engine'
        return name in statuses and 'building mp_selfie_256.onnx' in statuses[name].message

    graph.wait_until('the build in diagnostics', building)
    process = psutil.Process(segnet.process.pid)
    children = process.children()
    assert children
    assert graph.state('segnet') == 'configuring'
    assert segnet.stop() == 0
    assert 'building mp_selfie_256.onnx' in segnet.text()
    assert 'Traceback' not in segnet.text()
    _, alive = psutil.wait_procs(children, 10)
    assert not alive
    assert [p.suffix for p in (tmp_path / 'engines').iterdir()] == ['.lock']


def test_lives_of_a_node_leave_the_memory_of_gpu_and_host_flat(
    start: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pycuda import driver

    from ros_deep_learning.engines.tensorrt.runtime.cuda import gpu_context

    # As in test_lifecycle_cycles.py.
    monkeypatch.setenv('MALLOC_ARENA_MAX', '1')
    monkeypatch.setenv('MALLOC_MMAP_THRESHOLD_', '131072')
    segnet = start('segnet', '--ros-args', *TENSORRT, *AUTOSTART)
    graph.wait_until('active', lambda: graph.state('segnet') == 'active', BUILD_S)
    process = psutil.Process(segnet.process.pid)
    masks = graph.inbox('/segnet/class_mask', Image)
    publisher = graph.node.create_publisher(Image, '/segnet/image_in', 1)
    seen: list[tuple[int, int, int, int]] = []
    for cycle in range(CYCLES):
        graph.wait_until('matched', lambda: publisher.get_subscription_count() == 1)
        graph.ask(publisher, make_image(astronaut, stamp=cycle + 1), masks)
        assert graph.transition('segnet', 'deactivate')
        assert graph.transition('segnet', 'cleanup')
        with gpu_context(0).current():
            free = driver.mem_get_info()[0]
        seen.append((free, process.memory_info().rss, process.num_threads(), process.num_fds()))
        assert graph.transition('segnet', 'configure'), segnet.text()
        assert graph.transition('segnet', 'activate')
    print(seen[0], seen[WARM_UP], seen[-1])
    before, after = seen[WARM_UP], seen[-1]
    assert before[0] - after[0] <= FLAT_BYTES
    assert after[1] - before[1] < 15 * 2**20, [rss >> 20 for _, rss, _, _ in seen]
    assert after[2] <= before[2]
    assert after[3] <= before[3] + 2
    assert segnet.stop() == 0
    assert 'Traceback' not in segnet.text()
