# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The networks that come with the package, found by name."""

from __future__ import annotations

import difflib
from pathlib import Path

from ..errors import ModelNotFoundError
from .card import ModelCard, load_card

_CARD_SUFFIXES = ('.yaml', '.yml')


def zoo_folder() -> Path:
    """Give the folder with ``cards``, ``weights`` and ``labels``.

    It lies in the installed package, or at the top of a checkout.

    Raises:
        ModelNotFoundError: The installation has none.
    """
    package = Path(__file__).parents[1]
    for folder in (package / 'zoo', package.parent / 'models'):
        if (folder / 'cards').is_dir():
            return folder
    msg = f'the installation at {package} has no model cards; install the package again'
    raise ModelNotFoundError(msg)


def list_cards() -> tuple[ModelCard, ...]:
    """Load all cards of the zoo, sorted by name.

    Raises:
        CardError: A card is malformed.
        ModelNotFoundError: The installation has none.
    """
    return tuple(load_card(path) for path in sorted((zoo_folder() / 'cards').glob('*.yaml')))


def find_card(name_or_path: str | Path) -> ModelCard:
    """Find a network by name, by alias, or by the path of a card.

    Case does not matter in names, and ``_``, ``-`` and blanks are the same.

    Raises:
        ModelNotFoundError: There is no such card; the message lists close names.
        CardError: The card is malformed.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.lower().endswith(_CARD_SUFFIXES):
        path = Path(name_or_path).expanduser()
        if not path.is_file():
            msg = f'no model card at {path.absolute()}'
            raise ModelNotFoundError(msg)
        return load_card(path)
    wanted = _normal(text)
    names: list[str] = []
    for card in list_cards():
        if wanted in (_normal(name) for name in (card.name, *card.aliases)):
            return card
        names.append(card.name)
    close = difflib.get_close_matches(wanted, names, n=3)
    hint = f'did you mean {" or ".join(close)}?' if close else f'known are {", ".join(names)}'
    msg = f'no model {text[:80]!r}; {hint} (or give the path of a .yaml card)'
    raise ModelNotFoundError(msg)


def _normal(name: str) -> str:
    return '-'.join(name.strip().casefold().replace('_', ' ').replace('-', ' ').split())
