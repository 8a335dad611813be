# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The model card that a node's parameters name, with what other parameters change in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from ..models.card import ModelCard
from ..models.zoo import find_card
from .settings import VisionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChanges:
    """What jetson-inference has as parameters and a model card as keys; empty keeps the card's.

    Attributes:
        class_colors_path: File with one colour a line.
        mean_pixel_value: Subtracted from each pixel value 0..255; 0 keeps the card's.
        output_names: Name of an output's tensor, by that of its parameter.
    """

    class_colors_path: str = ''
    mean_pixel_value: float = 0.0
    output_names: Mapping[str, str] = field(default_factory=dict)


# Which outputs of a card each parameter means, by their role; those of a single output is it.
_ROLES: Mapping[str, tuple[str, ...]] = {
    'output_cvg': ('coverage', 'scores'),
    'output_bbox': ('boxes',),
}


def chosen_card(settings: VisionSettings, model: str, changes: CardChanges) -> ModelCard:
    """Find a network's card and change what the parameters say.

    Args:
        settings: The parameters that all nodes have.
        model: Name or path of the card.
        changes: The others.

    Raises:
        ModelNotFoundError: There is no such card.
        CardError: It is malformed.
        SettingsError: A parameter does not fit the card.
    """
    if settings.prototxt_path:
        msg = (
            f'parameter prototxt_path is {settings.prototxt_path!r}, but a model card names all '
            'files of its network: write a card and give its path as model'
        )
        raise SettingsError(msg)
    card = find_card(model)
    new: dict[str, Any] = {}
    if settings.class_labels_path:
        new['labels'] = Path(settings.class_labels_path).expanduser()
    if changes.class_colors_path:
        new['colors'] = Path(changes.class_colors_path).expanduser()
    if settings.input_blob:
        new['input'] = replace(card.input, name=settings.input_blob)
    if changes.mean_pixel_value:
        # The card's mean is subtracted after its scale.
        mean = changes.mean_pixel_value * card.input.scale
        new['input'] = replace(new.get('input', card.input), mean=(mean, mean, mean))
    outputs = dict(card.outputs)
    for parameter, tensor in changes.output_names.items():
        if tensor:
            outputs[_role(card, parameter)] = tensor
            new['outputs'] = outputs
    return replace(card, **new) if new else card


def _role(card: ModelCard, parameter: str) -> str:
    meant = _ROLES.get(parameter, tuple(card.outputs) if len(card.outputs) == 1 else ())
    for role in meant:
        if role in card.outputs:
            return role
    msg = (
        f'parameter {parameter} does not fit the card {card.name}, whose outputs are '
        f'{", ".join(card.outputs)}; name its tensors in the card'
    )
    raise SettingsError(msg)
