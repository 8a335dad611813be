# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Checks that the backends share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from ..errors import InferenceError
from ..text import shape_text
from .base import TensorSpec


def check_inputs(inputs: Mapping[str, NDArray[Any]], specs: Sequence[TensorSpec]) -> None:
    """Hold a frame's tensors against what the network takes.

    Raises:
        InferenceError: A tensor is missing, not known, or of another dtype or shape; the message
            names it, what the network wants and what was given.
    """
    missing = [spec.name for spec in specs if spec.name not in inputs]
    unknown = sorted(set(inputs) - {spec.name for spec in specs})
    if missing or unknown:
        want = ', '.join(spec.name for spec in specs)
        msg = f'the network takes the inputs [{want}], not [{", ".join(inputs)}]'
        raise InferenceError(msg)
    for spec in specs:
        given = inputs[spec.name]
        fits = len(given.shape) == len(spec.shape) and all(
            want in (-1, size) for want, size in zip(spec.shape, given.shape, strict=True)
        )
        if given.dtype != spec.dtype or not fits:
            msg = (
                f'input {spec.name!r}: want {spec.dtype} {shape_text(spec.shape)}, '
                f'not {given.dtype} {shape_text(given.shape)}'
            )
            raise InferenceError(msg)
