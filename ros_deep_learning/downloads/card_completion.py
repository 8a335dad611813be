# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Complete the card of a download with what the downloaded files contain."""

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
    """Return whether a card is complete, so that its files can add nothing."""
    return not card.source.urls and card.format != 'caffe'


def complete(card: ModelCard, onnx_path: Path, files: Mapping[Role, Path]) -> ModelCard:
    """Return the card of a downloaded network: a local ONNX file with its own labels.

    A card may have been written without its archive at hand. If the ONNX file declares a size,
    or the name of its only input or output, that replaces the card's value; differences are
    logged. Labels and colours of the archive replace those of the zoo, but not others that a
    caller has put into the card.

    Args:
        card: The network.
        onnx_path: Its ONNX file.
        files: The other files of the download, by role.

    Raises:
        CardError: The file is not an ONNX network.
    """
    facts = read_facts(onnx_path)
    spec = _fitting_input(card, facts)
    outputs = _fitting_outputs(card, facts)
    if spec != card.input or outputs != dict(card.outputs):
        _LOG.info(
            '%s: by its ONNX file, the input is %s %dx%d and the outputs are %s',
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
    """Choose between the file that the card names and the one that came with the weights.

    The latter fits the weights better than a file of the zoo. A file from elsewhere was chosen
    by the user, and stays.
    """
    if packed is None or named is None:
        return packed or named
    # In a symlink install, the card and the file that it names resolve to different folders.
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
