# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Lines of a model's configuration for Triton: its tensors and its warm-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ...cards.card import ModelCard
from ...errors import CardError
from ...imaging.compressed import encode_jpeg
from ...onnx_tools.facts import TensorFacts
from .protocol import NAMES

BLACK = 'black.jpg'
"""Name of the file that warms up a model which takes JPEG files."""


def tensor_lines(
    card: ModelCard, kind: str, tensors: Mapping[str, TensorFacts], *, batched: bool
) -> Iterator[str]:
    """Yield a line for each tensor; its first axis is left out where the server batches.

    Raises:
        CardError: It is of a type or shape that a server does not have.
    """
    for name, facts in tensors.items():
        if not facts.shape:
            msg = f'{card.name}: {kind} {name!r} has no axes, but a server needs one'
            raise CardError(msg)
        dims = ', '.join(map(str, facts.shape[batched:]))
        yield (
            f'{kind} [{{ name: {_quoted(name)} data_type: {_type(card, name, facts)} '
            f'dims: [{dims}] }}]'
        )


def warm_up(
    card: ModelCard, inputs: Mapping[str, TensorFacts], count: int, *, batched: bool
) -> Iterator[str]:
    """Yield the lines of a warm-up with zeros for so many frames."""
    yield 'model_warmup [{'
    yield f'  name: "zeros for {count}"'
    yield f'  batch_size: {count}'
    for name, facts in inputs.items():
        dims = ', '.join(map(str, _whole(card, facts.shape)[batched:]))
        yield (
            f'  inputs {{ key: {_quoted(name)} value: {{ data_type: {_type(card, name, facts)} '
            f'dims: [{dims}] zero_data: true }} }}'
        )
    yield '}]'


def jpeg_warm_up(card: ModelCard, name: str) -> Iterator[str]:
    """Yield the lines of a warm-up with ``black_jpeg``, in the folder ``warmup`` of the model."""
    yield 'model_warmup [{'
    yield '  name: "black"'
    yield (
        f'  inputs {{ key: {_quoted(name)} value: {{ data_type: TYPE_UINT8 '
        f'dims: [{len(black_jpeg(card))}] input_data_file: "{BLACK}" }} }}'
    )
    yield '}]'


def black_jpeg(card: ModelCard) -> bytes:
    """Return a JPEG file of the size of the card's input."""
    return encode_jpeg(np.zeros((card.input.height, card.input.width, 3), np.uint8), 90)


def _whole(card: ModelCard, shape: Sequence[int]) -> list[int]:
    """Fill in the open sizes of an input: those of the card's image, else 1."""
    spec = card.input
    sizes = [1] * len(shape)
    if len(shape) in (3, 4):
        side = [spec.height, spec.width]
        image = [spec.depth, *side] if spec.layout == 'nchw' else [*side, spec.depth]
        sizes = [1, *image][-len(shape) :]
    return [size if known < 0 else known for known, size in zip(shape, sizes, strict=True)]


def _type(card: ModelCard, name: str, facts: TensorFacts) -> str:
    if facts.dtype not in NAMES:
        msg = f'{card.name}: tensor {name!r} is of a type that a server does not have'
        raise CardError(msg)
    return f'TYPE_{NAMES[facts.dtype]}'


def _quoted(name: str) -> str:
    escaped = name.replace('\\', '\\\\').replace('"', '\\"')
    return f'"{escaped}"'
