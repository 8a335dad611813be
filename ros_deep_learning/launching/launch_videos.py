# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The launches of video_source, video_output and both of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from launch import LaunchDescription

from ..nodes.parameters.video_output_settings import VideoOutputSettings
from ..nodes.parameters.video_source_settings import VideoSourceSettings
from . import launch_parts as parts
from .launch_arguments import (
    IMAGE_TOPIC,
    NAME,
    PARAMS_FILE,
    PROCESS_ARGUMENTS,
    Argument,
    described,
)
from .params_file import check_params_file

OWN_TOPIC = '~/raw'
SOURCE_TOPIC = Argument('image_topic', OWN_TOPIC, 'The topic to publish on (sensor_msgs/Image).')
OLD_TOPIC = Argument('topic', '', 'Old name of image_topic.')
WINDOW = 'display://0'


def source_launch() -> LaunchDescription:
    """Return the launch of video_source."""
    arguments = (NAME, *PROCESS_ARGUMENTS, PARAMS_FILE, SOURCE_TOPIC, *parts.INPUT_ARGUMENTS)

    def start(given: Mapping[str, Any]) -> Sequence[Any]:
        _check_params(given, {given['name'] or 'video_source': VideoSourceSettings})
        return parts.video_source(given, given['image_topic'], given['name'])

    return described(arguments, start)


def output_launch() -> LaunchDescription:
    """Return the launch of video_output."""
    topics = (IMAGE_TOPIC, OLD_TOPIC)
    arguments = (NAME, *PROCESS_ARGUMENTS, PARAMS_FILE, *topics, *parts.OUTPUT_ARGUMENTS)

    def start(given: Mapping[str, Any]) -> Sequence[Any]:
        _check_params(given, {given['name'] or 'video_output': VideoOutputSettings})
        topic = given['topic'] or given['image_topic']
        return parts.video_output(given, topic, given['name'])

    return described(arguments, start)


def viewer_launch() -> LaunchDescription:
    """Return the launch of video_source, and of video_output on it with a window."""
    videos = (*parts.INPUT_ARGUMENTS, *parts.OUTPUT_ARGUMENTS)
    arguments = (*PROCESS_ARGUMENTS, PARAMS_FILE, IMAGE_TOPIC, *videos)

    def start(given: Mapping[str, Any]) -> Sequence[Any]:
        _check_params(given, parts.VIDEO_NODES)
        given = {**given, 'output': given['output'] or WINDOW}
        topic = given['image_topic']
        source, output = parts.whole_run(given, [], 'video_output')
        return [
            *parts.video_source(given, topic, values=source),
            *parts.video_output(given, topic, values=output),
        ]

    return described(arguments, start)


def _check_params(given: Mapping[str, Any], nodes: Mapping[str, type[Any]]) -> None:
    if given['params_file']:
        check_params_file(given['params_file'], nodes)
