# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The command ``rdl bag-to-dataset``."""

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
        print(f'rdl bag-to-dataset: {err}', file=sys.stderr)
        return 1
    from .program import main

    return main(argv)
