# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Load the colours of a network's classes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import CardError
from ..files import read_limited

_LEVEL = re.compile('[0-9]{1,3}')

MAX_COLORS_BYTES = 256 * 1024
"""Largest colour file; a mask has at most 255 classes, which need far less."""


def load_colors(path: Path | str) -> NDArray[np.uint8]:
    """Load a file with one colour per line, ``red green blue``, in the order of the classes.

    Numbers are 0..255, separated by blanks or commas. Blank lines are skipped. A fourth number,
    the opacity in colour files of jetson-inference, is checked and dropped.

    Returns:
        Shape (K, 3), uint8, rgb; row k is the colour of class k.

    Raises:
        CardError: The file cannot be read, has no colour, or has a line that is not a colour.
    """
    path = Path(path)
    try:
        data = read_limited(path, MAX_COLORS_BYTES)
    except OSError as err:
        msg = f'colors file {path} cannot be read: {err.strerror}'
        raise CardError(msg) from err
    colors = []
    for number, line in enumerate(data.decode('latin-1').splitlines(), 1):
        fields = line.replace(',', ' ').split()
        if not fields:
            continue
        levels = [int(field) for field in fields if _LEVEL.fullmatch(field)]
        if len(levels) != len(fields) or len(levels) not in (3, 4) or max(levels) > 255:
            msg = f'colors file {path}: line {number}: expected red green blue, each 0..255'
            raise CardError(msg)
        colors.append(levels[:3])
    if not colors:
        msg = f'colors file {path} is empty; expected one colour per line'
        raise CardError(msg)
    return np.array(colors, np.uint8)
