# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Copy a bag and add what networks find in its images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import BagError, ImageError, InferenceError
from .annotators import LATCHED, Annotator
from .cameras import camera_names, read_image
from .items import BagItem, BagMessage, BagTopic, BagWriter, Extra
from .message_types import serialized, topic_for
from .qos import has_numbers, node_qos
from .result_messages import header_message, label_info_message, vision_info_message
from .windows import after_messages, windows


@dataclass(slots=True)
class Tally:
    """What was done, for the user.

    Attributes:
        copied: Messages that were copied.
        frames: Images that were read, by topic.
        failed: Images without a result, by topic and reason.
        left_out: Attachments and metadata that the storage of the copy cannot hold.
    """

    copied: int = 0
    frames: Counter[str] = field(default_factory=Counter)
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: int = 0


class BagAnnotation:
    """Adds the topics of nodes to the messages of a bag.

    Args:
        annotators: The networks.
        topics: The topics of the bag.
        image_topics: Those with the images to annotate.

    Raises:
        BagError: The bag has a topic that would be added.
    """

    def __init__(
        self,
        annotators: Sequence[Annotator],
        topics: Sequence[BagTopic],
        image_topics: Sequence[str],
    ) -> None:
        self._annotators = annotators
        self._cameras = camera_names(image_topics)
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
        report: Callable[[], None],
    ) -> Tally:
        """Copy items to a writer with what the networks find; continue what it has.

        A message of a result stands behind its image, with the same time of receipt, and with
        the header of the image in it. An image without a result gets none.

        Args:
            items: All that the bag holds.
            writer: Empty, or with a part of an earlier run with the same arguments.
            report: Called after each piece; may raise to cancel.

        Raises:
            OSError: The copy cannot be written.
        """
        added = self.added_names
        tally = Tally()
        tally.copied = sum(n for name, n in writer.counts.items() if name not in added)
        announced = any(writer.counts.get(name, 0) for name in added)
        for window in windows(after_messages(items, tally.copied), self._is_frame, self.batch):
            results = self._run(window, tally)
            for k, item in enumerate(window):
                if isinstance(item, BagTopic):
                    writer.add_topic(item)
                elif isinstance(item, Extra):
                    tally.left_out += not writer.add_extra(item)
                else:
                    writer.add_message(item)
                    tally.copied += 1
                if k in results:
                    header, messages = results[k]
                    if not announced:
                        messages = self._announcements(header.stamp) + messages
                        announced = True
                    for topic, data in messages:
                        writer.add_message(_beside(item, topic, data))
            writer.commit()
            report()
        return tally

    def _add(self, node: str, output: str, kind: str, *, latched: bool) -> None:
        qos = node_qos(latched=latched, numbers=self._numbers)
        self._added[node, output] = topic_for(f'/{node}/{output}', kind, qos)

    def _is_frame(self, message: BagMessage) -> bool:
        return message.topic.name in self._cameras

    def _run(
        self, window: Sequence[BagItem], tally: Tally
    ) -> dict[int, tuple[Any, list[tuple[BagTopic, bytes]]]]:
        """Run the networks on the images of a piece.

        Returns:
            By the place of an image in the piece its header and the messages of its results.
        """
        read = {}
        for k, item in enumerate(window):
            if isinstance(item, BagMessage) and self._is_frame(item):
                tally.frames[item.topic.name] += 1
                try:
                    read[k] = (item.topic.name, *read_image(item))
                except ImageError as err:
                    tally.failed[item.topic.name, str(err)] += 1
        if not read:
            return {}
        images = [pixels for _, _, pixels in read.values()]
        made: dict[int, tuple[Any, list[tuple[BagTopic, bytes]]]] = {
            k: (header, []) for k, (_, header, _) in read.items()
        }
        for annotator in self._annotators:
            node = annotator.wish.name
            for (k, (name, header, _)), found in zip(
                read.items(), annotator.annotate(images), strict=True
            ):
                if isinstance(found, InferenceError):
                    tally.failed[name, f'{node}: {found}'] += 1
                    continue
                made[k][1].extend(
                    (self._added[node, self._cameras[name] + output], serialized(message))
                    for output, message in annotator.messages(header, found).items()
                )
        return made

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
