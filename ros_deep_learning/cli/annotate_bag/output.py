# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the programs for bags print."""

from __future__ import annotations

import sys

from ...bags.opening import Bag
from ...text import printable

_LISTED = 10


def print_faults(program: str, bag: Bag) -> None:
    """Print what is wrong with a bag to the standard error."""
    faults = bag.faults()
    for fault in faults[:_LISTED]:
        print(f'rdl {program}: {printable(fault)}', file=sys.stderr)
    if len(faults) > _LISTED:
        print(f'rdl {program}: and {len(faults) - _LISTED} more', file=sys.stderr)
