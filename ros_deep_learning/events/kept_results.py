# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""How results of each task are kept beside the pictures of an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ..pictures.picture_files import encode_image
from ..tasks.classification import Classification
from ..tasks.detection import Detections
from ..tasks.segmentation import Segmentation


class KeptResult(Protocol):
    """A kind of result, and its topic in a bag.

    Attributes:
        topic: Name of the topic, below that of the node.
        type: Type of its messages.
    """

    topic: str
    type: str

    def held(self, result: Any) -> Any:
        """Return what is held of a frame's result: a PNG of a mask, else the result itself."""
        return result

    def message(self, header: Any, held: Any, names: Sequence[str]) -> Any:
        """Make the message of what was held.

        Args:
            header: The std_msgs/Header of the image.
            held: See ``held``.
            names: The ``class_id`` of each class.
        """


class KeptObjects(KeptResult):
    """The objects of a detector. See ``KeptResult``."""

    topic = 'detections'
    type = 'vision_msgs/msg/Detection2DArray'

    def message(self, header: Any, held: Detections, names: Sequence[str]) -> Any:
        """Make a Detection2DArray."""
        from ..bags.result_messages import detections_message

        return detections_message(header, held, names)


class KeptClasses(KeptResult):
    """The classes of an image. See ``KeptResult``."""

    topic = 'classification'
    type = 'vision_msgs/msg/Classification'

    def message(self, header: Any, held: Classification, names: Sequence[str]) -> Any:
        """Make a Classification."""
        from ..bags.result_messages import classification_message

        return classification_message(header, held, names)


class KeptMasks(KeptResult):
    """The class mask of an image, as a PNG of the numbers of its pixels. See ``KeptResult``."""

    topic = 'class_mask/compressed'
    type = 'sensor_msgs/msg/CompressedImage'

    def held(self, result: Segmentation) -> bytes:
        """Return the mask as a PNG."""
        return encode_image(result.class_mask, 'png')

    def message(self, header: Any, held: bytes, names: Sequence[str]) -> Any:
        """Make a CompressedImage."""
        from ..bags.message_types import COMPRESSED_IMAGE, make

        data = np.frombuffer(held, np.uint8)
        return make(COMPRESSED_IMAGE, header=header, format='mono8; png compressed', data=data)
