# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find the card of a network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cards.card import ModelCard, Task
from ..downloads.completion import is_complete
from ..errors import CardError
from ..progress import Progress, silent

if TYPE_CHECKING:
    from ..engines.loader import EngineLoader


def find_network(
    model: str | Path | ModelCard,
    task: Task,
    labels: str | Path | None = None,
    colors: str | Path | None = None,
    *,
    loader: EngineLoader | None = None,
    progress: Progress = silent,
) -> ModelCard:
    """Find the card of a network: itself, by a name of the zoo, by its path, or by its own file.

    Where only the network's own files tell all of it, they are fetched and converted.

    Args:
        model: The card, its name or its path, or the path of an ``.onnx`` or another file of a
            network, as ``custom.card_from_file`` takes it.
        task: What it must be made for.
        labels: A file of labels in place of the card's own.
        colors: A file of colours in place of the card's own.
        loader: Where its files come from; None is the process's default loader.
        progress: Told of downloads and conversions; may raise to cancel.

    Raises:
        ModelNotFoundError: There is no such card.
        CardError: It is malformed, or made for another task.
        DeepLearningError: The network cannot be fetched or converted.
    """
    given = {'labels': labels, 'colors': colors}
    files: dict[str, Any] = {k: Path(v).expanduser() for k, v in given.items() if v is not None}
    if isinstance(model, ModelCard):
        card = model
    else:
        from .choice import choose_card
        from .hints import Hints

        card = choose_card(model, task, Hints(**files))
    if card.task != task:
        msg = f'{card.name} is made for {card.task}, not for {task}'
        raise CardError(msg)
    if not is_complete(card):
        card = or_default(loader).complete(card, progress)
    return replace(card, **files) if files else card


def or_default(loader: EngineLoader | None) -> EngineLoader:
    """Give the loader, or the process's default one."""
    if loader is not None:
        return loader
    from ..engines.loader import default_loader

    return default_loader()
