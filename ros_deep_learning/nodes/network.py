# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a vision node needs of its network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..engines.base import EngineInfo
from ..engines.on_device import Allocate


class Network(Protocol):
    """Any network of the library."""

    @property
    def info(self) -> EngineInfo:
        """What was really loaded."""

    @property
    def max_batch(self) -> int:
        """Most images that are worked on together, 1 or more."""

    @property
    def frame_memory(self) -> Allocate | None:
        """Allocates memory whose frames it takes without a copy; None is ordinary memory."""

    @property
    def labels(self) -> Sequence[str]:
        """Name of each class."""

    @property
    def warnings(self) -> Sequence[str]:
        """What is unlikely about its results for a real picture."""

    @property
    def guesses(self) -> Sequence[str]:
        """What was guessed about a network file, as one text for each reason."""

    def warm_up(self) -> None:
        """Run once and check the result; the first frame does not wait for lazy initialisation."""

    def close(self) -> None:
        """Free the network."""
