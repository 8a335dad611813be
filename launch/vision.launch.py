# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Start detectnet, imagenet and segnet in one process on one camera topic."""

from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from ros_deep_learning.nodes.large_images import large_images_environment

ARGUMENTS = (
    ('image_topic', '/video_source/raw', 'The camera topic to subscribe to (sensor_msgs/Image).'),
    ('namespace', '', 'Namespace of the nodes.'),
    ('params_file', '', 'YAML file of parameters, by the name of the node.'),
    ('use_sim_time', 'false', 'Whether to take the time from /clock.'),
    ('log_level', 'info', 'debug, info, warn, error or fatal.'),
    ('autostart', 'true', 'Whether to configure and activate the nodes at once.'),
    ('large_images', 'false', 'Whether Fast DDS gets room for large images; docs/transport.md.'),
)


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=start)])


def start(context: Any) -> list[Node]:
    given = {name: LaunchConfiguration(name).perform(context).strip() for name, _, _ in ARGUMENTS}
    share = Path(get_package_share_directory('ros_deep_learning'))
    files = [str(share / 'config' / 'vision.yaml'), *filter(None, [given['params_file']])]
    switches = {name: given[name] == 'true' for name in ('use_sim_time', 'autostart')}
    # No name: it would become that of each of the nodes.
    process = Node(
        package='ros_deep_learning',
        executable='vision',
        namespace=given['namespace'],
        parameters=[*files, switches],
        remappings=[('~/image_in', given['image_topic'])],
        ros_arguments=['--log-level', given['log_level']],
        additional_env=large_images_environment() if given['large_images'] == 'true' else {},
        output='screen',
        emulate_tty=True,
    )
    return [process]
