# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which layers some outputs need, and what each of their results is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import ConversionError
from .caffe_network import Layer, Network, shown


@dataclass(frozen=True, slots=True)
class Step:
    """A layer with its data by name.

    A blob may be changed in place, again and again. Its last state bears the blob's name, the
    ones before it the name of the layer that wrote them too: conv1@conv1.

    Attributes:
        layer: The layer.
        sources: Names of what it reads.
        results: Names of what it writes.
    """

    layer: Layer
    sources: tuple[str, ...]
    results: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be converted.

    Attributes:
        steps: The layers that the outputs need, in order.
        inputs: The inputs that they need.
        outputs: The names of the outputs.
    """

    steps: tuple[Step, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def make_plan(network: Network, outputs: Sequence[str] | None = None) -> Plan:
    """Plan the conversion of a network.

    Args:
        network: The network.
        outputs: Names of blobs, or of states of blobs (see Step); None = the blobs that no layer
            reads, which are Caffe's outputs.

    Raises:
        ConversionError: A blob is missing or written twice, or there are no such outputs.
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
                f'{network.path}: no layer gives the output {shown(name)}; the last blobs '
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
    return Plan(tuple(reversed(kept)), inputs, tuple(wanted))


def _steps(network: Network) -> tuple[list[Step], dict[str, str]]:
    """Give all steps, and the last state of each blob."""
    last_writers = {top: layer.name for layer in network.layers for top in layer.tops}
    states = {name: name for name in network.inputs}
    steps: list[Step] = []
    for layer in network.layers:
        missing = next((name for name in layer.bottoms if name not in states), None)
        if missing is not None:
            msg = (
                f'{network.path}: {layer}: no layer or input before it gives its bottom '
                f'{shown(missing)}'
            )
            raise ConversionError(msg)
        sources = tuple(states[name] for name in layer.bottoms)
        for number, top in enumerate(layer.tops):
            # As Net::AppendTop in net.cpp of BVLC/caffe has it.
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
