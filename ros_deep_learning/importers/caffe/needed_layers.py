# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Select the layers that the outputs need, and name each of their results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import ConversionError
from .caffe_network import Layer, Network, shown


@dataclass(frozen=True, slots=True)
class Step:
    """A layer with the names of its inputs and results.

    Layers may change a blob in place, repeatedly. The last state has the blob's name; earlier
    states also have the name of the layer that wrote them: conv1@conv1.

    Attributes:
        layer: The layer.
        sources: Names of the states that it reads.
        results: Names of the states that it writes.
    """

    layer: Layer
    sources: tuple[str, ...]
    results: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NeededLayers:
    """The part of a network to convert.

    Attributes:
        steps: The layers that the outputs need, in order.
        inputs: Names of the inputs that these layers need.
        outputs: Names of the outputs.
    """

    steps: tuple[Step, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def needed_layers(network: Network, outputs: Sequence[str] | None = None) -> NeededLayers:
    """Select the layers of a network to convert.

    Args:
        network: The network.
        outputs: Names of blobs, or of states of blobs (see Step); None = the blobs that no layer
            reads, which are Caffe's outputs.

    Raises:
        ConversionError: A blob is missing or written twice, or an output does not exist.
    """
    steps, states = _steps(network)
    if outputs is None:
        read = {name for step in steps for name in step.sources}
        outputs = [name for step in steps for name in step.results if name not in read]
    known = {name for step in steps for name in step.results}
    wanted: dict[str, None] = {}
    for name in outputs:
        state = states.get(name, name)
        if state not in known:
            ends = [state for blob, state in states.items() if blob not in network.inputs]
            msg = (
                f'{network.path}: no layer writes the output {shown(name)}; the last blobs '
                f'are {", ".join(map(shown, ends[:-6:-1])) or "none"}'
            )
            raise ConversionError(msg)
        wanted[state] = None
    if not wanted:
        msg = f'{network.path}: the network has no outputs'
        raise ConversionError(msg)
    needed = set(wanted)
    kept: list[Step] = []
    for step in reversed(steps):
        if not needed.isdisjoint(step.results):
            needed.update(step.sources)
            kept.append(step)
    inputs = tuple(name for name in network.inputs if name in needed)
    return NeededLayers(tuple(reversed(kept)), inputs, tuple(wanted))


def _steps(network: Network) -> tuple[list[Step], dict[str, str]]:
    """Return all steps, and the name of the last state of each blob."""
    last_writers = {top: layer.name for layer in network.layers for top in layer.tops}
    states = {name: name for name in network.inputs}
    steps: list[Step] = []
    for layer in network.layers:
        missing = next((name for name in layer.bottoms if name not in states), None)
        if missing is not None:
            msg = (
                f'{network.path}: {layer}: no layer or input before it provides its bottom '
                f'{shown(missing)}'
            )
            raise ConversionError(msg)
        sources = tuple(states[name] for name in layer.bottoms)
        for number, top in enumerate(layer.tops):
            # The rule of Net::AppendTop in net.cpp of BVLC/caffe.
            in_place = number < len(layer.bottoms) and layer.bottoms[number] == top
            if not top or (top in states and not in_place):
                msg = (
                    f'{network.path}: {layer}: its top {shown(top)} has no name, or is '
                    'written by a layer before it'
                )
                raise ConversionError(msg)
            is_last = last_writers[top] == layer.name and top not in network.inputs
            states[top] = top if is_last else f'{top}@{layer.name}'
        steps.append(Step(layer, sources, tuple(states[name] for name in layer.tops)))
    return steps, states
