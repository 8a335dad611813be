# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The command that runs a network which a program has just made."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from ..cards.card import Task

PROGRAMS: Mapping[Task, str] = {
    'classification': 'imagenet',
    'detection': 'detectnet',
    'segmentation': 'segnet',
}


def next_command(task: Task, model: str | Path) -> str:
    """Return the commands that run a network on a picture and as a node.

    Args:
        task: Its task.
        model: Its name, or the path of its card or file.
    """
    program = PROGRAMS[task]
    # The working folder of a launched node may be another one.
    place = Path(model).absolute() if Path(model).is_file() else model
    return (
        f'{program} --network={shlex.quote(str(model))} PICTURE, or '
        f'ros2 launch ros_deep_learning {program}.launch.py {shlex.quote(f"model:={place}")}'
    )
