# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameters as users meet them: described, dumped to a file, and changed by the hundred."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import DescribeParameters, ListParameters
from rclpy.parameter import Parameter, parameter_value_to_python
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.imagenet import ImageNetNode
from ros_deep_learning.nodes.parameters.parameter_table import (
    ParameterTable,
    rule_of,
)
from ros_deep_learning.nodes.segnet import SegNetNode

LABELS = Path(__file__).parents[2] / 'models' / 'labels'
NODES = {node.default_name: node for node in (DetectNetNode, ImageNetNode, SegNetNode)}


def dumped(node: str) -> dict[str, Any]:
    """Return what the real `ros2 param dump` prints of a running node."""
    ros2 = shutil.which('ros2')
    assert ros2 is not None, 'the tests need the ros2 program'
    command = [ros2, 'param', 'dump', f'/{node}', '--no-daemon']
    options = subprocess.run([*command[:3], '--help'], capture_output=True, text=True, check=True)
    # By itself it waits for the node for a second or less.
    command += ['--timeout', '30'] if '--timeout' in options.stdout else ['--spin-time', '5']
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    parameters: dict[str, Any] = yaml.safe_load(done.stdout)[f'/{node}']['ros__parameters']
    return parameters


@pytest.mark.rclpy
@pytest.mark.parametrize('node', list(NODES))
def test_every_parameter_says_what_it_is_and_may_be(
    spinning: Callable[..., Any], graph: Any, node: str
) -> None:
    spinning(NODES[node])
    listed = graph.call(ListParameters, f'/{node}/list_parameters', ListParameters.Request())
    table = ParameterTable(NODES[node].settings_type)
    assert set(table.fields) <= set(listed.result.names)
    request = DescribeParameters.Request(names=list(table.fields))
    described = graph.call(DescribeParameters, f'/{node}/describe_parameters', request)
    assert len(described.descriptors) == len(table.fields)
    for descriptor in described.descriptors:
        rule = rule_of(table.fields[descriptor.name])
        assert descriptor.description == rule.description != ''
        assert descriptor.read_only == rule.read_only
        numbers = (ParameterType.PARAMETER_INTEGER, ParameterType.PARAMETER_DOUBLE)
        assert descriptor.dynamic_typing == (rule.names or descriptor.type in numbers)
        if descriptor.type == ParameterType.PARAMETER_DOUBLE:
            assert len(descriptor.floating_point_range) == 1
        if descriptor.type == ParameterType.PARAMETER_INTEGER:
            assert len(descriptor.integer_range) == 1
        for choice in rule.choices:
            assert choice in descriptor.additional_constraints


def test_a_dump_starts_an_equal_node(
    start: Callable[..., Any],
    graph: Any,
    tmp_path: Path,
    ssd_onnx: Path,
) -> None:
    first = start(
        'detectnet',
        '--ros-args', '-p', 'threshold:=0.25', '-p', 'classes:=cat,dog', '-p', 'max_batch:=2',
        '-p', 'model_name:=ssd-mobilenet-v2', '-p', 'region:=0.1,0.0,0.9,1.0',
        '-p', 'qos_overrides./detectnet/detections.publisher.depth:=9',
    )  # fmt: skip
    assert graph.transition('detectnet', 'configure'), first.text()
    assert graph.set_parameters('detectnet', sort='area', min_width=12.0).successful
    assert graph.transition('detectnet', 'activate'), first.text()
    parameters = graph.parameters('detectnet')
    wanted = dumped('detectnet')
    assert wanted['threshold'] == 0.25
    assert wanted['sort'] == 'area'
    assert wanted['model'] == 'ssd-mobilenet-v2'
    overrides = wanted['qos_overrides']['/detectnet/detections']['publisher']
    assert overrides['depth'] == 9
    assert first.stop() == 0

    file = tmp_path / 'dump.yaml'
    file.write_text(yaml.safe_dump({'/detectnet': {'ros__parameters': wanted}}))
    second = start('detectnet', '--ros-args', '--params-file', str(file))
    assert graph.transition('detectnet', 'configure'), second.text()
    assert graph.transition('detectnet', 'activate'), second.text()
    assert graph.parameters('detectnet') == parameters
    assert 'old name' not in second.text()


@pytest.mark.rclpy
def test_paths_are_absolute_so_that_a_dump_is_valid_in_every_folder(
    spinning: Callable[..., Any], graph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'nets').mkdir()
    node = spinning(
        SegNetNode, '-p', 'model_path:=nets/road.onnx', '-p', 'class_labels_path:=road.txt',
        '-p', 'model_folders:=[nets, /opt/nets]', '-p', "class_colors_path:=''",
    )  # fmt: skip

    def value(name: str) -> Any:
        return parameter_value_to_python(graph.parameters('segnet')[name])

    assert value('model') == node.settings.model == f'{tmp_path}/nets/road.onnx'
    assert value('class_labels_path') == f'{tmp_path}/road.txt'
    assert value('model_folders') == f'{tmp_path}/nets,/opt/nets'
    assert value('class_colors_path') == value('prototxt_path') == ''
    assert graph.set_parameters('segnet', model='nets/other.yaml').successful
    assert value('model') == node.settings.model == f'{tmp_path}/nets/other.yaml'
    node.set_parameters([Parameter('model', value='nets/third.yaml')])
    assert value('model') == node.settings.model == f'{tmp_path}/nets/third.yaml'
    assert graph.set_parameters('segnet', model='nets/road.onnx').successful
    assert graph.set_parameters('segnet', model='selfie').successful
    assert value('model') == 'selfie'
    refused = graph.set_parameters('segnet', class_labels_path='/etc/hostname')
    assert 'it can only name files below' in refused.reason


