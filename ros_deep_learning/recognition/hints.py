# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Facts about a network that the user adds to its file or card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..cards.card import Channels, Resize


@dataclass(frozen=True, slots=True)
class Hints:
    """What a user specifies about a network file or a card; every field is optional.

    Attributes:
        prototxt: Prototxt of a caffemodel.
        labels: File with one label per line.
        colors: File with one colour per line.
        input_name: Name of the input tensor.
        outputs: Tensor name by role. The roles ``coverage`` and ``boxes`` of jetson-inference may
            stand for the scores and boxes of any detector.
        mean_pixel: Value that is subtracted from every pixel value of a Caffe detector.
        size_wh: Width and height of the input in pixels, used where the file leaves them open.
        decoder: Name of the decoder.
        resize: How an image is fitted into the input, as for the next four in ``InputSpec``.
        channels: Channel order.
        scale: Factor on the pixel value.
        mean: Subtrahend after the scale.
        std: Divisor at the end.
    """

    prototxt: Path | None = None
    labels: Path | None = None
    colors: Path | None = None
    input_name: str | None = None
    outputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    mean_pixel: float = 0.0
    size_wh: tuple[int, int] | None = None
    decoder: str | None = None
    resize: Resize | None = None
    channels: Channels | None = None
    scale: float | None = None
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None

    def input_values(self) -> dict[str, Any]:
        """Return the fields of ``InputSpec`` that are given."""
        keys = ('resize', 'channels', 'scale', 'mean', 'std')
        return {key: getattr(self, key) for key in keys if getattr(self, key) is not None}
