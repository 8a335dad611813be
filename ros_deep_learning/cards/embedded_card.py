# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A card inside the metadata of the ONNX file that it describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from .card import ModelCard, read_card
from .card_text import card_text
from .names import card_name
from .source import SourceSpec
from .validation import parse_yaml

CARD_KEY = 'ros_deep_learning.card'
"""Key of the metadata; its value is a card without source and labels."""


def card_metadata(card: ModelCard, labels: Sequence[str] | None) -> dict[str, str]:
    """Return the metadata with which a file needs no card.

    Args:
        card: The network; its colours are a file, and stay out.
        labels: Name of each class, kept as Ultralytics keeps them; None = the file has its own.
    """
    inside = replace(card, aliases=(), format='onnx', labels=None, colors=None)
    entries = {CARD_KEY: card_text(inside, with_source=False)}
    if labels is not None:
        entries['names'] = repr(dict(enumerate(labels)))
    return entries


def card_in_metadata(metadata: Mapping[str, str], path: Path) -> ModelCard | None:
    """Read the card in the metadata of an ONNX file; None if there is none.

    Args:
        metadata: Of the file.
        path: The file.

    Raises:
        CardError: The card is malformed.
    """
    text = metadata.get(CARD_KEY)
    if text is None:
        return None
    card = read_card(parse_yaml(text, path), SourceSpec(file=path.absolute()))
    return replace(card, name=card_name(path))
