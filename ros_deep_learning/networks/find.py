# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find the card of a network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CardError
from ..models.card import ModelCard, Task
from ..models.completion import is_complete
from ..progress import Progress, silent

if TYPE_CHECKING:
    from ..engines.loader import EngineLoader


def find_network(
    model: str | Path | ModelCard,
    task: Task,
    labels: str | Path | None = None,
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
        loader: Where its files come from; None is the process's default loader.
        progress: Told of downloads and conversions; may raise to cancel.

    Raises:
        ModelNotFoundError: There is no such card.
        CardError: It is malformed, or made for another task.
        DeepLearningError: The network cannot be fetched or converted.
    """
    if isinstance(model, ModelCard):
        card = model
    else:
        from .choice import choose_card
        from .custom import Hints

        named = None if labels is None else Path(labels).expanduser()
        card = choose_card(model, task, Hints(labels=named))
    if card.task != task:
        msg = f'{card.name} is made for {card.task}, not for {task}'
        raise CardError(msg)
    if not is_complete(card):
        card = or_default(loader).complete(card, progress)
    return card if labels is None else replace(card, labels=Path(labels).expanduser())


def or_default(loader: EngineLoader | None) -> EngineLoader:
    """Give the loader, or the process's default one."""
    if loader is not None:
        return loader
    from ..engines.loader import default_loader

    return default_loader()
