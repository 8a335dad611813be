# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Copy a bag and add what networks find in its images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import BagError, ImageError, InferenceError
from ..imaging.pixels import Pixels
from .annotators import LATCHED, Annotator
from .cameras import camera_names, read_image
from .items import BagItem, BagMessage, BagTopic, BagWriter, Extra
from .message_types import serialized, topic_for
from .qos import has_numbers, node_qos
from .result_messages import header_message, label_info_message, vision_info_message
from .tracks import BagTracks
from .windows import after_messages, one_ahead, windows


@dataclass(slots=True)
class Tally:
    """What was done, for the user.

    Attributes:
        copied: Messages that were copied.
        frames: Images that came.
        failed: Images without a result, by topic and reason.
        left_out: Attachments and metadata that the storage of the copy cannot hold.
        images: Images in the copy, with those that an earlier run has copied.
        results: Results in it, of all networks.
    """

    copied: int = 0
    frames: int = 0
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: int = 0
    images: int = 0
    results: int = 0


@dataclass(frozen=True, slots=True)
class _Image:
    topic: str
    header: Any
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is run and written together.

    Attributes:
        items: A part of the bag.
        images: Those that could be read, by their place in it.
        failed: Topic and reason of the others.
    """

    items: list[BagItem]
    images: dict[int, _Image] = field(default_factory=dict)
    failed: list[tuple[str, str]] = field(default_factory=list)


class BagAnnotation:
    """Adds the topics of nodes to the messages of a bag.

    Args:
        annotators: The networks.
        topics: The topics of the bag.
        image_topics: Those with the images to annotate.

    Raises:
        BagError: Two nodes have one name, or the bag has a topic that would be added.
    """

    def __init__(
        self,
        annotators: Sequence[Annotator],
        topics: Sequence[BagTopic],
        image_topics: Sequence[str],
    ) -> None:
        names = [annotator.wish.name for annotator in annotators]
        for name in names:
            if names.count(name) > 1:
                msg = f'two nodes are called {name}; to fix: NAME=NODE:MODEL'
                raise BagError(msg)
        self._annotators = annotators
        self._cameras = camera_names(image_topics)
        self._tracks = BagTracks(
            {one.wish.name: one.new_tracker for one in annotators if one.tracking is not None}
        )
        qos = [topic.qos for topic in topics if topic.qos]
        self._numbers = bool(qos) and has_numbers(qos[0])
        self._added: dict[tuple[str, str], BagTopic] = {}
        for annotator in annotators:
            name = annotator.wish.name
            for output, kind in LATCHED.items():
                self._add(name, output, kind, latched=True)
            for camera in self._cameras.values():
                for output in annotator.written:
                    self._add(name, camera + output, annotator.outputs[output], latched=False)
        there = {topic.name for topic in topics}
        taken = [topic.name for topic in self._added.values() if topic.name in there]
        if taken:
            msg = (
                f'the bag has {", ".join(taken)} already; to fix: give the node another name, '
                'such as --node again=detectnet:MODEL'
            )
            raise BagError(msg)

    @property
    def added_names(self) -> frozenset[str]:
        """Names of the topics that are added."""
        return frozenset(topic.name for topic in self._added.values())

    @property
    def batch(self) -> int:
        """Most images that are run together."""
        return max(int(annotator.network.max_batch) for annotator in self._annotators)

    def copy(
        self,
        items: Iterable[BagItem],
        writer: BagWriter,
        notes: Path,
        report: Callable[[], None],
    ) -> Tally:
        """Copy items to a writer with what the networks find; continue what it has.

        A message of a result stands behind its image, with the same time of receipt, and with
        the header of the image in it. An image without a result gets none.

        Args:
            items: All that the bag holds.
            writer: Empty, or with a part of an earlier run with the same arguments.
            notes: A file for what tracking needs to go on, which that run has left.
            report: Called after each piece; may raise to cancel.

        Raises:
            BagError: The notes of an earlier run are damaged.
            OSError: The copy or the notes cannot be written.
        """
        counts = writer.counts
        try:
            self._tracks.begin(notes, sum(counts.get(topic, 0) for topic in self._cameras))
            return self._copy(items, writer, report)
        finally:
            self._tracks.close()

    def _copy(
        self, items: Iterable[BagItem], writer: BagWriter, report: Callable[[], None]
    ) -> Tally:
        added = self.added_names
        tally = Tally()
        tally.copied = sum(n for name, n in writer.counts.items() if name not in added)
        announced = any(writer.counts.get(name, 0) for name in added)
        left = after_messages(items, tally.copied)
        pieces = map(self._read, windows(left, self._is_frame, self.batch))
        for piece in one_ahead(pieces):
            results = self._run(piece, tally)
            for k, item in enumerate(piece.items):
                if isinstance(item, BagTopic):
                    writer.add_topic(item)
                elif isinstance(item, Extra):
                    tally.left_out += not writer.add_extra(item)
                else:
                    writer.add_message(item)
                    tally.copied += 1
                if k in results:
                    messages = results[k]
                    if not announced:
                        messages = self._announcements(piece.images[k].header.stamp) + messages
                        announced = True
                    for topic, data in messages:
                        writer.add_message(_beside(item, topic, data))
            self._tracks.commit()
            writer.commit()
            report()
        tally.images = sum(writer.counts.get(topic, 0) for topic in self._cameras)
        firsts = [
            self._added[one.wish.name, camera + one.written[0]].name
            for one in self._annotators
            for camera in self._cameras.values()
        ]
        tally.results = sum(writer.counts.get(name, 0) for name in firsts)
        return tally

    def _add(self, node: str, output: str, kind: str, *, latched: bool) -> None:
        qos = node_qos(latched=latched, numbers=self._numbers)
        self._added[node, output] = topic_for(f'/{node}/{output}', kind, qos)

    def _is_frame(self, message: BagMessage) -> bool:
        return message.topic.name in self._cameras

    def _read(self, window: list[BagItem]) -> _Piece:
        """Decode the images of a piece."""
        piece = _Piece(window)
        for k, item in enumerate(window):
            if isinstance(item, BagMessage) and self._is_frame(item):
                try:
                    piece.images[k] = _Image(item.topic.name, *read_image(item))
                except ImageError as err:
                    piece.failed.append((item.topic.name, str(err)))
        return piece

    def _run(self, piece: _Piece, tally: Tally) -> dict[int, list[tuple[BagTopic, bytes]]]:
        """Run the networks on the images of a piece.

        Returns:
            By the place of an image in the piece the messages of its results.
        """
        tally.failed.update(piece.failed)
        tally.frames += len(piece.failed) + len(piece.images)
        pixels = [image.pixels for image in piece.images.values()]
        found = {
            annotator.wish.name: dict(
                zip(piece.images, annotator.annotate(pixels) if pixels else (), strict=True)
            )
            for annotator in self._annotators
        }
        self._follow(piece, found)
        made: dict[int, list[tuple[BagTopic, bytes]]] = {k: [] for k in piece.images}
        for annotator in self._annotators:
            node = annotator.wish.name
            for k, image in piece.images.items():
                one = found[node][k]
                if isinstance(one, InferenceError):
                    tally.failed[image.topic, f'{node}: {one}'] += 1
                    continue
                made[k] += [
                    (self._added[node, self._cameras[image.topic] + output], serialized(message))
                    for output, message in annotator.messages(image.header, one).items()
                ]
        return made

    def _follow(self, piece: _Piece, found: dict[str, dict[int, Any]]) -> None:
        """Put objects with tracks in place of those that are followed.

        Args:
            piece: Its images come in the order of the bag.
            found: By node and the place of an image what was found, or an InferenceError.
        """
        for k, item in enumerate(piece.items):
            if isinstance(item, BagMessage) and self._is_frame(item):
                objects, stamp_ns = {}, 0
                if k in piece.images:
                    stamp = piece.images[k].header.stamp
                    stamp_ns = stamp.sec * 10**9 + stamp.nanosec
                    objects = {
                        node: by_place[k]
                        for node, by_place in found.items()
                        if node in self._tracks and not isinstance(by_place[k], InferenceError)
                    }
                followed = self._tracks.update(item.topic.name, stamp_ns, objects)
                for node, one in followed.items():
                    found[node][k] = one

    def _announcements(self, stamp: Any) -> list[tuple[BagTopic, bytes]]:
        """Make what the nodes publish once."""
        header, made = header_message(stamp), []
        for annotator in self._annotators:
            labels = self._added[annotator.wish.name, 'label_info']
            info = self._added[annotator.wish.name, 'vision_info']
            message = label_info_message(header, annotator.network.labels, annotator.threshold)
            made.append((labels, serialized(message)))
            message = vision_info_message(header, annotator.wish.model, labels.name)
            made.append((info, serialized(message)))
        return made


def _beside(image: Any, topic: BagTopic, data: bytes) -> BagMessage:
    """Make a message that was received together with an image."""
    return BagMessage(topic, data, image.log_time_ns, image.publish_time_ns)
