# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read what the data layers of a network for training do to the pixels."""

from __future__ import annotations

from pathlib import Path

from ..data_transform import DataTransform
from .prototxt import read_prototxt


def data_transform(prototxt: Path, blobs: frozenset[str]) -> DataTransform:
    """Return what the data layers do to the pixels of the inputs of the deployed network.

    Other layers transform pixels too, as that of DetectNet, but write another blob, for which the
    deployed network has a layer of its own. DIGITS gives all data layers the same transform.

    Args:
        prototxt: The network for training.
        blobs: Names of the deployed network's inputs.

    Raises:
        ConversionError: The file is not a prototxt.
    """
    for message, _ in read_prototxt(prototxt).layers:
        reads_nothing = not message.bottom and not blobs.isdisjoint(message.top)
        if reads_nothing and message.HasField('transform_param'):
            found = message.transform_param
            return DataTransform(tuple(found.mean_value), found.mean_file, found.scale)
    return DataTransform()
