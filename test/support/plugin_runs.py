# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Runs of pytest with some of the plugins of this folder, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def run_with_plugins(
    folder: Path, plugins: Sequence[str], *options: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the tests of a folder; nothing of this run but the Python path reaches them."""
    kept = ('PATH', 'HOME', 'LD_LIBRARY_PATH')
    environ = {name: os.environ[name] for name in kept if name in os.environ}
    places = [str(Path(__file__).parent), os.environ.get('PYTHONPATH', '')]
    environ |= {'PYTHONPATH': os.pathsep.join(places), 'PYTEST_DISABLE_PLUGIN_AUTOLOAD': '1'}
    command = [sys.executable, '-m', 'pytest', '-p', 'no:cacheprovider', *options]
    command += [f'-p{name}' for name in plugins]
    return subprocess.run(
        command,
        cwd=folder,
        env=environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
