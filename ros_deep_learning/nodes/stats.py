# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The InferenceStats message, where the build made it."""

from __future__ import annotations

from typing import Any

from ..engines.base import EngineInfo
from .statistics import Snapshot

try:
    from ros_deep_learning.msg import InferenceStats as InferenceStats
except ImportError:  # built without message generators: the topic is left out
    InferenceStats = None


def stats_message(
    header: Any, model: str, info: EngineInfo, stages_ms: Any, age_ms: float, counts: Snapshot
) -> Any:
    """Make an InferenceStats of one frame.

    Args:
        header: The header of the image, used unchanged.
        model: The model's name.
        info: What runs it.
        stages_ms: Has ``preprocess_ms``, ``inference_ms`` and ``postprocess_ms`` of the frame.
        age_ms: Time from the image's stamp to this publication, in milliseconds.
        counts: The camera's counters.
    """
    return InferenceStats(
        header=header,
        model=model,
        backend=f'{info.backend} {info.version}',
        precision=info.precision,
        device=info.device,
        preprocess_ms=stages_ms.preprocess_ms,
        inference_ms=stages_ms.inference_ms,
        postprocess_ms=stages_ms.postprocess_ms,
        age_ms=age_ms,
        frames=counts.done,
        dropped=counts.dropped,
        limited=counts.limited,
        invalid=counts.invalid,
        fps=counts.fps,
    )
