# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The GPU that a plan is built for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import SettingsError


@dataclass(frozen=True, slots=True)
class Target:
    """A GPU of this or another machine.

    Attributes:
        gpu: Name of the GPU, as reported by the driver.
        compute_capability: Major and minor version.
        device: Index of the GPU; None if it is not in this machine.
        integrated: Whether it shares its memory with the CPU, as in a Jetson.
    """

    gpu: str
    compute_capability: tuple[int, int]
    device: int | None = None
    integrated: bool = False

    @property
    def capability_text(self) -> str:
        """Compute capability as text, such as ``8.7``."""
        major, minor = self.compute_capability
        return f'{major}.{minor}'


def absent_target(text: str) -> Target:
    """Return a target for a GPU that is not in this machine.

    Args:
        text: Compute capability, such as ``8.6`` or ``sm86``.

    Raises:
        SettingsError: The text is not a compute capability.
    """
    match = re.fullmatch(r'(?:sm_?)?(\d+)\.?(\d)', text.strip().lower())
    if match is None:
        msg = f'expected a compute capability such as 8.6 or sm86, got {text!r}'
        raise SettingsError(msg)
    capability = int(match[1]), int(match[2])
    return Target(f'any of compute capability {match[1]}.{match[2]}', capability)
