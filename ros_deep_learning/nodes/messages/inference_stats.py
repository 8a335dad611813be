# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The InferenceStats message of one frame."""

from __future__ import annotations

import math
from typing import Any

from ...engines.base import EngineInfo
from ..health.statistics import FrameStatistics, FrameTimes
from .topics import message_type

InferenceStats = message_type('ros_deep_learning/InferenceStats')
"""None if the package was built without message generators."""


def stats_message(
    header: Any, model: str, info: EngineInfo, times: FrameTimes, statistics: FrameStatistics
) -> Any:
    """Make the InferenceStats of one frame.

    Args:
        header: The header of the image, used unchanged.
        model: The model's name.
        info: The engine.
        times: The times of the frame.
        statistics: The counters of its camera, this frame included.
    """
    counts = statistics.snapshot()
    age = statistics.ages()
    return InferenceStats(
        header=header,
        model=model,
        backend=f'{info.backend} {info.version}',
        precision=info.precision,
        device=info.device,
        preprocess_ms=times.preprocess_ms,
        inference_ms=times.inference_ms,
        postprocess_ms=times.postprocess_ms,
        age_ms=times.age_ms,
        age_p50_ms=math.nan if age is None else age.p50,
        age_p95_ms=math.nan if age is None else age.p95,
        age_max_ms=math.nan if age is None else age.max,
        received=counts.received,
        frames=counts.done,
        dropped=counts.dropped,
        limited=counts.limited,
        unwanted=counts.unwanted,
        invalid=counts.invalid,
        failed=counts.failed,
        fps_in=counts.fps_in,
        fps=counts.fps,
    )
