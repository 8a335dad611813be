# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The launch files, run by a real launch service in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import yaml
from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_prefix,
    get_package_share_directory,
)
from launch import LaunchContext, LaunchDescription
from launch.actions import EmitEvent, IncludeLaunchDescription, LogInfo, RegisterEventHandler
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import Node
from rcl_interfaces.srv import GetParameters
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.launching.launch_arguments import PARAMS_FILE


@pytest.mark.rclpy
@pytest.mark.smoke
def test_detectnet_is_configured_and_activated_on_the_topic_that_is_asked_for(
    launch: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    chelsea: np.ndarray,
    ssd_onnx: Path,
    tmp_path: Path,
) -> None:
    params = tmp_path / 'mine.yaml'
    params.write_text('/**:\n  ros__parameters:\n    class_id: index\n    threshold: 0.9\n')
    launched = launch(
        'detectnet.launch.py',
        'image_topic:=/front/image_raw',
        'namespace:=robot',
        'threshold:=0.4',
        f'params_file:={params}',
    )
    detections = graph.inbox('/robot/detectnet/detections', Detection2DArray)
    publisher = graph.image_publisher('/front/image_raw')
    graph.wait_until('active', lambda: graph.state('robot/detectnet') == 'active')
    sent = make_image(chelsea)
    answer = graph.ask(publisher, sent, detections)
    assert [d.results[0].hypothesis.class_id for d in answer.detections] == ['16']
    assert answer.header == sent.header
    launched.stop()
    assert 'Traceback' not in launched.text(), launched.text()
    assert 'process has died' not in launched.text(), launched.text()


def test_without_autostart_the_node_waits(launch: Callable[..., Any], graph: Any) -> None:
    launched = launch('detectnet.launch.py', 'autostart:=false', 'name:=eyes')
    assert graph.state('eyes') == 'unconfigured', launched.text()


@pytest.mark.rclpy
def test_a_wrong_model_is_told_and_the_node_can_be_fixed(
    launch: Callable[..., Any], graph: Any, ssd_onnx: Path
) -> None:
    launched = launch('detectnet.launch.py', 'model:=no-such-model', 'autostart:=false')

    def told() -> bool:
        # launch hears of the transition only once it has discovered the node.
        assert not graph.transition('detectnet', 'configure')
        return 'stays unconfigured' in launched.text()

    graph.wait_until('the hint', told)
    assert "configure failed: no model 'no-such-model'" in launched.text()
    assert graph.set_parameters('detectnet', model='ssd-mobilenet-v2').successful
    assert graph.transition('detectnet', 'configure')


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        ('threshold:=9', 'error: parameter threshold'),
        ('threshold:=high', "launch argument threshold: expected a float, got 'high'"),
        ('model:=no-such-model', "configure failed: no model 'no-such-model'"),
    ],
)
def test_a_launch_ends_with_an_error_when_its_node_cannot_start(
    launch: Callable[..., Any], graph: Any, arguments: str, words: str
) -> None:
    launched = launch('detectnet.launch.py', arguments)
    graph.wait_until('its end', lambda: launched.process.poll() is not None)
    assert launched.process.returncode == 1
    assert words in launched.text()
    assert 'Traceback' not in launched.text(), launched.text()


def test_a_launch_of_several_nodes_ends_with_an_error_when_one_cannot_start(
    launch: Callable[..., Any], graph: Any
) -> None:
    launched = launch('vision.launch.py', 'nodes:=imagenet segnet', 'segnet_model:=no-such-model')
    graph.wait_until('its end', lambda: launched.process.poll() is not None)
    assert launched.process.returncode == 1
    assert "configure failed: no model 'no-such-model'" in launched.text()
    assert 'the process ends, because this node cannot start' in launched.text()
    assert 'vision ended with exit code 1' in launched.text()
    assert 'Traceback' not in launched.text(), launched.text()


