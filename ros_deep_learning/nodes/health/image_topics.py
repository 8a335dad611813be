# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Why no images arrive on a camera's topics, and what to type to get them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rclpy.node import Node

from .matching import full_name

RAW_TYPE = 'sensor_msgs/msg/Image'
COMPRESSED_TYPE = 'sensor_msgs/msg/CompressedImage'
COMPRESSED_SUFFIX = '/compressed'
VIDEO_TYPES = {
    'ffmpeg': 'ffmpeg_image_transport_msgs/msg/FFMPEGPacket',
    'foxglove': 'foxglove_msgs/msg/CompressedVideo',
}
"""The transports of H.264 and H.265, named as image_transport's plugins and their topics."""
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class ImageTopics:
    """The topics of a camera.

    Attributes:
        remapped: The topic as it is remapped, such as ``~/image_in``.
        raw: Full name of the topic of raw images.
        compressed: Full name of the topic of compressed images.
        transport: Which are read: ``auto``, ``raw``, ``compressed`` or one of VIDEO_TYPES.
        video: Full name of the topic of each transport of VIDEO_TYPES.
        lacking: What to type to install it, for those that cannot be read.
    """

    remapped: str
    raw: str
    compressed: str
    transport: str
    video: Mapping[str, str] = field(default_factory=dict)
    lacking: Mapping[str, str] = field(default_factory=dict)

    def used(self) -> dict[str, str]:
        """Return the topics that may be read, and the type that is expected on each."""
        video = {name: topic for name, topic in self.video.items() if name not in self.lacking}
        names = {'raw': self.raw, 'compressed': self.compressed, **video}
        types = {'raw': RAW_TYPE, 'compressed': COMPRESSED_TYPE, **VIDEO_TYPES}
        wanted = names if self.transport == 'auto' else [self.transport]
        return {names[name]: types[name] for name in wanted}

    def type_fix(self, topic: str, published_type: str) -> str:
        """Return how to receive the messages of another type that are published on a topic."""
        base = topic.removesuffix(COMPRESSED_SUFFIX)
        if published_type == COMPRESSED_TYPE and base != topic:
            return self._options(base, 'compressed')
        if published_type == COMPRESSED_TYPE:
            # The launch files have no argument for the compressed topic alone.
            return (
                f"start the node with --ros-args -r '{self.remapped}/compressed:={topic}' "
                '-p image_transport:=compressed'
            )
        if published_type == RAW_TYPE:
            return self._options(topic, 'raw')
        for name, kind in VIDEO_TYPES.items():
            if published_type == kind:
                return (
                    f"start the node with --ros-args -r '{self.remapped}/{name}:={topic}' "
                    f'-p image_transport:={name}'
                )
        return 'remap one of the two topics'

    def silence(self, node: Node) -> str:
        """Return the likely reason why no images arrive, with what to type."""
        used = self.used()
        for topic, kind in used.items():
            if _publishers(node, topic, kind):
                return (
                    f'{topic} has a publisher, but it is silent, or its images are lost on the '
                    'way (docs/transport.md)'
                )
        nobody = f'nobody publishes on {" or ".join(used)}'
        for name, topic in self.video.items():
            if name in self.lacking and _publishers(node, topic, VIDEO_TYPES[name]):
                return (
                    f'{nobody}, but video is published on {topic}: to read it, '
                    f'{self.lacking[name]}, and start the node again'
                )
        for unused in (self.raw, self.compressed, *self.video.values()):
            if unused not in used and node.count_publishers(unused):
                return (
                    f'{nobody}, but images are published on {unused}, which image_transport '
                    f'{self.transport} leaves out: {self._options(transport="auto")}'
                )
        others = _other_images(node, used)
        if not others:
            return f'{nobody}: start the camera, or remap {self.remapped}'
        named = ', '.join(others[:MOST_NAMED]) + (', ...' if others[MOST_NAMED:] else '')
        first = others[0].removesuffix(COMPRESSED_SUFFIX)
        return f'{nobody}; images are published on {named}: {self._options(first)}'

    def _options(self, topic: str = '', transport: str = '') -> str:
        launch, run = [], []
        if topic:
            launch.append(f'image_topic:={topic}')
            run.append(f"-r '{self.remapped}:={topic}'")
        if transport and transport != self.transport:
            launch.append(f'image_transport:={transport}')
            run.append(f'-p image_transport:={transport}')
        by_hand = f'--ros-args {" ".join(run)}'
        if topic and self.remapped != '~/image_in':
            # One of several cameras, whose topics are not launch arguments.
            return f'start the node with {by_hand}'
        return f'start with {" ".join(launch)} (ros2 launch) or {by_hand} (ros2 run)'


def _publishers(node: Node, topic: str, kind: str) -> set[str]:
    """Return the full names of the nodes that publish a type on a topic."""
    infos = node.get_publishers_info_by_topic(topic)
    return {full_name(info) for info in infos if info.topic_type == kind}


def _other_images(node: Node, used: Iterable[str]) -> list[str]:
    """Return the topics of images, except those that are made of the used topics' images."""
    readers = {
        full_name(info) for topic in used for info in node.get_subscriptions_info_by_topic(topic)
    }
    found = [
        topic
        for topic, types in node.get_topic_names_and_types()
        for kind in (RAW_TYPE, COMPRESSED_TYPE)
        if kind in types and _publishers(node, topic, kind) - readers
    ]
    raw = [topic for topic in found if not topic.endswith(COMPRESSED_SUFFIX)]
    return [t for t in found if t in raw or t.removesuffix(COMPRESSED_SUFFIX) not in raw]