@pytest.mark.rclpy
def test_values_that_people_write_are_taken_and_the_last_one_wins(
    start: Callable[..., Any], graph: Any, tmp_path: Path
) -> None:
    first, second = tmp_path / 'first.yaml', tmp_path / 'second.yaml'
    first.write_text(
        '/**: {ros__parameters: {cameras: "", classes: "", threshold: 0.5, model: net}}'
    )
    second.write_text(
        'detectnet: {ros__parameters: {cameras: [front, rear], classes: [person], '
        'threshold: "0.9", max_detections: 7.0, region: [0, 0, 0.5, 1]}}'
    )
    files = [part for file in (first, second) for part in ('--params-file', str(file))]
    values = ['-p', 'max_rate_hz:=15', '-p', 'model:=1e5', '-p', 'min_width:=1e1']
    start('detectnet', '--ros-args', *files, *values)
    found = {
        name: parameter_value_to_python(value)
        for name, value in graph.parameters('detectnet').items()
    }
    expected = {
        'cameras': 'front,rear',
        'classes': 'person',
        'threshold': 0.9,
        'max_detections': 7,
        'region': '0,0,0.5,1',
        'max_rate_hz': 15.0,
        'model': '1e5',
        'min_width': 10.0,
    }
    assert {name: found[name] for name in expected} == expected
    changes = {'max_rate_hz': 20, 'classes': ['cat', 'dog'], 'max_detections': 5.0}
    for name, value in changes.items():
        answer = graph.set_parameters('detectnet', **{name: value})
        assert answer.successful, answer.reason
    refused = graph.set_parameters('detectnet', max_rate_hz='fast')
    assert not refused.successful
    assert 'max_rate_hz' in refused.reason


@pytest.mark.rclpy
def test_what_never_changes_is_refused(spinning: Callable[..., Any], graph: Any) -> None:
    spinning(ImageNetNode)
    answer = graph.set_parameters('imagenet', autostart=True)
    assert not answer.successful
    assert 'autostart' in answer.reason
    assert graph.set_parameters('imagenet', max_batch=4, cuda_graph=False).successful


def test_a_storm_of_changes_is_taken_whole_and_costs_no_frame_its_header(
    start: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    chelsea: np.ndarray,
    ssd_onnx: Path,
) -> None:
    program = start('detectnet')
    assert graph.transition('detectnet', 'configure'), program.text()
    assert graph.transition('detectnet', 'activate'), program.text()
    detections = graph.inbox('/detectnet/detections', Detection2DArray, 1000)
    publisher = graph.image_publisher('/detectnet/image_in')
    stop = threading.Event()
    sent: list[int] = []

    def camera() -> None:
        while not stop.wait(0.02):
            sent.append(len(sent) + 1)
            publisher.publish(make_image(chelsea, stamp=sent[-1]))

    # The cat by its number, or no dog: a mixture would show the cat by its name.
    pair = (
        {'class_id': 'index', 'classes': 'cat', 'overlay_alpha': 10.0},
        {'class_id': 'label', 'classes': 'dog', 'overlay_alpha': 20.0},
    )
    assert graph.set_parameters('detectnet', **pair[1]).successful
    cat = str((LABELS / 'coco90.txt').read_text().splitlines().index('cat'))
    shows = threading.Thread(target=camera)
    shows.start()
    try:
        graph.wait_until('the first result', lambda: len(detections))
        answers = []
        for k in range(150):
            good = graph.set_parameters('detectnet', **pair[k % 2])
            bad = graph.set_parameters('detectnet', threshold=0.1 + k / 1000, min_width=-1.0)
            answers.append((good.successful, bad.successful, 'min_width' in bad.reason))
    finally:
        stop.set()
        shows.join()
    assert answers == [(True, False, True)] * 150
    seen = [message.header.stamp.sec for message in detections.messages]
    assert seen == sorted(set(seen))
    assert set(seen) <= set(sent)
    names = [
        [d.results[0].hypothesis.class_id for d in message.detections]
        for message in detections.messages
    ]
    assert {tuple(each) for each in names} == {(), (cat,)}
    now = graph.parameters('detectnet')
    assert (now['threshold'].double_value, now['min_width'].double_value) == (0.5, 0.0)
    assert (now['class_id'].string_value, now['classes'].string_value) == ('label', 'dog')
    assert 'Traceback' not in program.text()
