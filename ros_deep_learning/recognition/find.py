# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find the complete card of a network, for the classes of the library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..cards.card import ModelCard, Task
from ..downloads.card_completion import is_complete
from ..errors import CardError
from ..paths import user_path
from ..progress import Progress, silent

if TYPE_CHECKING:
    from ..engines.loader import EngineLoader

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def find_network(
    model: str | Path | ModelCard,
    task: Task,
    labels: str | Path | None = None,
    colors: str | Path | None = None,
    *,
    given: Mapping[str, Any] = _NOTHING,
    loader: EngineLoader | None = None,
    progress: Progress = silent,
) -> ModelCard:
    """Find the card of a network.

    If the card needs facts from the network's files, these are fetched and converted.

    Args:
        model: A card, its name in the zoo or its path, or the path of a network file that
            ``custom.card_from_file`` can read.
        task: Required task of the network.
        labels: File of labels to use instead of the card's.
        colors: File of colours to use instead of the card's.
        given: Fields of ``Hints`` that replace the card's values.
        loader: Loader that fetches the files; None = the default loader of the process.
        progress: Called with the progress of downloads and conversions; an exception from it
            cancels them.

    Raises:
        ModelNotFoundError: There is no such card.
        CardError: The card is malformed, or made for another task.
        DeepLearningError: The network cannot be fetched or converted.
    """
    named = {'labels': labels, 'colors': colors}
    files: dict[str, Any] = {k: user_path(v) for k, v in named.items() if v is not None}
    if isinstance(model, ModelCard):
        card = model
        if given:
            from .choice import with_hints
            from .hints import Hints

            card = with_hints(card, Hints(**given))
    else:
        from .choice import choose_card
        from .hints import Hints

        card = choose_card(model, task, Hints(**files, **given))
    if card.task != task:
        msg = f'{card.name} is made for {card.task}, not for {task}'
        raise CardError(msg)
    if not is_complete(card):
        card = or_default(loader).complete(card, progress)
    return replace(card, **files) if files else card


def or_default(loader: EngineLoader | None) -> EngineLoader:
    """Return the loader, or the default loader of the process if it is None."""
    if loader is not None:
        return loader
    from ..engines.loader import default_loader

    return default_loader()