@pytest.mark.rclpy
@pytest.mark.parametrize(
    ('file', 'arguments', 'words'),
    [
        (
            'detectnet',
            'threshold:=high',
            "launch argument threshold: expected a float, got 'high'",
        ),
        (
            'detectnet',
            'use_sim_time:=perhaps',
            'launch argument use_sim_time: expected true or false',
        ),
        (
            'detectnet',
            'cameras:=front,rear input:=clip.mp4',
            'cameras: input would have no effect',
        ),
        (
            'detectnet',
            'cameras:=front image_topic:=/a rviz:=true',
            'cameras: rviz, image_topic would have no',
        ),
        ('detectnet', 'output:=screen', "output: expected a file such as seen.mp4, got 'screen'"),
        (
            'vision',
            'nodes:=imagenet,posenet',
            "no node 'posenet'; known are detectnet, imagenet, segnet",
        ),
        ('segnet', 'rviz:=true', 'rviz2 is not installed; apt'),
    ],
)
def test_what_cannot_be_launched_is_an_error(file: str, arguments: str, words: str) -> None:
    with pytest.raises(PackageNotFoundError):
        get_package_prefix('rviz2')
    with pytest.raises(SettingsError, match=re.escape(words)):
        described(file, *arguments.split())


def described(file: str, *arguments: str) -> list[Any]:
    """Evaluate a launch file in this process, and return what it would start."""
    path = Path(get_package_share_directory('ros_deep_learning'), 'launch', f'{file}.launch.py')
    context = LaunchContext()
    context.launch_configurations.update(argument.split(':=', 1) for argument in arguments)
    description = PythonLaunchDescriptionSource(str(path)).get_launch_description(context)
    return list(visited(description, context))


def visited(entity: Any, context: LaunchContext) -> Iterator[Any]:
    """Visit an entity as launch does, and yield the nodes and messages that it leads to."""
    for found in entity.visit(context) or ():
        if isinstance(found, (Node, LogInfo)):
            yield found
        elif not isinstance(found, (RegisterEventHandler, EmitEvent)):
            yield from visited(found, context)


INCLUDING = """
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

def generate_launch_description():
    everyday = {'output': 'screen', 'name': 'robot', 'params_file': 'camera.yaml',
                'log_level': 'nonsense', 'device': '/dev/ttyUSB0', 'rviz': 'true'}
    return LaunchDescription([
        *[DeclareLaunchArgument(name, default_value=value) for name, value in everyday.items()],
        IncludeLaunchDescription(PythonLaunchDescriptionSource(FILE), launch_arguments=GIVEN),
    ])
"""


def test_the_arguments_of_an_including_file_stay_there(tmp_path: Path) -> None:
    ours = Path(get_package_share_directory('ros_deep_learning'), 'launch/detectnet.launch.py')
    path = tmp_path / 'robot.launch.py'
    path.write_text(f'FILE = {str(ours)!r}\nGIVEN = [("model", "mine.onnx")]\n{INCLUDING}')
    context = LaunchContext()
    include = IncludeLaunchDescription(PythonLaunchDescriptionSource(str(path)))
    # launch asks for the arguments first, without a context.
    LaunchDescription([include]).get_launch_arguments()
    told, node = visited(LaunchDescription([include]), context)
    assert isinstance(node, Node)
    (words,) = [each.text for each in told.msg]
    assert 'rviz, device, output of the including launch file have no effect' in words
    given = {'output', 'name', 'params_file', 'log_level', 'device', 'rviz', 'model'}
    assert set(context.launch_configurations) == given
    assert context.launch_configurations['output'] == 'screen'


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        (None, 'mine.yaml: No such file or directory'),
        ('a: [', 'mine.yaml is not YAML'),
        ('threshold: 0.4', 'no ros__parameters in it; expected /**: or detectnet:'),
        ('/**: {ros__parameters: 3}', 'no ros__parameters in it; expected /**: or detectnet:'),
        ('/**: {ros__parameters: {treshold: 1}}', "no parameter 'treshold'; did you mean thresh"),
        ('/detctnet: {ros__parameters: {}}', 'sections are for /detctnet; expected /**: or det'),
    ],
)
def test_a_parameter_file_that_is_of_no_use_is_an_error(
    tmp_path: Path, text: str | None, words: str
) -> None:
    file = tmp_path / 'mine.yaml'
    if text is not None:
        file.write_text(text)
    with pytest.raises(SettingsError, match=re.escape(words)):
        described('detectnet', f'params_file:={file}')


