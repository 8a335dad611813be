# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find the card that a network file brings along: beside it, or in its metadata."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from ..cards.card import ModelCard, load_card
from ..cards.embedded_card import card_in_metadata
from ..cards.validation import read_yaml
from ..errors import CardError
from ..onnx_tools.facts import read_facts

_LOG = logging.getLogger('ros_deep_learning')


def own_card(path: Path) -> ModelCard | None:
    """Return the card that a network file brings along, or None.

    A card beside the file has the file's name with the suffix ``.yaml``, or is in the folder
    ``cards`` next to the file's folder, as in the zoo; and the file is its source. It may have
    been edited, and so comes before the one in the metadata of an ONNX file.

    Raises:
        CardError: The card is malformed.
        OnnxError: The file is not an ONNX network.
    """
    if not path.is_file():
        return None
    for beside in (path.with_suffix('.yaml'), _card_in_zoo(path)):
        card = card_at(beside, path)
        if card is not None:
            _LOG.info('%s: its card is %s', path.name, beside)
            return card
    if path.suffix.lower() != '.onnx':
        return None
    card = card_in_metadata(read_facts(path).metadata, path)
    if card is not None:
        _LOG.info('%s: its card is in its metadata', path.name)
    return card


def card_at(beside: Path, path: Path) -> ModelCard | None:
    """Load a YAML file if it is the card of a network file, else return None.

    Other programs put YAML files beside networks too, such as Ultralytics its architectures.

    Raises:
        CardError: The card is malformed.
    """
    if not beside.is_file():
        return None
    try:
        top = read_yaml(beside)
    except CardError:
        return None
    if not all(key in top for key in ('name', 'task', 'source')):
        return None
    card = load_card(beside)
    source = card.source.file
    return card if source is not None and source.resolve() == path.resolve() else None


def _card_in_zoo(path: Path) -> Path:
    # Files that were added have a key of their content at the end of their names.
    name = re.sub('-[0-9a-f]{16}$', '', path.stem)
    return path.absolute().parent.parent / 'cards' / f'{name}.yaml'
