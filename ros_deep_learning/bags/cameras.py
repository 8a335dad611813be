# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The image topics of a bag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import BagError
from ..imaging.compressed import pixels_from_compressed
from ..imaging.image_messages import pixels_from_message
from ..imaging.pixels import Pixels
from ..text import printable
from .items import BagMessage, BagTopic
from .message_types import COMPRESSED_IMAGE, IMAGE, read_message

_MOST_CHARACTERS = 200
"""Of the name of an image topic, which is part of a file name; DDS has 256."""
_TRANSPORTS = ('/compressed', '/compressedDepth')


def image_topics(topics: Sequence[BagTopic]) -> list[str]:
    """List the topics with images, raw or compressed, in the order of the bag."""
    return list(dict.fromkeys(topic.name for topic in topics if _has_images(topic)))


def choose_topics(topics: Sequence[BagTopic], wanted: Sequence[str]) -> list[str]:
    """Choose the image topics to annotate.

    Args:
        topics: Those of the bag.
        wanted: Names; empty is all of them, but neither compressed images whose raw images are
            there too nor depth images.

    Raises:
        BagError: The bag has no images, or not on a topic that is wanted.
    """
    there = image_topics(topics)
    listed = f'it has images on {", ".join(there)}' if there else 'it has no image topic'
    for name in wanted:
        if name not in there:
            kinds = {topic.type for topic in topics if topic.name == name}
            what = f'{name} is {printable(kinds.pop())}' if kinds else f'there is no topic {name}'
            msg = f'{what}; {listed}'
            raise BagError(msg)
    if not there:
        raise BagError(listed)
    return list(dict.fromkeys(wanted)) or [
        name
        for name in there
        if not name.endswith('/compressedDepth')
        and (not name.endswith('/compressed') or name.removesuffix('/compressed') not in there)
    ]


def camera_names(topics: Sequence[str]) -> Mapping[str, str]:
    """Name the cameras of image topics, as the nodes do with several: ``front``.

    Returns:
        By topic what its outputs have before their name: empty for a single one; else the topic
        without its last part, or the whole topic where two would be the same.
    """
    if len(topics) == 1:
        return {topics[0]: ''}
    plain = {topic: _without_transport(topic) for topic in topics}
    short = {topic: name.rpartition('/')[0] for topic, name in plain.items()}
    alone = len(set(short.values())) == len(topics) and all(short.values())
    names = short if alone else plain
    if len(set(names.values())) < len(topics):
        names = {topic: topic for topic in topics}
    return {topic: f'{name.strip("/")}/' for topic, name in names.items()}


def read_image(message: BagMessage) -> tuple[Any, Pixels]:
    """Read an image message.

    Returns:
        Its header and its pixels.

    Raises:
        ImageError: It is malformed, or its encoding or compression is not supported.
    """
    content = read_message(message)
    if message.topic.type == IMAGE:
        return content.header, pixels_from_message(content)
    return content.header, pixels_from_compressed(content)


def _has_images(topic: BagTopic) -> bool:
    has_images = topic.type in (IMAGE, COMPRESSED_IMAGE) and topic.format == 'cdr'
    # Names of pictures are made of it, and it is printed.
    return has_images and topic.name.isprintable() and len(topic.name) <= _MOST_CHARACTERS


def _without_transport(topic: str) -> str:
    for ending in _TRANSPORTS:
        topic = topic.removesuffix(ending)
    return topic
