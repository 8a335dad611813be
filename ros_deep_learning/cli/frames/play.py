# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a network on the frames of the inputs: print, draw, write and count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from ...imaging.pixels import Pixels
from ...tasks.times import StageTimes
from ...text import printable
from ...video.options import VideoOptions
from ...video.page.newest import Report
from ...video.page.panel import LiveSettings
from ...video.screens import WindowSink, is_page
from ...video.sinks import Sink
from ...video.sources import FrameSource, SeveralPictures
from ..bar import frame_bar
from .crops import Crops
from .inputs import frame_total, named_frames
from .replay import replayed, watchers_wait
from .results import Results, Rows
from .sinks import frame_writer
from .summary import Summary


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a network found in a frame.

    Attributes:
        lines: To be printed.
        picture_bgr: The annotated picture, shape (H, W, 3), uint8.
        times: What the frame cost.
        labels: Of each object, or of the best class.
        rows: Everything that was found, for ``--results``.
    """

    lines: Sequence[str]
    picture_bgr: NDArray[np.uint8]
    times: StageTimes
    labels: Sequence[str] = ()
    rows: Rows = ()


Look = Callable[[Pixels, NDArray[np.uint8], LiveSettings], Seen]
"""Run the network on a frame, given a copy of it to draw on, (H, W, 3) uint8 BGR."""

StartLook = Callable[[], Look]
"""Make the function for one input: what it remembers of frames, such as tracks, starts anew."""


@dataclass(frozen=True, slots=True)
class Player:
    """Plays inputs one after the other.

    Attributes:
        sources: The inputs.
        sinks: The output of each; closed when the input has ended.
        results: Collects what was found.
        crops: Writes the boxes.
        summary: Counts.
        options: What is asked of each input.
        limit: Most frames of an input; None for all.
    """

    sources: Sequence[FrameSource]
    sinks: Sequence[Sink]
    results: Results
    crops: Crops
    summary: Summary
    options: VideoOptions
    limit: int | None

    def play(self, start_look: StartLook, settings: LiveSettings) -> None:
        """Run the network on every frame.

        Args:
            start_look: Makes the function that does so.
            settings: Those of the command line; a page may change them.

        Raises:
            DeepLearningError: An input cannot be read, or an output cannot be written.
        """
        self.summary.start()
        with frame_bar(self._total()) as report:
            for source, sink in zip(self.sources, self.sinks, strict=True):
                with closing(sink):
                    self._play(source, sink, start_look(), settings, report)

    def _play(
        self,
        source: FrameSource,
        sink: Sink,
        look: Look,
        settings: LiveSettings,
        report: Callable[[str], None],
    ) -> None:
        page = sink if is_page(sink) else None
        write = frame_writer(source, sink)
        frames = named_frames(source, self.options, several=len(self.sources) > 1)
        wait = watchers_wait(sink)
        if wait is not None and not source.live:
            frames = replayed(frames, self.options.rate_hz or source.rate_hz, wait)
        for one in islice(frames, self.limit):
            taken_s = monotonic()
            if page is not None:
                settings = page.settings
            seen = look(Pixels(one.frame_bgr, 'bgr'), one.frame_bgr.copy(), settings)
            report('\n'.join([printable(one.name), *(f'  {line}' for line in seen.lines)]))
            if page is not None:
                page.show(seen.picture_bgr, Report(seen.rows, taken_s, seen.times.by_stage()))
            else:
                write(one.index, seen.picture_bgr)
            size_wh = (one.frame_bgr.shape[1], one.frame_bgr.shape[0])
            self.summary.add(seen.labels, seen.times)
            self.results.add(one.index, one.name, size_wh, seen.rows)
            self.crops.add(one.stem, one.index, one.frame_bgr, seen.rows)
            if isinstance(sink, WindowSink) and sink.closed:
                break
        if isinstance(source, SeveralPictures):
            self.summary.left_out += source.left_out

    def _total(self) -> int | None:
        total = 0
        for source in self.sources:
            count = frame_total(source, self.options)
            if count is None and self.limit is None:
                return None
            total += min(n for n in (count, self.limit) if n is not None)
        return total
