# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The model card that a node's parameters name, as other parameters change it."""

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
    """A node's parameters that replace keys of a model card; empty keeps the card's.

    Attributes:
        task: The node's task.
        class_colors_path: File with one colour a line.
        mean_pixel_value: Subtracted from each pixel value 0..255; 0 keeps the card's.
        decoder: What reads a detector's outputs; empty keeps the card's.
        outputs: Name of the tensor for each output: ``coverage`` and ``boxes``, or ``scores`` for
            the only one.
    """

    task: Task
    class_colors_path: str = ''
    mean_pixel_value: float = 0.0
    decoder: str = ''
    outputs: Mapping[str, str] = field(default_factory=dict)


def chosen_card(settings: VisionSettings, model: str, changes: CardChanges) -> ModelCard:
    """Find or make a network's card and apply the parameters to it.

    Args:
        settings: The parameters that all nodes have.
        model: Name or path of the card, or path of the network file.
        changes: The other parameters.

    Raises:
        ModelNotFoundError: There is no such card.
        CardError: It is malformed, the file lacks information, or a parameter does not fit.
    """
    hints = Hints(
        prototxt=_path(settings.prototxt_path),
        labels=_path(settings.class_labels_path),
        colors=_path(changes.class_colors_path),
        input_name=settings.input_blob or None,
        outputs=changes.outputs,
        mean_pixel=changes.mean_pixel_value,
        decoder=changes.decoder or None,
        **settings.given_values(),
    )
    return choose_card(model, changes.task, hints)


def _path(text: str) -> Path | None:
    return Path(text) if text else None
