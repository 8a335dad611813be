# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Checks that all backends use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from ..errors import InferenceError
from ..text import shape_text
from .base import TensorSpec


def check_inputs(inputs: Mapping[str, NDArray[Any]], specs: Sequence[TensorSpec]) -> None:
    """Check the tensors of a frame against the inputs of the network.

    Raises:
        InferenceError: A tensor is missing or unknown, or has another dtype or shape; the message
            has the tensor's name, and what was expected and given.
    """
    if len(inputs) != len(specs):
        raise _other_inputs(inputs, specs)
    for spec in specs:
        given = inputs.get(spec.name)
        if given is None:
            raise _other_inputs(inputs, specs)
        fits = len(given.shape) == len(spec.shape) and all(
            known in (-1, size) for known, size in zip(spec.shape, given.shape, strict=True)
        )
        if given.dtype != spec.dtype or not fits:
            msg = (
                f'input {spec.name!r}: expected {spec.dtype} {shape_text(spec.shape)}, '
                f'got {given.dtype} {shape_text(given.shape)}'
            )
            raise InferenceError(msg)


def _other_inputs(inputs: Mapping[str, Any], specs: Sequence[TensorSpec]) -> InferenceError:
    names = ', '.join(spec.name for spec in specs)
    return InferenceError(f'expected the inputs [{names}], got [{", ".join(inputs)}]')
