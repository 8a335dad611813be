# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The network that a user means: by name, by card or by its own file, with what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..cards.card import ModelCard, Task
from ..cards.zoo import find_card
from ..errors import CardError
from .custom import card_from_file, is_network_file
from .hints import Hints

# Which outputs of a card are meant, by their role, where hints name one of these; ``scores``
# stands for the only output, whatever its role.
_ROLES: Mapping[str, tuple[str, ...]] = {
    'coverage': ('coverage', 'scores'),
    'boxes': ('boxes',),
}


def choose_card(
    model: str | Path, task: Task | None = None, hints: Hints | None = None
) -> ModelCard:
    """Find or make the card of a network.

    Args:
        model: A name of the zoo, or the path of a card or of a network's own file.
        task: What it is made for; None is as a file tells. A card of another task is given back
            as it is.
        hints: What is said of it; it wins over the card.

    Raises:
        ModelNotFoundError: There is no such card.
        CardError: It is malformed, the file does not tell enough, or a hint does not fit.
    """
    hints = hints or Hints()
    if is_network_file(model):
        return card_from_file(Path(model), task, hints)
    card = find_card(model)
    if hints.prototxt is not None:
        msg = (
            f'{hints.prototxt} belongs to a caffemodel, but {model} is a network that names all '
            'its files; give the path of the caffemodel, or no prototxt'
        )
        raise CardError(msg)
    changes: dict[str, Any] = {}
    if hints.labels is not None:
        changes['labels'] = hints.labels.expanduser().absolute()
    if hints.colors is not None:
        changes['colors'] = hints.colors.expanduser().absolute()
    if hints.decoder is not None:
        changes['decoder'] = hints.decoder
    spec = card.input
    if hints.input_name:
        spec = replace(spec, name=hints.input_name)
    if hints.mean_pixel:
        # The card's mean is subtracted after its scale.
        spec = replace(spec, mean=(hints.mean_pixel * spec.scale,) * 3)
    outputs = dict(card.outputs)
    for role, tensor in hints.outputs.items():
        if tensor:
            outputs[_role(card, role)] = tensor
    return replace(card, input=spec, outputs=outputs, **changes)


def _role(card: ModelCard, meant: str) -> str:
    roles = _ROLES.get(meant, tuple(card.outputs) if len(card.outputs) == 1 else ())
    for role in roles:
        if role in card.outputs:
            return role
    msg = (
        f'the output {meant} that is named does not fit {card.name}, whose outputs are '
        f'{", ".join(card.outputs) or "told by the network"}; name its tensors in the card'
    )
    raise CardError(msg)
