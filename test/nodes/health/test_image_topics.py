# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a user is told to type where no images arrive; the graph is a stand-in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ros_deep_learning.nodes.health.image_topics import VIDEO_TYPES, ImageTopics

RAW, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
CAMERA, JPEG = '/camera/image_raw', '/camera/image_raw/compressed'


class Graph:
    """The publishers and subscribers that a node sees; each is (node, topic, type)."""

    def __init__(self, published: list[tuple[str, str, str]], read: tuple[tuple[str, str], ...]):
        self.published, self.read = published, read

    def get_publishers_info_by_topic(self, topic: str) -> list[Any]:
        return [info(node, kind) for node, t, kind in self.published if t == topic]

    def get_subscriptions_info_by_topic(self, topic: str) -> list[Any]:
        return [info(node, RAW) for node, t in self.read if t == topic]

    def get_topic_names_and_types(self) -> list[tuple[str, list[str]]]:
        return sorted({(t, (kind,)) for _, t, kind in self.published})

    def count_publishers(self, topic: str) -> int:
        return len(self.get_publishers_info_by_topic(topic))


def info(node: str, kind: str) -> Any:
    return SimpleNamespace(node_name=node, node_namespace='/', topic_type=kind)


def topics(
    raw: str = CAMERA, transport: str = 'auto', remapped: str = '~/image_in'
) -> ImageTopics:
    return ImageTopics(remapped, raw, f'{raw}/compressed', transport)


def silence(of: ImageTopics, *published: tuple[str, str, str], read: Any = ()) -> str:
    return of.silence(Graph(list(published), tuple(read)))


@pytest.mark.parametrize(
    ('used', 'published', 'expected'),
    [
        pytest.param(
            topics(transport='raw'),
            ('driver', JPEG, COMPRESSED),
            f'nobody publishes on {CAMERA}, but images are published on {JPEG}, which '
            'image_transport raw leaves out: start with image_transport:=auto (ros2 launch) or '
            '--ros-args -p image_transport:=auto (ros2 run)',
            id='raw of compressed',
        ),
        pytest.param(
            topics(transport='compressed'),
            ('driver', CAMERA, RAW),
            f'nobody publishes on {JPEG}, but images are published on {CAMERA}, which '
            'image_transport compressed leaves out: start with image_transport:=auto (ros2 '
            'launch) or --ros-args -p image_transport:=auto (ros2 run)',
            id='compressed of raw',
        ),
        pytest.param(
            topics('/image_raw'),
            ('driver', CAMERA, RAW),
            'nobody publishes on /image_raw or /image_raw/compressed; images are published on '
            f'{CAMERA}: start with image_topic:={CAMERA} (ros2 launch) or --ros-args '
            f"-r '~/image_in:={CAMERA}' (ros2 run)",
            id='another topic',
        ),
        pytest.param(
            topics('/image_raw'),
            ('driver', JPEG, COMPRESSED),
            'nobody publishes on /image_raw or /image_raw/compressed; images are published on '
            f'{JPEG}: start with image_topic:={CAMERA} (ros2 launch) or --ros-args '
            f"-r '~/image_in:={CAMERA}' (ros2 run)",
            id='another topic, compressed',
        ),
        pytest.param(
            topics('/detectnet/front/image_in', remapped='~/front/image_in'),
            ('driver', CAMERA, RAW),
            'nobody publishes on /detectnet/front/image_in or '
            f'/detectnet/front/image_in/compressed; images are published on {CAMERA}: start the '
            f"node with --ros-args -r '~/front/image_in:={CAMERA}'",
            id='one of several cameras',
        ),
        pytest.param(
            topics(),
            ('driver', JPEG, COMPRESSED),
            f'{JPEG} has a publisher, but it is silent, or its images are lost on the way '
            '(docs/transport.md)',
            id='a silent driver',
        ),
    ],
)
def test_silence_has_the_options_that_end_it(
    used: ImageTopics, published: tuple[str, str, str], expected: str
) -> None:
    assert silence(used, published) == expected


def test_a_camera_is_named_once_and_what_is_made_of_our_images_not_at_all() -> None:
    published = [
        ('driver', CAMERA, RAW),
        ('driver', JPEG, COMPRESSED),
        ('detectnet', '/detectnet/overlay', RAW),
        ('talker', '/chatter', 'std_msgs/msg/String'),
    ]
    said = silence(topics('/none'), *published, read=[('detectnet', '/none')])
    assert f'images are published on {CAMERA}: ' in said
    assert 'overlay' not in said
    only_ours = silence(topics('/none'), published[2], read=[('detectnet', '/none')])
    assert only_ours.endswith('start the camera, or remap ~/image_in')


def test_video_that_cannot_be_read_is_told_with_what_to_install() -> None:
    topic = f'{CAMERA}/ffmpeg'
    fix = {'ffmpeg': 'pip install av'}
    used = ImageTopics('~/image_in', CAMERA, JPEG, 'auto', {'ffmpeg': topic}, fix)
    assert silence(used, ('driver', topic, VIDEO_TYPES['ffmpeg'])) == (
        f'nobody publishes on {CAMERA} or {JPEG}, but video is published on {topic}: to read it, '
        'pip install av, and start the node again'
    )
    there = ImageTopics('~/image_in', CAMERA, JPEG, 'raw', {'ffmpeg': topic})
    said = silence(there, ('driver', topic, VIDEO_TYPES['ffmpeg']))
    assert f'published on {topic}, which image_transport raw leaves out' in said


@pytest.mark.parametrize(
    ('used', 'topic', 'published', 'expected'),
    [
        (
            topics(JPEG),
            JPEG,
            COMPRESSED,
            f'start with image_topic:={CAMERA} image_transport:=compressed (ros2 launch) or '
            f"--ros-args -r '~/image_in:={CAMERA}' -p image_transport:=compressed (ros2 run)",
        ),
        (
            topics('/jpegs'),
            '/jpegs',
            COMPRESSED,
            "start the node with --ros-args -r '~/image_in/compressed:=/jpegs' "
            '-p image_transport:=compressed',
        ),
        (
            topics(transport='compressed'),
            JPEG,
            RAW,
            f'start with image_topic:={JPEG} image_transport:=raw (ros2 launch) or --ros-args '
            f"-r '~/image_in:={JPEG}' -p image_transport:=raw (ros2 run)",
        ),
        (
            topics('/drone'),
            '/drone',
            VIDEO_TYPES['foxglove'],
            "start the node with --ros-args -r '~/image_in/foxglove:=/drone' "
            '-p image_transport:=foxglove',
        ),
        (topics(), CAMERA, 'sensor_msgs/msg/PointCloud2', 'remap one of the two topics'),
    ],
)
def test_another_type_has_the_options_that_fit_it(
    used: ImageTopics, topic: str, published: str, expected: str
) -> None:
    assert used.type_fix(topic, published) == expected
