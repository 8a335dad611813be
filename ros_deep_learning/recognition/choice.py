# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find the card of a network by name, card or network file, and apply the user's hints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..cards.card import ModelCard, Task
from ..cards.zoo import find_card
from ..errors import CardError
from ..paths import user_path
from .custom import card_from_file, is_network_file, refuse_other_file
from .hints import Hints
from .own_card import own_card

# Roles of a card's output that a role in the hints may stand for. The role ``scores`` in the hints
# stands for a single output with any role.
_ROLES: Mapping[str, tuple[str, ...]] = {
    'coverage': ('coverage', 'scores'),
    'boxes': ('boxes',),
}


def choose_card(
    model: str | Path, task: Task | None = None, hints: Hints | None = None
) -> ModelCard:
    """Find or create the card of a network.

    Args:
        model: A name in the zoo, or the path of a card or a network file. A file that has a card
            beside it or inside, as this package writes them, is read by that.
        task: Task of the network; None = the task that the file itself suggests. A card is
            returned even if its task is another one.
        hints: Values that override the card's.

    Raises:
        ModelNotFoundError: There is no such card.
        CardError: The card is malformed, the file lacks necessary information, or a hint does
            not match the card.
    """
    hints = hints or Hints()
    if is_network_file(model):
        own = own_card(user_path(model))
        if own is None:
            return card_from_file(Path(model), task, hints)
        card = own
    else:
        refuse_other_file(model)
        card = find_card(model)
    if hints.prototxt is not None:
        msg = (
            f'{hints.prototxt} belongs to a caffemodel, but {model} names all files of its '
            'network; to fix: give the path of the caffemodel, or no prototxt'
        )
        raise CardError(msg)
    return with_hints(card, hints)


def with_hints(card: ModelCard, hints: Hints) -> ModelCard:
    """Return a card with the values that a user gives in place of its own.

    Raises:
        CardError: A hint does not match the card.
    """
    changes: dict[str, Any] = {}
    if hints.labels is not None:
        changes['labels'] = user_path(hints.labels).absolute()
    if hints.colors is not None:
        changes['colors'] = user_path(hints.colors).absolute()
    if hints.decoder is not None:
        changes['decoder'] = hints.decoder
    spec = card.input
    if hints.input_name:
        spec = replace(spec, name=hints.input_name)
    if hints.mean_pixel:
        # A card's mean is subtracted after the scale, the hint's before it.
        spec = replace(spec, mean=(hints.mean_pixel * spec.scale,) * 3)
    spec = replace(spec, **hints.input_values())
    if hints.size_wh is not None:
        spec = replace(spec, width=hints.size_wh[0], height=hints.size_wh[1])
    outputs = dict(card.outputs)
    for role, tensor in hints.outputs.items():
        if tensor:
            outputs[_role(card, role, tensor)] = tensor
    return replace(card, input=spec, outputs=outputs, **changes)


def _role(card: ModelCard, meant: str, tensor: str) -> str:
    roles = _ROLES.get(meant, tuple(card.outputs) if len(card.outputs) == 1 else ())
    for role in roles:
        if role in card.outputs:
            return role
    outputs = ', '.join(card.outputs) or 'read from the network'
    msg = (
        f'which output of {card.name} the tensor {tensor} is stays open; its outputs are '
        f'{outputs}; to fix: name them one by one (--output-cvg and --output-bbox of a detector), '
        'or in a card'
    )
    raise CardError(msg)
