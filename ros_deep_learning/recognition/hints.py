# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Facts about a network that the user adds to its file or card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType


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
    """

    prototxt: Path | None = None
    labels: Path | None = None
    colors: Path | None = None
    input_name: str | None = None
    outputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    mean_pixel: float = 0.0
    size_wh: tuple[int, int] | None = None
    decoder: str | None = None
