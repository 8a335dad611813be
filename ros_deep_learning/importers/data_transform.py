# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a network for training does to the pixels before the layers that are deployed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataTransform:
    """What a data layer does: (pixel - mean) * scale, as DataTransformer of BVLC/caffe.

    Attributes:
        mean: The values that it subtracts, one a channel or one for all; empty if it has none.
        mean_file: File of the mean image that it subtracts; empty if it has none.
        scale: Factor on what is left.
    """

    mean: tuple[float, ...] = ()
    mean_file: str = ''
    scale: float = 1.0