def test_a_parameter_file_of_the_whole_robot_is_taken(tmp_path: Path) -> None:
    file = tmp_path / 'mine.yaml'
    sections = {
        'camera': {'exposure': 3},
        'robot': {'eyes': {'ros__parameters': {'qos_overrides./a.subscription.depth': 2}}},
        '/**': {'ros__parameters': {'class_labels_path': '', 'use_sim_time': True}},
    }
    sections['camera'] = {'ros__parameters': sections['camera']}
    file.write_text(yaml.safe_dump(sections))
    assert len(described('detectnet', f'params_file:={file}', 'name:=eyes')) == 1


def test_a_parameter_file_below_the_home_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only a shell replaces the ~, and not behind := everywhere.
    monkeypatch.setenv('HOME', str(tmp_path))
    file = tmp_path / 'mine.yaml'
    file.write_text(yaml.safe_dump({'/**': {'ros__parameters': {'frame_id': 'eye'}}}))
    context = LaunchContext()
    context.launch_configurations['params_file'] = '~/mine.yaml'
    assert PARAMS_FILE.value(context) == str(file)


@pytest.mark.parametrize(
    'name',
    [
        'imagenet',
        *(pytest.param(name, marks=pytest.mark.slow) for name in ('detectnet', 'segnet')),
    ],
)
def test_a_vision_node_starts_with_no_argument_and_no_camera(
    launch: Callable[..., Any], graph: Any, ssd_onnx: Path, name: str
) -> None:
    launched = launch(f'{name}.launch.py')
    graph.wait_until('active', lambda: graph.state(name) == 'active')
    graph.image_publisher('/video_source/raw')
    assert launched.stop() == 0
    assert 'Traceback' not in launched.text(), launched.text()
    assert 'has died' not in launched.text(), launched.text()


@pytest.mark.slow
def test_all_nodes_start_with_no_argument_and_no_camera(
    launch: Callable[..., Any], graph: Any, ssd_onnx: Path
) -> None:
    launched = launch('vision.launch.py')
    for name in ('imagenet', 'detectnet', 'segnet'):
        graph.wait_until(f'{name} active', lambda name=name: graph.state(name) == 'active')
    assert launched.stop() == 0
    assert 'has died' not in launched.text(), launched.text()


def test_cameras_may_be_written_as_a_list(
    launch: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
) -> None:
    launch('segnet.launch.py', 'cameras:=[front, rear]')
    for stamp, camera in enumerate(('front', 'rear'), 1):
        overlay = graph.inbox(f'/segnet/{camera}/overlay', Image)
        publisher = graph.image_publisher(f'/segnet/{camera}/image_in')
        graph.ask(publisher, make_image(astronaut, stamp=stamp), overlay)


@pytest.mark.rclpy
@pytest.mark.parametrize('namespace', [pytest.param('', marks=pytest.mark.slow), 'robot'])
def test_arguments_of_all_nodes_win_over_a_dump(
    launch: Callable[..., Any], graph: Any, tmp_path: Path, namespace: str
) -> None:
    name = f'{namespace}/segnet'.strip('/')
    dump = {'model': 'none-such', 'backend': 'tensorrt', 'autostart': False, 'overlay_alpha': 7.0}
    path = tmp_path / 'dump.yaml'
    path.write_text(yaml.safe_dump({f'/{name}': {'ros__parameters': dump}}))
    launch(
        'vision.launch.py', 'nodes:=segnet', f'namespace:={namespace}', f'params_file:={path}',
        'segnet_model:=selfie', 'backend:=onnxruntime',
    )  # fmt: skip
    graph.wait_until('active', lambda: graph.state(name) == 'active')
    request = GetParameters.Request(names=['overlay_alpha', 'model'])
    alpha, model = graph.call(GetParameters, f'/{name}/get_parameters', request).values
    assert (alpha.double_value, model.string_value) == (7.0, 'selfie')


