# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read what a user gives about a network's input, as text or as values."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, get_args

from ..cards.card import MAX_SIDE, Channels, Resize
from ..errors import SettingsError

Numbers = float | str | Sequence[float]
"""A number, three of them, or either as text; ``1/255`` is a number too."""

_SIZE = re.compile('([0-9]+)x([0-9]+)')


def read_given(
    *,
    decoder: str | None = None,
    resize: str | None = None,
    channels: str | None = None,
    scale: float | str | None = None,
    mean: Numbers | None = None,
    std: Numbers | None = None,
    input_size: str | Sequence[int] | None = None,
) -> dict[str, Any]:
    """Return the fields of ``Hints`` that are given; None and empty texts are not.

    Args:
        decoder: Name of the decoder of a detector.
        resize: How an image is fitted into the input, as in a card.
        channels: The network's channel order, as in a card.
        scale: Factor on the pixel value, above 0.
        mean: Subtrahend after the scale, one number or one per channel.
        std: Divisor at the end, one number or one per channel, above 0.
        input_size: Width and height in pixels, or a text such as ``640x480``.

    Raises:
        SettingsError: A value has a wrong form or is out of range; the message names it.
    """
    given: dict[str, Any] = {}
    if decoder:
        given['decoder'] = decoder
    choices = {'resize': (resize, Resize), 'channels': (channels, Channels)}
    for name, (word, kind) in choices.items():
        if word:
            if word not in get_args(kind):
                msg = f'{name}: expected one of {", ".join(get_args(kind))}, got {word!r}'
                raise SettingsError(msg)
            given[name] = word
    if scale is not None and scale != '':
        (given['scale'],) = _numbers('scale', scale, above=0.0, counts=(1,))
    if mean is not None and mean != '':
        given['mean'] = _three(_numbers('mean', mean))
    if std is not None and std != '':
        given['std'] = _three(_numbers('std', std, above=0.0))
    if input_size is not None and input_size != '':
        given['size_wh'] = read_size('input_size', input_size)
    return given


def read_size(name: str, value: str | Sequence[int], largest: int = MAX_SIDE) -> tuple[int, int]:
    """Return width and height of a text such as ``640x480``, or of two numbers.

    Args:
        name: What they are the size of, for the error.
        value: The text or the numbers.
        largest: Largest side.

    Raises:
        SettingsError: The value has another form, or a side is not 1 to ``largest``.
    """
    if isinstance(value, str):
        match = _SIZE.fullmatch(value.strip())
        sides: tuple[int, ...] = () if match is None else (int(match[1]), int(match[2]))
    else:
        sides = tuple(value)
    if len(sides) != 2 or not all(1 <= side <= largest for side in sides):
        msg = f'{name}: expected a size such as 640x480, got {value!r}'
        raise SettingsError(msg)
    return sides[0], sides[1]


def _numbers(
    name: str, value: Numbers, *, above: float = -math.inf, counts: tuple[int, ...] = (1, 3)
) -> tuple[float, ...]:
    parts: Sequence[Any]
    if isinstance(value, str):
        parts = value.strip().strip('[]').split(',')
    else:
        parts = value if isinstance(value, Sequence) else (value,)
    try:
        numbers = tuple(map(_number, parts))
    except (ValueError, ZeroDivisionError):
        numbers = ()
    fits = len(numbers) in counts and all(math.isfinite(n) and n > above for n in numbers)
    if not fits:
        wanted = 'a number or three, joined by commas' if 3 in counts else 'a number such as 1/255'
        limit = f', above {above:g}' if above > -math.inf else ''
        msg = f'{name}: expected {wanted}{limit}, got {value!r}'
        raise SettingsError(msg)
    return numbers


def _number(part: Any) -> float:
    if isinstance(part, str) and '/' in part:
        above, _, below = part.partition('/')
        return float(above) / float(below)
    return float(part)


def _three(numbers: tuple[float, ...]) -> tuple[float, ...]:
    return numbers if len(numbers) == 3 else numbers * 3
