# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.conditions import IfCondition
from launch.events import matches_action
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue
from lifecycle_msgs.msg import Transition

from ..errors import SettingsError
from .large_images import large_images_environment

COMMON_ARGUMENTS = (
    ('name', '', "Name of the node; empty takes the program's own."),
    ('namespace', '', 'Namespace of the node.'),
    ('image_topic', '/video_source/raw', 'The camera topic to subscribe to (sensor_msgs/Image).'),
    ('params_file', '', 'YAML file of parameters; the other arguments win over it.'),
    ('use_sim_time', 'false', 'Whether to take the time from /clock.'),
    ('log_level', 'info', 'debug, info, warn, error or fatal.'),
    ('autostart', 'true', 'Whether to configure and activate the node at once.'),
    ('large_images', 'false', 'Whether Fast DDS gets room for large images; docs/transport.md.'),
)


def vision_launch(
    executable: str, default_params_file: str, parameters: Iterable[tuple[str, type, str]]
) -> LaunchDescription:
    """Describe the launch of one vision node.

    Args:
        executable: Program of the node, and its default name.
        default_params_file: Parameter file that is always read first.
        parameters: Name, type and description of each parameter that is a launch argument; an
            argument left empty keeps what the parameter files or the node's default say.
    """
    parameters = tuple(parameters)
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, default, text in COMMON_ARGUMENTS
    ]
    arguments += [
        DeclareLaunchArgument(name, default_value='', description=text)
        for name, _, text in parameters
    ]

    def start(context: Any) -> Sequence[Any]:
        def given(name: str) -> str:
            return str(LaunchConfiguration(name).perform(context)).strip()

        files = [default_params_file, *filter(None, [given('params_file')])]
        overrides = {
            name: _typed(name, kind, given(name)) for name, kind, _ in parameters if given(name)
        }
        overrides['use_sim_time'] = _typed('use_sim_time', bool, given('use_sim_time'))
        large_images = _typed('large_images', bool, given('large_images'))
        node = LifecycleNode(
            package='ros_deep_learning',
            executable=executable,
            name=given('name') or executable,
            namespace=given('namespace'),
            parameters=[*(ParameterFile(path) for path in files), overrides],
            remappings=[('~/image_in', given('image_topic'))],
            ros_arguments=['--log-level', given('log_level')],
            additional_env=large_images_environment() if large_images else {},
            output='screen',
            emulate_tty=True,
        )
        return [*autostart(node), node]

    return LaunchDescription([*arguments, OpaqueFunction(function=start)])


def _typed(name: str, kind: type, text: str) -> Any:
    if kind is bool:
        if text.lower() not in ('true', 'false'):
            msg = f'launch argument {name} wants true or false, not {text!r}'
            raise SettingsError(msg)
        return text.lower() == 'true'
    try:
        return ParameterValue(kind(text), value_type=kind)
    except ValueError as err:
        msg = f'launch argument {name} wants a {kind.__name__}, not {text!r}'
        raise SettingsError(msg) from err


def autostart(node: LifecycleNode) -> list[Any]:
    """Configure a node once it runs, and activate it once it is configured."""

    def change(transition_id: int) -> EmitEvent:
        event = ChangeState(
            lifecycle_node_matcher=matches_action(node), transition_id=transition_id
        )
        return EmitEvent(event=event)

    wanted = IfCondition(LaunchConfiguration('autostart'))
    activate = OnStateTransition(
        target_lifecycle_node=node,
        start_state='configuring',
        goal_state='inactive',
        entities=[change(Transition.TRANSITION_ACTIVATE)],
    )
    hint = LogInfo(msg='the node stays unconfigured; mend the error above and configure it again')
    failed = [
        OnStateTransition(
            target_lifecycle_node=node,
            start_state=start_state,
            goal_state='unconfigured',
            entities=[hint],
        )
        for start_state in ('configuring', 'errorprocessing')
    ]
    return [
        RegisterEventHandler(activate, condition=wanted),
        *(RegisterEventHandler(handler, condition=wanted) for handler in failed),
        EmitEvent(event=change(Transition.TRANSITION_CONFIGURE).event, condition=wanted),
    ]
