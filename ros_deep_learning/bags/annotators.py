# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks that annotate bags, each with the topics of its node."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..cards.card import Task
from ..errors import InferenceError, SettingsError
from ..imaging.drawing.mask_overlay import color_mask
from ..imaging.pixels import Pixels
from ..networks import DetectNet, ImageNet, SegNet
from ..tasks.segmentation import Segmentation
from ..tasks.tracking.tracker import Tracker, TrackingSettings
from .message_types import IMAGE, make
from .result_messages import (
    annotations_message,
    classification_message,
    detections_message,
    image_message,
)

NODES: Mapping[str, Task] = {
    'detectnet': 'detection',
    'imagenet': 'classification',
    'segnet': 'segmentation',
}
LATCHED = {'label_info': 'vision_msgs/msg/LabelInfo', 'vision_info': 'vision_msgs/msg/VisionInfo'}
"""Outputs of every node that are written once, and their types."""


@dataclass(frozen=True, slots=True)
class NodeWish:
    """A node that is to annotate.

    Attributes:
        name: Of the node, which begins the names of its topics.
        task: What it does.
        model: Name of a network, or path of a card or file.
    """

    name: str
    task: Task
    model: str

    @classmethod
    def parse(cls, text: str) -> NodeWish:
        """Read a text such as ``detectnet:ssd-mobilenet-v2``, or ``people=detectnet:...``.

        Raises:
            SettingsError: It has another form.
        """
        node, colon, model = text.partition(':')
        name, _, kind = node.rpartition('=')
        name = (name or kind).strip('/')
        parts = name.split('/')
        if not colon or not model or kind not in NODES or not all(map(str.isidentifier, parts)):
            msg = (
                '--node: expected NODE:MODEL or NAME=NODE:MODEL, where NODE is one of '
                f'{", ".join(NODES)}, got {text!r}'
            )
            raise SettingsError(msg)
        return cls(name, NODES[kind], model)


class Annotator(ABC):
    """A network and the outputs that are written of it.

    Attributes:
        outputs: All outputs of such a node, and the types of their messages.
        usual: Those that are written if nothing else is said.
        tracking: How objects are followed over the images of a topic; None is not at all.
    """

    outputs: Mapping[str, str]
    usual: tuple[str, ...]
    tracking: TrackingSettings | None = None

    def __init__(self, wish: NodeWish, network: Any, outputs: Sequence[str] = ()) -> None:
        """Wrap a network, which stays the caller's to close.

        Args:
            wish: The node.
            network: Of its task.
            outputs: Names of those that are written; those of other nodes are ignored. Without
                one of its own, ``usual``.
        """
        self.wish = wish
        self.network = network
        self.written = tuple(n for n in outputs if n in self.outputs) or self.usual

    @property
    def threshold(self) -> float:
        """The least score or confidence, which label_info has too."""
        return float(getattr(self.network.settings, self.network.threshold_field))

    def new_tracker(self) -> Tracker:
        """Make the tracks of one topic."""
        return Tracker(self.tracking, score_threshold=self.threshold)

    def annotate(self, images: Sequence[Pixels]) -> list[Any]:
        """Run images together, as far as the engine can.

        Returns:
            For each image the result, or an InferenceError where the network failed on it.
        """
        try:
            return self._infer(images)
        except InferenceError as err:
            if len(images) == 1:
                return [err]
            # One of them spoils the run of all.
            return [found for image in images for found in self.annotate([image])]

    @abstractmethod
    def messages(self, header: Any, found: Any) -> dict[str, Any]:
        """Make the messages of an image's result, by output."""

    @abstractmethod
    def _infer(self, images: Sequence[Pixels]) -> list[Any]:
        """Run the network."""


class DetectAnnotator(Annotator):
    """Writes what detectnet publishes."""

    outputs = {  # noqa: RUF012
        'detections': 'vision_msgs/msg/Detection2DArray',
        'annotations': 'foxglove_msgs/msg/ImageAnnotations',
    }
    usual = ('detections', 'annotations')

    _threshold: float | None = None

    @property
    def threshold(self) -> float:
        """The least score; the network's own is lower where unlikely objects are followed."""
        return super().threshold if self._threshold is None else self._threshold

    def follow(self, tracking: TrackingSettings) -> None:
        """Have objects followed, for which the network may have to report unlikely ones too.

        Raises:
            SettingsError: SciPy is missing, which ``byte`` needs.
        """
        self.tracking, self._threshold = tracking, self.threshold
        least = self.new_tracker().least_score
        self.network.settings = replace(self.network.settings, score_threshold=least)

    def messages(self, header: Any, found: Any) -> dict[str, Any]:
        """Make the messages of an image's objects, by output."""
        made = {}
        labels = self.network.labels
        if 'detections' in self.written:
            made['detections'] = detections_message(header, found, labels)
        if 'annotations' in self.written:
            made['annotations'] = annotations_message(
                header, found, labels, self.network.colors_rgb
            )
        return made

    def _infer(self, images: Sequence[Pixels]) -> list[Any]:
        network: DetectNet = self.network
        return list(network.detect_batch(images))


class ClassifyAnnotator(Annotator):
    """Writes what imagenet publishes."""

    outputs = {'classification': 'vision_msgs/msg/Classification'}  # noqa: RUF012
    usual = ('classification',)

    def messages(self, header: Any, found: Any) -> dict[str, Any]:
        """Make the message of an image's classes."""
        return {'classification': classification_message(header, found, self.network.labels)}

    def _infer(self, images: Sequence[Pixels]) -> list[Any]:
        network: ImageNet = self.network
        return list(network.classify_batch(images))


class SegmentAnnotator(Annotator):
    """Writes what segnet publishes."""

    outputs = {  # noqa: RUF012
        'class_mask': IMAGE,
        'confidence_mask': IMAGE,
        'color_mask': IMAGE,
        'segmentation': 'ros_deep_learning/msg/Segmentation',
    }
    usual = ('class_mask',)

    def messages(self, header: Any, found: Any) -> dict[str, Any]:
        """Make the messages of an image's masks, by output."""
        masks: Segmentation = found
        classes = image_message(header, masks.class_mask)
        made = {'class_mask': classes}
        if {'confidence_mask', 'segmentation'} & set(self.written):
            made['confidence_mask'] = image_message(header, _levels(masks))
        if 'color_mask' in self.written:
            colored = color_mask(masks.class_mask, self.network.colors_rgb)
            made['color_mask'] = image_message(header, colored)
        if 'segmentation' in self.written:
            made['segmentation'] = make(
                'ros_deep_learning/msg/Segmentation',
                header=header,
                class_mask=classes,
                confidence_mask=made['confidence_mask'],
                pixels=masks.pixel_counts().astype(np.uint32),
                shares=masks.shares().astype(np.float32),
            )
        return {name: made[name] for name in self.written}

    def _infer(self, images: Sequence[Pixels]) -> list[Any]:
        network: SegNet = self.network
        return list(network.segment_batch(images))


def _levels(masks: Segmentation) -> NDArray[np.uint8]:
    """Return the confidences as 0 to 255, rounded as the node does."""
    return np.asarray(cv2.convertScaleAbs(masks.confidence_mask, alpha=255), np.uint8)


ANNOTATORS: Mapping[Task, type[Annotator]] = {
    'detection': DetectAnnotator,
    'classification': ClassifyAnnotator,
    'segmentation': SegmentAnnotator,
}
