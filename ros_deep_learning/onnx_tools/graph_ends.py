# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a graph does first and last, which tells how its tensors are meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from .first_layer import first_layer_gain

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_SAME_NUMBERS = frozenset(
    (
        *('Identity', 'Cast', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Transpose'),
        *('Dropout', 'QuantizeLinear', 'DequantizeLinear'),
    )
)
_QUANTISED = re.compile('^Q(Linear)?(?=[A-Z])')
"""Begins the names of int8 operators, such as QLinearSoftmax and QGemm."""
_ARITHMETIC = frozenset(('Add', 'Sub', 'Mul', 'Div', 'BatchNormalization'))
_MOST_STEPS = 32


@dataclass(frozen=True, slots=True)
class GraphEnds:
    """Operators at the ends of a graph, those that only move numbers left out.

    Attributes:
        operators: All types of operators.
        last: Type of the last operator before each output, for int8 that of the float one; empty
            if there is none.
        first: Operators that read an input, up to the first in each branch that is neither
            arithmetic nor a move or resize.
        gain: By how much the first convolution amplifies an image; None where that is not known.
    """

    operators: frozenset[str]
    last: Mapping[str, str]
    first: frozenset[str]
    gain: float | None

    @property
    def normalises(self) -> bool:
        """Whether the input is scaled or shifted before anything else is done."""
        return bool(self.first & _ARITHMETIC)


def graph_ends(model: ModelProto) -> GraphEnds:
    """Read the operators at both ends of a network's graph."""
    makers = {name: node for node in model.graph.node for name in node.output}
    constants = {tensor.name for tensor in model.graph.initializer}
    images = {value.name for value in model.graph.input if value.name not in constants}
    return GraphEnds(
        operators=frozenset(node.op_type for node in model.graph.node),
        last=MappingProxyType({o.name: _last(o.name, makers) for o in model.graph.output}),
        first=_first(model, images),
        gain=first_layer_gain(model),
    )


def _last(name: str, makers: Mapping[str, NodeProto]) -> str:
    for _ in range(_MOST_STEPS):
        node = makers.get(name)
        if node is None or not node.input:
            return ''
        if node.op_type not in _SAME_NUMBERS:
            return _QUANTISED.sub('', node.op_type, count=1)
        name = node.input[0]
    return ''


def _first(model: ModelProto, images: set[str]) -> frozenset[str]:
    reached, found = set(images), set[str]()
    for node in model.graph.node:
        if not reached & set(node.input):
            continue
        found.add(node.op_type)
        if node.op_type in _SAME_NUMBERS | _ARITHMETIC | {'Resize', 'Upsample'}:
            reached |= set(node.output)
    return frozenset(found)
