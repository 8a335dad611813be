# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Install Chromium with apt for the tests of the live page, where there is none."""

from __future__ import annotations

import os
import shutil
import sys

import ros_underlay

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')


def main() -> int:
    """Return 0; without Chromium these tests are left out, and counted."""
    from underlay.machine import Missing, require

    if os.environ.get('CHROMIUM') or any(map(shutil.which, NAMES)):
        return 0

    def program() -> None:
        require([Missing('Chromium', 'chromium')], install=True, say=print)

    ros_underlay.guarded(program)
    return 0


if __name__ == '__main__':
    sys.exit(main())
