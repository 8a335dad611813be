# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The library's log records on the terminal."""

from __future__ import annotations

import logging


def log_to_terminal(level: int = logging.WARNING) -> None:
    """Write log records to the standard error, as ``WARNING: text``.

    Args:
        level: Least level of the package's own records; those of others are warnings and worse.
    """
    logging.basicConfig(level=logging.WARNING, format='%(levelname)s: %(message)s')
    logging.getLogger('ros_deep_learning').setLevel(level)
