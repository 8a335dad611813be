# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The libraries for bags, which are optional."""

from __future__ import annotations

from importlib.util import find_spec

from ..errors import BagError

_NEEDED = ('mcap', 'rosbags', 'zstandard')


def check_libraries() -> None:
    """Raise BagError if a library for bags is not installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        msg = f'bags need {", ".join(missing)}; to fix: pip install {" ".join(missing)}'
        raise BagError(msg)