@pytest.mark.slow
def test_some_of_the_nodes_with_a_model_of_ones_own(
    launch: Callable[..., Any], graph: Any
) -> None:
    launched = launch(
        'vision.launch.py', 'nodes:=imagenet segnet', 'segnet_model:=duckietown-lanes'
    )
    for name in ('imagenet', 'segnet'):
        graph.wait_until(f'{name} active', lambda name=name: graph.state(name) == 'active')
    assert 'duckietown-lanes is run by onnxruntime' in launched.text()
    assert 'detectnet' not in graph.node.get_node_names()


@pytest.mark.rclpy
def test_the_parameter_file_may_ask_for_simulated_time(
    launch: Callable[..., Any], graph: Any, tmp_path: Path
) -> None:
    file = tmp_path / 'simulated.yaml'
    file.write_text('/**: {ros__parameters: {use_sim_time: true}}')
    launch('imagenet.launch.py', f'params_file:={file}', 'autostart:=false')
    request = GetParameters.Request(names=['use_sim_time'])
    (value,) = graph.call(GetParameters, '/imagenet/get_parameters', request).values
    assert value.bool_value


def test_two_robots_do_not_disturb_each_other(
    launch: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
) -> None:
    for robot in ('left', 'right'):
        launch('segnet.launch.py', f'namespace:={robot}')
    overlays = {r: graph.inbox(f'/{r}/segnet/overlay', Image) for r in ('left', 'right')}
    cameras = {r: graph.image_publisher(f'/{r}/video_source/raw') for r in overlays}
    for stamp, (robot, inbox) in enumerate(overlays.items(), 1):
        graph.ask(cameras[robot], make_image(astronaut, stamp=stamp), inbox)
    assert {m.header.stamp.sec for m in overlays['left'].messages} == {1}
    assert {m.header.stamp.sec for m in overlays['right'].messages} == {2}
    health = graph.statuses()
    names = {f'/{robot}/segnet: engine' for robot in overlays}
    graph.wait_until('a state of each', lambda: names <= set(health))
    assert all(name.startswith(('/left/segnet: ', '/right/segnet: ')) for name in health)
    shared = {'/clock', '/diagnostics', '/parameter_events', '/rosout'}
    for name, _ in graph.node.get_topic_names_and_types():
        assert name in shared or name.startswith(('/left/', '/right/')), name


# Last, because the graph keeps a process that was killed for twenty seconds.
@pytest.mark.parametrize(
    ('file', 'names'),
    [
        ('segnet.launch.py', ['segnet']),
        pytest.param('vision.launch.py', ['imagenet', 'segnet'], marks=pytest.mark.slow),
    ],
)
def test_a_killed_process_comes_back_active(
    launch: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
    file: str,
    names: list[str],
) -> None:
    chosen = [f'nodes:={" ".join(names)}'] if len(names) > 1 else []
    launched = launch(file, 'respawn:=true', 'image_topic:=/camera', *chosen)
    overlays = [graph.inbox(f'/{name}/overlay', Image) for name in names]
    publisher = graph.image_publisher('/camera')
    for stamp, inbox in enumerate(overlays, 1):
        graph.ask(publisher, make_image(astronaut, stamp=stamp), inbox)
    (first,) = psutil.Process(launched.process.pid).children()
    first.kill()
    for stamp, inbox in enumerate(overlays, 11):
        graph.ask(publisher, make_image(astronaut, stamp=stamp), inbox)
    (second,) = psutil.Process(launched.process.pid).children()
    assert second.pid != first.pid
    assert launched.stop() == 0
    assert 'Traceback' not in launched.text(), launched.text()
