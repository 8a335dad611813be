# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Choose the layers of a quantised network to keep in float, so that its results agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BuildError
from ..progress import Progress
from .onnx_edit import captured_names

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

Outputs = Mapping[str, NDArray[Any]]
Run = Callable[['ModelProto'], Sequence[Outputs]]
"""Runs a network on the evaluation frames and returns its outputs, one set per frame."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Agreement that a quantised network must reach on the evaluation frames.

    Attributes:
        score: Function of the outputs in float and in int8, one set per frame each. It returns
            their agreement, 0 to 1, or nan if there is nothing to compare (no object in any
            frame).
        share: Smallest accepted score, 0 to 1.
    """

    score: Callable[[Sequence[Outputs], Sequence[Outputs]], float]
    share: float


def quantised_layers(model: ModelProto) -> list[str]:
    """List the names of the nodes with a quantised input, in the graph's order."""
    made = {name for n in model.graph.node if n.op_type == 'DequantizeLinear' for name in n.output}
    return [node.name for node in model.graph.node if made.intersection(node.input)]


def with_float(quantised: ModelProto, original: ModelProto, layers: set[str]) -> ModelProto:
    """Return a quantised network with the float inputs and weights of some layers restored.

    Args:
        quantised: The Q/DQ network; it is not changed.
        original: The float network it was made from, with the same names.
        layers: Names of nodes in both networks.
    """
    result = type(quantised)()
    result.CopyFrom(quantised)
    graph = result.graph
    inputs = {node.name: node.input for node in original.graph.node if node.name in layers}
    for node in graph.node:
        if node.name in inputs:
            del node.input[:]
            node.input.extend(inputs[node.name])
    known = {tensor.name for tensor in graph.initializer}
    wanted = {name for names in inputs.values() for name in names} - known
    graph.initializer.extend(t for t in original.graph.initializer if t.name in wanted)
    _drop_unused(graph)
    return result


def keep_answers(
    quantised: ModelProto, original: ModelProto, run: Run, goal: Goal, progress: Progress
) -> tuple[ModelProto, tuple[str, ...]]:
    """Restore to float the layers with the largest errors in int8, as few as reach the goal.

    The error of a layer is the squared relative error of the outputs when only that layer is in
    int8, summed over outputs and frames. First the worst 0, 1, 2, 4 ... layers are restored until
    the goal is reached, then the smallest sufficient number is found by bisection.

    Args:
        quantised: The Q/DQ network; it is not changed.
        original: The float network it was made from, with the same names.
        run: Runs a network on the evaluation frames.
        goal: Agreement to reach.
        progress: Called with the share of layers that are measured; an exception from it ends
            the work.

    Returns:
        The network, and the names of the float layers, the worst first.

    Raises:
        BuildError: The goal is not reached with any layer in int8.
    """
    floats = run(original)

    def reached(model: ModelProto) -> bool:
        share = goal.score(floats, run(model))
        return math.isnan(share) or share >= goal.share

    if reached(quantised):
        return quantised, ()
    names = quantised_layers(quantised)
    harms = {}
    for index, name in enumerate(names):
        progress('measuring what int8 costs, layer by layer', index / len(names))
        alone = with_float(quantised, original, set(names) - {name})
        harms[name] = harm(floats, run(alone))
    worst = sorted(names, key=lambda name: -harms[name])
    failed, good = 0, 1
    while good < len(worst) and not reached(with_float(quantised, original, {*worst[:good]})):
        failed, good = good, 2 * good
    good = min(good, len(worst))
    while good - failed > 1:
        progress('looking for the fewest layers in float', None)
        middle = (failed + good) // 2
        if reached(with_float(quantised, original, {*worst[:middle]})):
            good = middle
        else:
            failed = middle
    if good == len(worst):
        msg = (
            f'no layer can be int8 with {goal.share:.1%} of the answers the same; to fix: more '
            'frames, the other method, or a lower goal'
        )
        raise BuildError(msg)
    return with_float(quantised, original, {*worst[:good]}), tuple(worst[:good])


def harm(floats: Sequence[Outputs], ints: Sequence[Outputs]) -> float:
    """Return the sum of squared relative errors (L2) over all outputs and frames.

    An output of another shape, such as one row less behind a suppression, counts 1: as much as
    one that is 0 everywhere.
    """
    total = 0.0
    for one, other in zip(floats, ints, strict=True):
        for name, value in one.items():
            if value.shape != other[name].shape:
                total += 1
                continue
            exact = value.astype(np.float64)
            size = float(np.square(exact).sum()) or 1.0
            total += float(np.square(other[name] - exact).sum()) / size
    return total


def _drop_unused(graph: Any) -> None:
    """Remove Q/DQ nodes and constants without users."""
    outputs = {value.name for value in graph.output} | captured_names(graph)
    nodes: list[NodeProto] = list(graph.node)
    while True:
        used = {name for node in nodes for name in node.input} | outputs
        left = [
            node
            for node in nodes
            if node.op_type not in ('QuantizeLinear', 'DequantizeLinear')
            or used.intersection(node.output)
        ]
        if len(left) == len(nodes):
            break
        nodes = left
    constants = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.initializer[:]
    graph.initializer.extend(constants)
