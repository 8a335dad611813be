# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The V4L2 cameras of this machine."""

from __future__ import annotations

from pathlib import Path

SYSTEM = Path('/sys/class/video4linux')


def list_devices() -> list[tuple[str, str]]:
    """Return the path and the name of each V4L2 device, in the order of their numbers.

    A camera may have several devices, of which only the first gives images.
    """
    found = []
    for folder in SYSTEM.glob('video*') if SYSTEM.is_dir() else ():
        try:
            name = (folder / 'name').read_text('utf-8', 'replace').strip()
        except OSError:
            name = '?'
        found.append((f'/dev/{folder.name}', name))
    return sorted(found, key=lambda row: (len(row[0]), row[0]))


def devices_text() -> str:
    """Return what devices there are, as the end of an error."""
    devices = list_devices()
    if not devices:
        return 'this machine has no V4L2 device'
    return 'there are ' + ', '.join(f'{path} ({name})' for path, name in devices)
