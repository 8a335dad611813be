# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a vision node needs of its network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ...engines.base import EngineInfo


class Network(Protocol):
    """Any network of the library."""

    @property
    def info(self) -> EngineInfo:
        """What was really loaded."""

    @property
    def stats(self) -> Any:
        """Stage times of the last frame: preprocess_ms, inference_ms, postprocess_ms."""

    @property
    def max_batch(self) -> int:
        """Most images in one run, 1 or more."""

    @property
    def batch_stats(self) -> Sequence[Any]:
        """Stage times, as in ``stats``, of each image that the last call of a batch was given."""

    @property
    def labels(self) -> Sequence[str]:
        """Name of each class."""

    def warm_up(self) -> None:
        """Run once, so that the first frame does not wait for what is made at the first run."""

    def close(self) -> None:
        """Free the network."""
