# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parts of launch files: processes of the package, the video nodes, rviz."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_prefix,
    get_package_share_directory,
)
from launch_ros.actions import Node

from ..errors import SettingsError
from ..nodes.parameters.video_output_settings import VideoOutputSettings
from ..nodes.parameters.video_source_settings import VideoSourceSettings
from ..nodes.program.large_images import large_images_environment
from ..paths import user_path
from ..video.sources import has_end, open_frames
from .endings import with_endings
from .launch_arguments import PROCESS_ARGUMENTS, given_parameters, parameter_arguments

PACKAGE = 'ros_deep_learning'
RESPAWN_DELAY_S = 1.0
VIDEO_NODES = {'video_source': VideoSourceSettings, 'video_output': VideoOutputSettings}

_has_end = cache(has_end)
"""An http address is asked once for all parts of a launch."""

INPUT_ARGUMENTS = parameter_arguments(VideoSourceSettings, 'input', 'resource')
OUTPUT_ARGUMENTS = parameter_arguments(VideoOutputSettings, 'output', 'resource')


def share_file(folder: str, name: str) -> str:
    """Return the path of an installed file of the package."""
    return str(Path(get_package_share_directory(PACKAGE)) / folder / name)


def process(executable: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a Node action that all processes of the package share."""
    return {
        'package': PACKAGE,
        'executable': executable,
        'namespace': given['namespace'] or '',
        'ros_arguments': ['--log-level', given['log_level']],
        'additional_env': large_images_environment() if given['large_images'] else {},
        'respawn': given['respawn'],
        'respawn_delay': RESPAWN_DELAY_S,
        'output': 'screen',
        'emulate_tty': True,
    }


def plays_once(given: Mapping[str, Any]) -> bool:
    """Return whether the argument ``input`` is a file that comes to an end."""
    return bool(given['input']) and _has_end(given['input']) and given['input_loop'] != -1


def whole_run(
    given: Mapping[str, Any], readers: Sequence[str], recorder: str | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters of video_source and video_output for a file of which none is lost.

    Args:
        given: The values of the launch arguments.
        readers: Names of the nodes that get every frame.
        recorder: Name of the video_output that gets every frame of theirs, or None.

    Raises:
        ImageError: The file cannot be played.
    """
    if not plays_once(given):
        return {}, {}
    source = {'wait_for_nodes': ','.join(readers), 'wait_for_output': recorder or ''}
    output: dict[str, Any] = {'every_image': True}
    if given.get('output_framerate') is None:
        rate_hz = given['input_framerate'] or open_frames(given['input']).rate_hz
        output['framerate'] = float(rate_hz)
    return source, output


def at_most(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the arguments with ``max_rate_hz`` as the rate of the file, if it is the lower one.

    A node that left out frames over its limit would be sent them again.

    Raises:
        ImageError: The file cannot be played.
    """
    limit_hz = given.get('max_rate_hz')
    if not (limit_hz and plays_once(given)):
        return given
    rate_hz = given['input_framerate'] or open_frames(given['input']).rate_hz
    return {**given, 'input_framerate': min(limit_hz, rate_hz)}


def video_source(
    given: Mapping[str, Any],
    topic: str,
    name: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> list[Any]:
    """Return the actions that start the node that plays the argument ``input`` on a topic."""
    # A file that has been played must not start again; a camera has no end.
    lasting = given['input'] is None or not _has_end(given['input'])
    remap = ('~/raw', topic)
    return _video('video_source', INPUT_ARGUMENTS, given, remap, name, lasting, values or {})


def video_output(
    given: Mapping[str, Any],
    topic: str,
    name: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> list[Any]:
    """Return the actions that start the node that writes or shows a topic.

    The argument ``output`` says where.
    """
    _check_output(given['output'] or '')
    # A closed window stays closed, and a finished file must not be overwritten.
    remap = ('~/image_in', topic)
    return _video('video_output', OUTPUT_ARGUMENTS, given, remap, name, False, values or {})


def _check_output(output: str) -> None:
    """Raise SettingsError for a bare word, which would become a folder of pictures."""
    path = user_path(output.removeprefix('file://'))
    if not output or '://' in output or path.suffix or path.is_dir() or output.endswith('/'):
        return
    msg = (
        f'launch argument output: expected a file such as seen.mp4, got {output!r}; for pictures '
        f'give a pattern such as {output}/frame-%06d.jpg, an existing folder, or {output}/'
    )
    raise SettingsError(msg)


def _video(
    executable: str,
    arguments: Any,
    given: Mapping[str, Any],
    remap: Any,
    name: str | None,
    lasting: bool,
    values: Mapping[str, Any],
) -> list[Any]:
    files = list(filter(None, [given['params_file']]))
    values = {**values, **given_parameters((*PROCESS_ARGUMENTS, *arguments), given)}
    name = name or executable
    respawn = given['respawn'] and lasting
    node = Node(
        **process(executable, {**given, 'respawn': respawn}),
        name=name,
        # An empty list of values would be no parameter file.
        parameters=[*files, *filter(None, [values])],
        remappings=[remap],
    )
    ends_launch = executable == 'video_source' and plays_once(given)
    return with_endings(node, name, respawn=respawn, ends_launch=ends_launch)


def rviz(config: str, names: Mapping[str, str], given: Mapping[str, Any]) -> Node:
    """Return the process of rviz2 with one of the package's configurations.

    Args:
        config: Its name, such as ``detectnet``.
        names: The name here of each node of the configuration.
        given: The values of the launch arguments.

    Raises:
        SettingsError: rviz2 is not installed.
    """
    try:
        get_package_prefix('rviz2')
    except PackageNotFoundError as err:
        msg = 'rviz:=true, but rviz2 is not installed; apt install ros-$ROS_DISTRO-rviz2'
        raise SettingsError(msg) from err
    path = share_file('rviz', f'{config}.rviz')
    remappings = []
    for display in yaml.safe_load(Path(path).read_text())['Visualization Manager']['Displays']:
        topic = display['Topic']['Value']
        _, node, name = topic.split('/')
        here = given['image_topic'] if node == 'video_source' else f'{names[node]}/{name}'
        remappings.append((topic, here))
    return Node(
        package='rviz2',
        executable='rviz2',
        namespace=given['namespace'] or '',
        arguments=['-d', path],
        parameters=[*filter(None, [given_parameters(PROCESS_ARGUMENTS, given)])],
        remappings=remappings,
        output='screen',
    )
