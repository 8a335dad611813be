# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run mypy, where the NumPy at hand is the one whose stubs the code is checked against.

NumPy's stubs change with each release, and what one accepts another one does not. The checks do
not depend on the Python that runs them, so one NumPy is enough.
"""

from __future__ import annotations

import subprocess
import sys

CHECKED_WITH = '2.4'


def main() -> int:
    """Check the types; 0 where all is well or the NumPy is another one, which is said."""
    import numpy as np

    release = '.'.join(np.__version__.split('.')[:2])
    if release != CHECKED_WITH:
        print(f'types: not checked with NumPy {release}; their check needs NumPy {CHECKED_WITH}')
        return 0
    return subprocess.run([sys.executable, '-m', 'mypy'], check=False).returncode


if __name__ == '__main__':
    sys.exit(main())
