# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find the cards of the package and of the user by name."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from ..errors import ModelNotFoundError
from ..paths import user_path
from .card import ModelCard, load_card
from .names import find_named, normal

MODELS_VARIABLE = 'ROS_DEEP_LEARNING_MODELS'

CARD_SUFFIXES = ('.yaml', '.yml')
"""What the path of a card ends with."""


def zoo_folder() -> Path:
    """Return the package's folder with ``cards``, ``weights`` and ``labels``.

    It is inside the installed package, or at the top of a checkout.

    Raises:
        ModelNotFoundError: The installation has no such folder.
    """
    package = Path(__file__).parents[1]
    for folder in (package / 'zoo', package.parent / 'models'):
        if (folder / 'cards').is_dir():
            return folder
    msg = f'the installation at {package} has no model cards; install the package again'
    raise ModelNotFoundError(msg)


def user_folder() -> Path:
    """Return the folder of the user's own networks, which may not exist yet.

    It has the same subfolders as the zoo's. The path is ``$ROS_DEEP_LEARNING_MODELS``, or
    ``$XDG_DATA_HOME/ros_deep_learning`` (through platformdirs) if that is not set.
    """
    import platformdirs

    named = os.environ.get(MODELS_VARIABLE)
    return user_path(named or platformdirs.user_data_dir('ros_deep_learning'))


def card_files() -> list[Path]:
    """List the card files: first those of the zoo, then the user's, each sorted by name.

    Raises:
        ModelNotFoundError: The installation has no zoo.
    """
    return [
        path
        for folder in (zoo_folder(), user_folder())
        for path in sorted((folder / 'cards').glob('*.yaml'), key=lambda path: path.stem)
    ]


def is_own(card: ModelCard) -> bool:
    """Return whether a network is the user's own, not one of the package.

    Raises:
        ModelNotFoundError: The installation has no zoo.
    """
    return card.folder.resolve() != (zoo_folder() / 'cards').resolve()


def list_cards() -> tuple[ModelCard, ...]:
    """Load all cards: first those of the zoo, then the user's, each sorted by name.

    Raises:
        CardError: A card is malformed.
        ModelNotFoundError: The installation has no zoo.
    """
    return tuple(load_card(path) for path in card_files())


def find_card(name_or_path: str | Path) -> ModelCard:
    """Load the card with a name, an alias, or a path.

    Names are compared without case, and ``_``, ``-`` and blanks are equal. A name without a
    resolution finds the card with the lowest resolution.

    Args:
        name_or_path: The name, or the path of a ``.yaml`` or ``.yml`` file.

    Raises:
        ModelNotFoundError: There is no such card; the message lists close names.
        CardError: The card is malformed.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.lower().endswith(CARD_SUFFIXES):
        path = user_path(name_or_path)
        if not path.is_file():
            msg = f'no model card at {path.absolute()}'
            raise ModelNotFoundError(msg)
        return load_card(path)
    paths = card_files()
    card = find_named(text, paths, load_card)
    if card is not None:
        return card
    names = [path.stem for path in paths]
    close = difflib.get_close_matches(normal(text[:80]), names, n=3)
    hint = f'did you mean {" or ".join(close)}?' if close else 'see `rdl models list`'
    msg = f'no model {text[:80]!r}; {hint} (or give the path of a .yaml card)'
    raise ModelNotFoundError(msg)
