# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The GPU that a plan is for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import SettingsError


@dataclass(frozen=True, slots=True)
class Target:
    """A GPU, present or not.

    Attributes:
        gpu: Its name, as the driver gives it.
        compute_capability: Major and minor.
        device: Its index here; None where it is not on this machine.
        integrated: Whether it shares its memory with the CPU, as a Jetson's does.
    """

    gpu: str
    compute_capability: tuple[int, int]
    device: int | None = None
    integrated: bool = False

    @property
    def capability_text(self) -> str:
        """The compute capability as people write it, such as ``8.7``."""
        major, minor = self.compute_capability
        return f'{major}.{minor}'


def absent_target(text: str) -> Target:
    """Read the compute capability of a GPU that is not on this machine.

    Args:
        text: Such as ``8.6`` or ``sm86``.

    Raises:
        SettingsError: It is written otherwise.
    """
    match = re.fullmatch(r'(?:sm_?)?(\d+)\.?(\d)', text.strip().lower())
    if match is None:
        msg = f'cannot read the compute capability {text!r}; want such as 8.6 or sm86'
        raise SettingsError(msg)
    capability = int(match[1]), int(match[2])
    return Target(f'any of compute capability {match[1]}.{match[2]}', capability)
