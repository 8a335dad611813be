# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The command ``rdl annotate-bag``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ...bags.libraries import check_libraries
from ...errors import BagError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program if the libraries for bags are there; see ``program.main``."""
    try:
        check_libraries()
    except BagError as err:
        print(f'rdl annotate-bag: {err}', file=sys.stderr)
        return 1
    from .program import main

    return main(argv)
