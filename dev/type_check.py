# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run mypy if the installed NumPy is the release that the code is checked with.

The stubs of NumPy change with each release, so another release would find other errors. The
result does not depend on the Python that runs mypy, so one NumPy is enough.
"""

from __future__ import annotations

import subprocess
import sys

CHECKED_WITH = '2.4'


def main() -> int:
    """Check the types; return 0 if they are right, or if NumPy is another release (printed)."""
    import numpy as np

    release = '.'.join(np.__version__.split('.')[:2])
    if release != CHECKED_WITH:
        print(f'types: not checked with NumPy {release}; their check needs NumPy {CHECKED_WITH}')
        return 0
    return subprocess.run([sys.executable, '-m', 'mypy'], check=False).returncode


if __name__ == '__main__':
    sys.exit(main())
