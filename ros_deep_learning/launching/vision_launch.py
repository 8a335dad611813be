# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The launches of the vision nodes; each launch file is one of them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import yaml
from launch import LaunchDescription
from launch.actions import EmitEvent, RegisterEventHandler
from launch.events import matches_action
from launch_ros.actions import LifecycleNode, Node
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from lifecycle_msgs.msg import Transition

from ..errors import SettingsError
from ..nodes.parameters.input_settings import InputSettings
from ..nodes.parameters.vision_settings import MODEL_TEXT
from . import launch_parts as parts
from .endings import on_failed_start, with_endings
from .launch_arguments import (
    AUTOSTART,
    EXIT_ON_FAILED_START,
    IMAGE_TOPIC,
    NAME,
    PARAMS_FILE,
    PROCESS_ARGUMENTS,
    RVIZ,
    Argument,
    described,
    given_parameters,
    parameter_arguments,
    plain_parameters,
)
from .params_file import check_params_file

INPUT_IN_NODE = Argument(
    'input_in_node',
    'false',
    'Whether the node itself reads input, if that has no end, in place of a video_source: the '
    'images take no detour through the middleware.',
    bool,
)
_OWN_INPUT = frozenset(field.name for field in fields(InputSettings))
COMMON_ARGUMENTS = (*PROCESS_ARGUMENTS, PARAMS_FILE, AUTOSTART, IMAGE_TOPIC, RVIZ)


def vision_launch(executable: str, settings_type: type[Any]) -> LaunchDescription:
    """Return the launch of one vision node, with a source and an output if these are given.

    Args:
        executable: Program of the node, and its default name.
        settings_type: The dataclass of its parameters, each of which is a launch argument.
    """
    # Those of the node's own input have the names of a video_source's.
    own = tuple(a for a in parameter_arguments(settings_type) if a.name in _OWN_INPUT)
    parameters = tuple(a for a in parameter_arguments(settings_type) if a not in own)
    videos = (*parts.INPUT_ARGUMENTS, *parts.OUTPUT_ARGUMENTS)
    arguments = (NAME, *COMMON_ARGUMENTS, *parameters, *videos, INPUT_IN_NODE)

    def start(given: Mapping[str, Any]) -> Sequence[Any]:
        _want_one_camera(given)
        name = given['name'] or executable
        inside = _reads_itself(given)
        _check_params(given, {name: settings_type})
        values = {
            **given_parameters((*PROCESS_ARGUMENTS, *parameters, *(own if inside else ())), given),
            # An event could get lost if the process was killed; see autostart.
            'autostart': given['autostart'] and given['respawn'],
            **_no_limit(given),
        }
        node = LifecycleNode(
            **parts.process(executable, given),
            name=name,
            parameters=[*_files(executable, given), values],
            remappings=[('~/image_raw' if inside else '~/image_in', given['image_topic'])],
        )
        events = given['autostart'] and not given['respawn']
        return [
            *on_failed_start(node, name, ends_launch=events, plays_file=parts.plays_once(given)),
            *(autostart(node) if events else []),
            *with_endings(node, name, respawn=given['respawn']),
            *_around({executable: name}, executable, given, [name], inside=inside),
        ]

    return described(arguments, start)


def composed_launch(types: Mapping[str, type[Any]]) -> LaunchDescription:
    """Return the launch of several vision nodes in one process on one camera topic.

    Args:
        types: The nodes of the program ``vision``, all of which start by default, and the
            dataclass of the parameters of each.
    """
    names = tuple(types)
    models = tuple(Argument(f'{name}_model', '', MODEL_TEXT, str, 'model') for name in names)
    shared = (
        Argument('nodes', ' '.join(names), 'Which nodes to start, separated by spaces.'),
        Argument(
            'backend',
            '',
            'auto, tensorrt, onnxruntime or remote, for all of them.',
            str,
            'backend',
        ),
        Argument(
            'remote_url',
            '',
            'Address of an inference server that runs the networks, as grpc://host:8001.',
            str,
            'remote_url',
        ),
        Argument('precision', '', 'auto, fp32, fp16 or int8, for all of them.', str, 'precision'),
        Argument(
            'image_transport',
            '',
            'auto, raw, compressed, ffmpeg or foxglove, for all of them.',
            str,
            'image_transport',
        ),
    )
    arguments = (*COMMON_ARGUMENTS, *shared, *models, *parts.INPUT_ARGUMENTS)

    def start(given: Mapping[str, Any]) -> Sequence[Any]:
        chosen = given['nodes'].replace(',', ' ').split()
        if unknown := [name for name in chosen if name not in names]:
            msg = f'launch argument nodes: no node {unknown[0]!r}; known are {", ".join(names)}'
            raise SettingsError(msg)
        _check_params(given, {name: types[name] for name in chosen or names})
        common = {
            **plain_parameters((*PROCESS_ARGUMENTS, *shared), given),
            **_no_limit(given),
            'autostart': given['autostart'],
            # A node that fails would be started again and again.
            EXIT_ON_FAILED_START: given['autostart'] and not given['respawn'],
        }
        values = {
            name: {**common, **plain_parameters([model], given)}
            for name, model in zip(names, models, strict=True)
            if name in chosen
        }
        # No name: it would become that of each of the nodes.
        node = Node(
            **parts.process('vision', given),
            arguments=chosen,
            parameters=[*_files('vision', given), _values_file(values, given['namespace'] or '')],
            remappings=[('~/image_in', given['image_topic'])],
        )
        started = with_endings(node, 'vision', respawn=given['respawn'])
        return [*started, *_around({name: name for name in names}, 'vision', given, chosen)]

    return described(arguments, start)


