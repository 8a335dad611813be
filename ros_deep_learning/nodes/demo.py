# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The demo: a real video on a camera topic, real detections out, from one command."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory
from launch import EventHandler, LaunchDescription, LaunchService
from launch.actions import EmitEvent, IncludeLaunchDescription, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import Node
from launch_ros.events.lifecycle import StateTransition

from ..cards.zoo import find_card
from ..cli.bar import progress_bar
from ..downloads.media import media_path
from ..downloads.store import ModelStore
from ..errors import DeepLearningError
from ..paths import user_path
from ..video.sources import open_frames


def main() -> int:
    """Run the demo; return 0 if frames were processed and recorded."""
    parser = argparse.ArgumentParser(prog='demo', description=__doc__)
    parser.add_argument('--model', default='ssd-mobilenet-v2', help='a detector of the zoo')
    parser.add_argument('--video', help='a video file; by default a clip of a street is fetched')
    parser.add_argument('--output', default='demo_output', help='folder of the results')
    parser.add_argument('--threshold', default='0.5', help='least score of a detection')
    arguments = parser.parse_args()
    # The demo stays on this machine, apart from other nodes on the network.
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    try:
        arguments.output = user_path(arguments.output).absolute()
        with progress_bar() as progress:
            given = arguments.video
            video = user_path(given) if given else media_path('bikes.mp4', progress)
            ModelStore().onnx_path(find_card(arguments.model), progress)
        rate_hz = open_frames(str(video)).rate_hz
    except DeepLearningError as err:
        print(f'error: {err}', file=sys.stderr)
        return 1
    return _launch(arguments, video, rate_hz)


def _launch(arguments: argparse.Namespace, video: Path, rate_hz: float) -> int:
    share = Path(get_package_share_directory('ros_deep_learning'))
    exit_codes: list[int] = []
    detectnet = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(share / 'launch' / 'detectnet.launch.py')),
        launch_arguments={
            'model': arguments.model,
            'threshold': arguments.threshold,
            'image_topic': '/video_source/raw',
        }.items(),
    )
    source = Node(
        package='ros_deep_learning',
        executable='video_source',
        parameters=[{'resource': str(video), 'wait_for_subscriber': True}],
        output='screen',
    )
    recorder = Node(
        package='ros_deep_learning',
        executable='recorder',
        parameters=[{'folder': str(arguments.output), 'rate_hz': rate_hz}],
        remappings=[
            ('~/detections', '/detectnet/detections'),
            ('~/overlay', '/detectnet/overlay'),
        ],
        output='screen',
        output_format='{line}',
    )

    def recorded(event: Any, context: Any) -> list[Any]:
        exit_codes.append(event.returncode)
        return [EmitEvent(event=Shutdown(reason='the recording is done'))]

    not_configured = EventHandler(
        matcher=lambda e: isinstance(e, StateTransition) and e.goal_state == 'unconfigured',
        entities=[EmitEvent(event=Shutdown(reason='detectnet could not be configured'))],
    )

    service = LaunchService()
    service.include_launch_description(
        LaunchDescription(
            [
                recorder,
                detectnet,
                source,
                RegisterEventHandler(OnProcessExit(target_action=recorder, on_exit=recorded)),
                RegisterEventHandler(not_configured),
            ]
        )
    )
    launched = service.run()
    failed = launched or (exit_codes[0] if exit_codes else 1)
    if not failed:
        command = f'detectnet --network={arguments.model} {shlex.quote(str(video))} http://@:8080'
        begin = '. .ros/env.sh && ' if Path('.ros', 'env.sh').is_file() else ''
        print(f'to see it live in a browser: {begin}{command}')
    return failed


if __name__ == '__main__':
    sys.exit(main())
