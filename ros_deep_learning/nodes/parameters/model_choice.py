# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The model card that a node's parameters name, with what other parameters change in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...cards.card import ModelCard, Task
from ...recognition.choice import choose_card
from ...recognition.hints import Hints
from .vision_settings import VisionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChanges:
    """What jetson-inference has as parameters and a model card as keys; empty keeps the card's.

    Attributes:
        task: What the node's network is made for.
        class_colors_path: File with one colour a line.
        mean_pixel_value: Subtracted from each pixel value 0..255; 0 keeps the card's.
        outputs: Name of an output's tensor: of ``coverage`` and ``boxes``, or ``scores`` for the
            only one.
    """

    task: Task
    class_colors_path: str = ''
    mean_pixel_value: float = 0.0
    outputs: Mapping[str, str] = field(default_factory=dict)


def chosen_card(settings: VisionSettings, model: str, changes: CardChanges) -> ModelCard:
    """Find or make a network's card and change what the parameters say.

    Args:
        settings: The parameters that all nodes have.
        model: Name or path of the card, or path of the network's own file.
        changes: The others.

    Raises:
        ModelNotFoundError: There is no such card.
        CardError: It is malformed, the file does not tell enough, or a parameter does not fit.
    """
    hints = Hints(
        prototxt=_path(settings.prototxt_path),
        labels=_path(settings.class_labels_path),
        colors=_path(changes.class_colors_path),
        input_name=settings.input_blob or None,
        outputs=changes.outputs,
        mean_pixel=changes.mean_pixel_value,
    )
    return choose_card(model, changes.task, hints)


def _path(text: str) -> Path | None:
    return Path(text) if text else None
