# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Text for messages: shapes, and errors of libraries on one line."""

from __future__ import annotations

from collections.abc import Sequence


def shape_text(shape: Sequence[int]) -> str:
    """Write a shape as ``1x3x300x300``, with ``?`` for an open dimension."""
    return 'x'.join('?' if size < 0 else str(size) for size in shape) or 'scalar'


def one_line(err: BaseException, limit: int = 400) -> str:
    """Bring a library's message onto one line of at most so many characters."""
    text = ' '.join(str(err).split()) or type(err).__name__
    return text if len(text) <= limit else text[: limit - 3] + '...'
