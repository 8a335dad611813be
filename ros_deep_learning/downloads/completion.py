# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A card of a download, completed by what the download itself says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from ..cards.card import InputSpec, ModelCard
from ..cards.source import Role, SourceSpec
from ..onnx_tools.facts import OnnxFacts, read_facts

_LOG = logging.getLogger('ros_deep_learning')


def is_complete(card: ModelCard) -> bool:
    """Tell whether a card says all there is to know, so that its files add nothing."""
    return not card.source.urls and card.format != 'caffe'


def complete(card: ModelCard, onnx_path: Path, files: Mapping[Role, Path]) -> ModelCard:
    """Give the card of the network as it lies here: an ONNX file with its own labels.

    The author of a card may not have seen its archive. Where the network itself tells a size, or
    the name of its only input or output, that holds; what differs is logged. Labels and colours
    of the archive win over those of the zoo, but not over others that a caller put into the card.

    Args:
        card: The network.
        onnx_path: Its ONNX file.
        files: What else came with it.

    Raises:
        CardError: The file is no ONNX network.
    """
    facts = read_facts(onnx_path)
    spec = _fitting_input(card, facts)
    outputs = _fitting_outputs(card, facts)
    if spec != card.input or outputs != dict(card.outputs):
        _LOG.info(
            '%s: as its network says, the input is %s %dx%d and the outputs are %s',
            *(card.name, spec.name, spec.width, spec.height, ', '.join(outputs.values())),
        )
    return replace(
        card,
        source=SourceSpec(file=onnx_path, credit=card.source.credit),
        format='onnx',
        input=spec,
        outputs=MappingProxyType(outputs),
        labels=_best(card, card.labels, files.get('labels')),
        colors=_best(card, card.colors, files.get('colors')),
    )


def _best(card: ModelCard, named: Path | None, packed: Path | None) -> Path | None:
    """Choose between a file that the card names and the one that came with the weights.

    The latter fits the weights better than what comes with the zoo; a file from elsewhere is
    somebody's own choice.
    """
    if packed is None or named is None:
        return packed or named
    # A symlink install has the card and the file that it names in different folders.
    homes = (card.folder, card.folder.parent / 'labels')
    if all((home / named.name).resolve() != named.resolve() for home in homes):
        return named
    return packed


def _fitting_input(card: ModelCard, facts: OnnxFacts) -> InputSpec:
    spec = card.input
    if len(facts.inputs) != 1:
        return spec
    ((name, tensor),) = facts.inputs.items()
    if spec.name is not None:
        spec = replace(spec, name=name)
    if len(tensor.shape) == 4:
        height, width = tensor.shape[2:] if spec.layout == 'nchw' else tensor.shape[1:3]
        if height > 0 and width > 0:
            spec = replace(spec, width=width, height=height)
    return spec


def _fitting_outputs(card: ModelCard, facts: OnnxFacts) -> dict[str, str]:
    outputs = dict(card.outputs)
    unknown = [role for role, name in outputs.items() if name not in facts.outputs]
    if len(unknown) == len(outputs) == len(facts.outputs) == 1:
        outputs[unknown[0]] = next(iter(facts.outputs))
    return outputs
