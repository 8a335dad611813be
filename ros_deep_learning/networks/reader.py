# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What reads a detector's outputs: its card's decoder, or the one that they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..cards.card import ModelCard
from ..cards.labels import labels_in_metadata
from ..engines.base import EngineInfo
from ..errors import CardError, DecodeError
from ..recognition.decoder_choice import choose
from ..tasks.decoders.registry import Decoder, find_decoder

_WITH_SCORES = ('predictions', 'scores', 'coverage', 'heatmap', 'logits')
"""Beginnings of the roles that hold scores."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A decoder and the tensors that it reads.

    Attributes:
        name: The decoder's name.
        decoder: The decoder.
        roles: The tensor name of each of its roles.
        network_wh: Width and height of the network's input in pixels.
        class_count: The network's number of classes; None where its outputs do not tell.
    """

    name: str
    decoder: Decoder
    roles: Mapping[str, str]
    network_wh: tuple[int, int]
    class_count: int | None


def check_decoder(card: ModelCard) -> None:
    """Check that a card's decoder exists, if it names one.

    Raises:
        CardError: There is none of that name.
    """
    if card.decoder is not None:
        try:
            find_decoder(card.decoder)
        except DecodeError as err:
            msg = f'{card.name}: decoder: {err}'
            raise CardError(msg) from err


def choose_reader(card: ModelCard, info: EngineInfo, labels: Sequence[str]) -> Reader:
    """Choose what reads a network's outputs.

    Args:
        card: What is known of the network.
        info: What was loaded.
        labels: The class names, if they are known.

    Raises:
        CardError: No decoder reads the outputs, or more than one does; or scores are whole
            numbers.
    """
    network_wh = (card.input.width, card.input.height)
    shapes = {tensor.name: tensor.shape[1:] for tensor in info.outputs if tensor.shape}
    whole = {tensor.name: tensor.shape for tensor in info.outputs}
    try:
        choice = choose(
            shapes,
            network_wh,
            decoder=card.decoder,
            roles=card.outputs,
            labels=labels,
            metadata=info.metadata,
            whole=whole,
        )
    except DecodeError as err:
        msg = f'{card.name}: {err}'
        raise CardError(msg) from err
    _refuse_whole_scores(card, info, choice.roles)
    decoder = find_decoder(choice.decoder)
    own = shapes if decoder.batch_axis else whole
    by_role = {role: own.get(name, ()) for role, name in choice.roles.items()}
    labels = labels or labels_in_metadata(info.metadata)
    count = decoder.class_count(by_role)
    if decoder.takes_classes and labels:
        count = len(labels)
    return Reader(choice.decoder, decoder.for_classes(count), choice.roles, network_wh, count)


def _refuse_whole_scores(card: ModelCard, info: EngineInfo, roles: Mapping[str, str]) -> None:
    """Raise CardError if scores are of a type of whole numbers, as int8 networks may end."""
    types = {tensor.name: tensor.dtype for tensor in info.outputs}
    for role, name in roles.items():
        if role.startswith(_WITH_SCORES) and name in types and types[name].kind in 'iub':
            msg = (
                f'{card.name}: outputs.{role}: {name!r} has the type {types[name]}, but scores '
                'are fractions; to fix: export it with DequantizeLinear at its end'
            )
            raise CardError(msg)
