# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Text for messages: shapes, and errors of libraries and of the disk on one line."""

from __future__ import annotations

import errno
from collections.abc import Sequence


def shape_text(shape: Sequence[int]) -> str:
    """Return a shape as ``1x3x300x300``, with ``?`` for an open (negative) dimension."""
    return 'x'.join('?' if size < 0 else str(size) for size in shape) or 'scalar'


def printable(text: str) -> str:
    """Return a text with escapes for what a terminal or a ROS message could stumble over."""
    if text.isprintable():
        return text
    return ''.join(c if c.isprintable() else c.encode('unicode_escape').decode() for c in text)


def for_terminal(text: str) -> str:
    """Return lines with escapes for what a terminal takes for commands, as in names of files."""
    return '\n'.join(map(printable, text.split('\n')))


def quoted(text: str, limit: int = 80) -> str:
    """Return at most ``limit`` characters of somebody else's text in quotes, with escapes."""
    return repr(text if len(text) <= limit else f'{text[:limit]}...')


def one_line(err: BaseException, limit: int = 400) -> str:
    """Return the message of an exception on one line of at most ``limit`` characters."""
    text = printable(' '.join(str(err).split())) or type(err).__name__
    return text if len(text) <= limit else text[: limit - 3] + '...'


def disk_cause(err: OSError, fix: str = '') -> str:
    """Return why a file could not be written, with the fix.

    Args:
        err: The error.
        fix: What helps against anything but a full disk; empty = nothing to advise.
    """
    if err.errno in (errno.ENOSPC, errno.EDQUOT):
        return 'no space left on the disk; free some and run again'
    cause = err.strerror or str(err)
    return f'{cause}; {fix}' if fix else cause
