# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a console program says at its end: where the results are, how fast, and how many."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from time import perf_counter

import numpy as np

from ...tasks.times import StageTimes

_LAST_FRAMES = 100_000


class Summary:
    """Counts frames, their time and the objects in them; the time starts with the first frame.

    Attributes:
        frames: The number of frames.
        left_out: The number of pictures that could not be read.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.left_out = 0
        self._labels: Counter[str] = Counter()
        # A camera may run for days: of its last hour is told.
        self._times: deque[StageTimes] = deque(maxlen=_LAST_FRAMES)
        self._start = perf_counter()

    def start(self) -> None:
        """Start the time, when the network is loaded."""
        self._start = perf_counter()

    def add(self, labels: Iterable[str], times: StageTimes) -> None:
        """Count a frame with the labels of what was found in it, and what it cost."""
        self.frames += 1
        self._times.append(times)
        # ImageNet's labels list synonyms.
        self._labels.update(label.partition(',')[0] for label in labels)

    def stages(self, *, of_one: bool = False) -> str:
        """Return the median and the 95th percentile of each stage in ms.

        Args:
            of_one: Whether one frame is enough; otherwise the text is empty for it.
        """
        return stage_line(self._times) if self.frames > (not of_one) else ''

    def line(self, output: str | None, codec: str = '') -> str:
        """Return the last line: ``wrote out.mp4 (h264): 250 frames in 7.0 s (36 fps); car 92``.

        Args:
            output: The output as the user gave it; None if there is none.
            codec: Codec of an output that is a video.
        """
        seconds = perf_counter() - self._start
        kind = f' ({codec})' if codec else ''
        wrote = f'wrote {output}{kind}: ' if output else ''
        rate = self.frames / max(seconds, 1e-9)
        parts = [f'{wrote}{_number(self.frames, "frame")} in {seconds:.1f} s ({rate:.3g} fps)']
        if self._labels:
            rows = sorted(self._labels.items(), key=lambda row: (-row[1], row[0]))
            parts.append(', '.join(f'{label} {count}' for label, count in rows))
        if self.left_out:
            parts.append(f'{_number(self.left_out, "unreadable picture")} left out')
        return '; '.join(parts)


def stage_line(times: Sequence[StageTimes]) -> str:
    """Return the median and the 95th percentile of each stage in ms."""
    half, most = np.percentile([astuple(each) for each in times], (50, 95), axis=0)
    names = [field.name.removesuffix('_ms') for field in fields(StageTimes)]
    told = zip(names, half, most, strict=True)
    return 'ms, p50 / p95: ' + ', '.join(f'{name} {a:.1f} / {b:.1f}' for name, a, b in told)


def _number(count: int, noun: str) -> str:
    return f'{count} {noun}{"s" * (count != 1)}'