def _want_one_camera(given: Mapping[str, Any]) -> None:
    others = [name for name in ('input', 'output', 'rviz') if given[name]]
    if given['image_topic'] != IMAGE_TOPIC.default:
        others.append(IMAGE_TOPIC.name)
    if given['cameras'] and others:
        msg = (
            f'launch argument cameras: {", ".join(others)} would have no effect with it, since '
            'each camera has its own topics; start sources and outputs separately, and remap those'
        )
        raise SettingsError(msg)


def _reads_itself(given: Mapping[str, Any]) -> bool:
    """Return whether the node reads ``input`` itself.

    Raises:
        SettingsError: It cannot.
    """
    if not given[INPUT_IN_NODE.name]:
        return False
    if not given['input'] or parts.plays_once(given):
        msg = (
            f'launch argument {INPUT_IN_NODE.name}: expected an input without an end, such as '
            f'/dev/video0, got {given["input"]!r}; to fix: leave it out, and a video_source plays '
            'the file'
        )
        raise SettingsError(msg)
    ignored = [
        a.name
        for a in parts.INPUT_ARGUMENTS
        if given[a.name] is not None and a.name not in _OWN_INPUT
    ]
    if ignored:
        msg = (
            f'launch argument {INPUT_IN_NODE.name}: {", ".join(ignored)} would have no effect '
            'with it; to fix: leave one of them out'
        )
        raise SettingsError(msg)
    return True


def _check_params(given: Mapping[str, Any], nodes: Mapping[str, type[Any]]) -> None:
    if given['params_file']:
        videos = {
            node: parts.VIDEO_NODES[node]
            for argument, node in (('input', 'video_source'), ('output', 'video_output'))
            if given.get(argument)
        }
        check_params_file(given['params_file'], {**nodes, **videos})


def _no_limit(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with which a node takes every frame of a file."""
    return {'max_rate_hz': 0.0} if parts.plays_once(given) else {}


def _files(config: str, given: Mapping[str, Any]) -> list[str]:
    return [parts.share_file('config', f'{config}.yaml'), *filter(None, [given['params_file']])]


def _values_file(values: Mapping[str, Mapping[str, Any]], namespace: str) -> str:
    """Write the parameters of single nodes to a parameter file, as launch_ros does for one node.

    A key that is also in an earlier file keeps its position there, before those of
    ``params_file``, which may be full names. A launch that is included in a namespace does not
    know its full names, so both forms are written.
    """
    parents = ('/**', f'/{namespace.strip("/")}'.rstrip('/'))
    parameters = {
        f'{parent}/{name}': {'ros__parameters': dict(own)}
        for parent in parents
        for name, own in values.items()
    }
    with tempfile.NamedTemporaryFile('w', prefix='launch_params_', delete=False) as file:
        yaml.safe_dump(parameters, file, sort_keys=False)
    return file.name


def _around(
    names: Mapping[str, str],
    config: str,
    given: Mapping[str, Any],
    readers: Sequence[str],
    *,
    inside: bool = False,
) -> list[Any]:
    """Return the requested source, output and rviz of the nodes."""
    nodes: list[Any] = []
    recorder = 'video_output' if given.get('output') else None
    source, output = parts.whole_run(given, readers, recorder)
    if given['input'] and not inside:
        nodes += parts.video_source(parts.at_most(given), given['image_topic'], values=source)
    if recorder:
        (name,) = names.values()
        nodes += parts.video_output(given, f'{name}/overlay', values=output)
    if given['rviz']:
        nodes.append(parts.rviz(config, names, given))
    return nodes


def autostart(node: LifecycleNode) -> list[Any]:
    """Return actions that configure a node once it runs, and then activate it.

    Only for the first start: when a killed node is started again, the service of the dead one is
    still on the graph, and a request may reach only that one. A node with respawn starts itself,
    by its parameter.
    """

    def change(transition_id: int) -> EmitEvent:
        event = ChangeState(
            lifecycle_node_matcher=matches_action(node), transition_id=transition_id
        )
        return EmitEvent(event=event)

    activate = OnStateTransition(
        target_lifecycle_node=node,
        start_state='configuring',
        goal_state='inactive',
        entities=[change(Transition.TRANSITION_ACTIVATE)],
        handle_once=True,
    )
    return [RegisterEventHandler(activate), change(Transition.TRANSITION_CONFIGURE)]
