# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The three nodes in one process on one camera topic, with three real networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from rcl_interfaces.srv import GetParameters
from rclpy.parameter import parameter_value_to_python
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification, Detection2DArray

NODES = ('detectnet', 'imagenet', 'segnet')
TOPICS = {
    'detectnet/detections': Detection2DArray,
    'imagenet/classification': Classification,
    'segnet/class_mask': Image,
}


def ask_all(graph: Any, publisher: Any, image: Image, inboxes: dict[str, Any]) -> dict[str, Any]:
    """Show one image until each node has answered it."""
    return {topic: graph.ask(publisher, image, inbox) for topic, inbox in inboxes.items()}


@pytest.mark.rclpy
@pytest.mark.smoke
def test_three_results_with_the_header_of_one_image(
    start: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    chelsea: np.ndarray,
    astronaut: np.ndarray,
    ssd_onnx: Path,
) -> None:
    program = start(
        'vision', '--ros-args', '-p', 'autostart:=true', '-r', '~/image_in:=/camera',
        '-p', 'imagenet:top_k:=1', '-p', 'detectnet:threshold:=0.6',
    )  # fmt: skip
    inboxes = {topic: graph.inbox(f'/{topic}', kind) for topic, kind in TOPICS.items()}
    for name in NODES:
        graph.wait_until(f'{name} active', lambda name=name: graph.state(name) == 'active')
    publisher = graph.node.create_publisher(Image, '/camera', 10)
    # The three share one subscription, and so one message and one decode.
    graph.wait_until('the subscriber', lambda: publisher.get_subscription_count() == 1)
    for topic in TOPICS:
        graph.wait_until(topic, lambda t=topic: graph.node.count_publishers(f'/{t}') == 1)
    cat = make_image(chelsea, stamp=1)
    # Once, so that three results are those of one and the same message.
    publisher.publish(cat)
    graph.wait_until('three results', lambda: all(len(inbox) for inbox in inboxes.values()))
    got = {topic: inbox.messages[0] for topic, inbox in inboxes.items()}
    assert all(message.header == cat.header for message in got.values())
    (animal,) = got['detectnet/detections'].detections
    assert animal.results[0].hypothesis.class_id == 'cat'
    (breed,) = got['imagenet/classification'].results
    assert breed.class_id in {'tiger cat', 'Egyptian cat', 'tabby, tabby cat'}
    assert got['segnet/class_mask'].width == 451
    woman = make_image(astronaut, stamp=2)
    got = ask_all(graph, publisher, woman, inboxes)
    assert all(message.header == woman.header for message in got.values())
    names = [d.results[0].hypothesis.class_id for d in got['detectnet/detections'].detections]
    assert 'person' in names
    mask = np.frombuffer(got['segnet/class_mask'].data, np.uint8)
    assert 0.4 < (mask == 1).mean() < 0.65
    assert program.stop() == 0
    assert 'Traceback' not in program.text()


def test_one_node_may_fail_and_the_others_go_on(
    start: Callable[..., Any], graph: Any, make_image: Callable[..., Image], chelsea: np.ndarray
) -> None:
    program = start(
        'vision', '--ros-args', '-p', 'autostart:=true', '-p', 'detectnet:model:=nonsense',
        '-r', '~/image_in:=/camera',
    )  # fmt: skip
    classes = graph.inbox('/imagenet/classification', Classification)
    for name in ('imagenet', 'segnet'):
        graph.wait_until(f'{name} active', lambda name=name: graph.state(name) == 'active')
    assert graph.state('detectnet') == 'unconfigured'
    assert "no model 'nonsense'" in program.text()
    assert 'then: ros2 lifecycle set /detectnet configure' in program.text()
    publisher = graph.image_publisher('/camera')
    best = graph.ask(publisher, make_image(chelsea), classes).results[0]
    assert best.class_id == 'tiger cat'
    assert program.stop() == 0


@pytest.mark.rclpy
def test_the_launch_file_starts_one_process_with_parameters_by_node(
    launch: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
    ssd_onnx: Path,
    tmp_path: Path,
) -> None:
    params = tmp_path / 'mine.yaml'
    params.write_text(
        '/**/imagenet:\n  ros__parameters:\n    top_k: 2\n'
        '/**/segnet:\n  ros__parameters:\n    mask_resolution: grid\n'
    )
    launched = launch(
        'vision.launch.py',
        'image_topic:=/front/image_raw',
        'namespace:=robot',
        f'params_file:={params}',
    )
    inboxes = {topic: graph.inbox(f'/robot/{topic}', kind) for topic, kind in TOPICS.items()}
    for name in NODES:
        name = f'robot/{name}'
        graph.wait_until(f'{name} active', lambda name=name: graph.state(name) == 'active')
    (process,) = psutil.Process(launched.process.pid).children()
    assert process.num_threads() > 3
    publisher = graph.image_publisher('/front/image_raw')
    got = ask_all(graph, publisher, make_image(astronaut), inboxes)
    assert len(got['imagenet/classification'].results) == 2
    assert got['segnet/class_mask'].width == 256
    assert len(got['detectnet/detections'].detections) >= 1


def test_without_autostart_the_nodes_wait(launch: Callable[..., Any], graph: Any) -> None:
    launch('vision.launch.py', 'autostart:=false')
    for name in NODES:
        assert graph.state(name) == 'unconfigured'


@pytest.mark.parametrize(
    ('name', 'old', 'new'),
    [
        (
            'detectnet',
            ('model_name:=SSD-Mobilenet-v2', 'threshold:=0.3', 'output_cvg:=scores',
             'overlay_flags:=box,labels,conf'),
            {'model': 'SSD-Mobilenet-v2', 'threshold': 0.3},
        ),
        pytest.param(
            'imagenet',
            ('model_name:=EfficientNet-Lite0', 'input_blob:=images', 'top_k:=2',
             'output_blob:=logits'),
            {'model': 'EfficientNet-Lite0', 'top_k': 2},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            'segnet',
            ('model_name:=mp-selfie', 'mask_filter:=point', 'overlay_alpha:=180.0',
             'output_blob:=', 'prototxt_path:='),
            {'model': 'mp-selfie', 'mask_filter': 'point'},
            marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_launch_files_take_the_arguments_of_upstream(
    launch: Callable[..., Any],
    graph: Any,
    ssd_onnx: Path,
    name: str,
    old: tuple[str, ...],
    new: dict[str, Any],
) -> None:
    launch(f'{name}.launch.py', *old)
    graph.wait_until('active', lambda: graph.state(name) == 'active')
    request = GetParameters.Request(names=list(new))
    values = graph.call(GetParameters, f'/{name}/get_parameters', request).values
    assert [parameter_value_to_python(value) for value in values] == list(new.values())
