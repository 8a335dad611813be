# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What one image cost on its way through a network."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class StageTimes:
    """What one image cost, in milliseconds; in a batch its share.

    Attributes:
        preprocess_ms: From the image to the input tensor; 0 where the engine does that itself.
        inference_ms: The engine's run, with what it does before and after on its device. Of runs
            that overlap, what was spent on starting this one and on waiting for it.
        postprocess_ms: From the output tensors to the result.
    """

    preprocess_ms: float = 0.0
    inference_ms: float = 0.0
    postprocess_ms: float = 0.0

    def by_stage(self) -> dict[str, float]:
        """Return the milliseconds by the name of the stage: ``{'preprocess': 0.6, ...}``."""
        return {name.removesuffix('_ms'): ms for name, ms in asdict(self).items()}


NOT_TIMED = StageTimes()
"""The times of a result that no network has made."""
