# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One camera's part of /diagnostics."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus

from .statistics import FrameStatistics, Snapshot

STALE_MS = 10_000.0
FUTURE_MS = -100.0
STARVED_SHARE = 0.1
LOG_PERIOD_S = 60.0


@dataclass(frozen=True, slots=True)
class WatchedCamera:
    """A camera of an active node.

    Attributes:
        name: Its name in diagnostics; empty for the only one.
        statistics: Its counters.
        topic: Returns the full name of the topic whose images are taken now.
        mismatches: Returns a line for each publisher whose images do not arrive.
        silence: Returns a likely reason why nothing arrives.
        losses_counted_by: Returns how lost images are counted.
        received_by: Returns how images are taken from the middleware.
        doubt: Returns what is unlikely about the newest image, or an empty text.
    """

    name: str
    statistics: FrameStatistics
    topic: Callable[[], str]
    mismatches: Callable[[], list[str]]
    silence: Callable[[], str]
    losses_counted_by: Callable[[], str]
    received_by: Callable[[], str]
    doubt: Callable[[], str]


class CameraHealth:
    """A camera's status: the frames since the last report, judged.

    Args:
        camera: The camera.
        clock: The node's clock.
        timeout_s: Returns the seconds without an image after which to warn; 0 never warns.
        log: The node's logger; it gets a warning when the graph keeps images away.
    """

    def __init__(
        self, camera: WatchedCamera, clock: Any, timeout_s: Callable[[], float], log: Any
    ) -> None:
        self._camera = camera
        self._clock = clock
        self._timeout_s = timeout_s
        self._log = log
        self._logged_s: dict[str, float] = {}
        self._before = camera.statistics.snapshot()

    def fill(self, status: Any) -> Any:
        """Fill a status with the judgement, rates, times and counts."""
        counts = self._camera.statistics.snapshot()
        status.summary(*self._judge(counts))
        self._before = counts
        status.add('topic', self._camera.topic())
        status.add('fps in', f'{counts.fps_in:.2f}')
        status.add('fps out', f'{counts.fps:.2f}')
        latencies = self._camera.statistics.latencies()
        if latencies is not None:
            for stage in ('preprocess', 'inference', 'postprocess', 'age'):
                status.add(f'{stage} [ms]', str(getattr(latencies, stage)))
        for name, value in (
            ('lost on the way', counts.lost),
            ('received', counts.received),
            ('done', counts.done),
            ('replaced by newer', counts.dropped),
            ('over the rate limit', counts.limited),
            ('not wanted', counts.unwanted),
            ('invalid', counts.invalid),
            ('failed', counts.failed),
            ('overlays not drawn', counts.undrawn),
        ):
            status.add(name, str(value))
        status.add('lost are counted by', self._camera.losses_counted_by())
        status.add('received by', self._camera.received_by())
        status.add('last error', counts.last_error or 'none')
        if counts.last_error_s is not None:
            status.add('last error age', f'{counts.last_error_s:.0f} s')
        return status

    def _judge(self, counts: Snapshot) -> tuple[bytes, str]:
        failed = counts.failed - self._before.failed
        if failed or counts.failures_in_a_row:
            text = f'inference fails ({max(failed, counts.failures_in_a_row)}): '
            return DiagnosticStatus.ERROR, text + counts.last_error
        warnings = [*self._of_the_graph(counts), *self._of_the_frames(counts)]
        if warnings:
            return DiagnosticStatus.WARN, '; '.join(warnings)
        return DiagnosticStatus.OK, self._healthy(counts)

    def _of_the_graph(self, counts: Snapshot) -> list[str]:
        found = self._camera.mismatches()
        if found:
            self._warn_of('; '.join(found))
        elif 0 < self._timeout_s() < counts.silent_s:
            reason = self._camera.silence()
            self._warn_of(f'no images: {reason}')
            found = [f'no image for {counts.silent_s:.0f} s: {reason}']
        return found

    def _warn_of(self, text: str) -> None:
        """Log a warning, unless the same one was logged within the last minute."""
        # rclpy's throttle would keep back the next cause, and the other cameras' warnings.
        now_s = time.monotonic()
        logged_s = {said: at for said, at in self._logged_s.items() if now_s - at < LOG_PERIOD_S}
        if text not in logged_s:
            self._log.warning(text)
            logged_s[text] = now_s
        self._logged_s = logged_s

    def _of_the_frames(self, counts: Snapshot) -> list[str]:
        found = []
        lost, came = counts.lost - self._before.lost, counts.received - self._before.received
        if lost > came:
            found.append(
                f'{lost} images were lost on the way and {came} arrived: use compressed images, '
                'or the profile for large ones (docs/transport.md)'
            )
        invalid = counts.invalid - self._before.invalid
        if invalid or counts.invalid_in_a_row:
            found.append(f'images cannot be read: {counts.last_error}')
        if doubt := self._camera.doubt():
            found.append(f'the images of {self._camera.topic()} may be wrong: {doubt}')
            self._warn_of(found[-1])
        if self._starves(counts):
            found.append(
                f'only {counts.fps:.1f} of {counts.fps_in:.1f} frames/s are processed: a smaller '
                'model, a faster device or a slower camera'
            )
        if counts.received > self._before.received:
            found += self._of_the_stamps(counts)
        return found

    def _starves(self, counts: Snapshot) -> bool:
        """Return whether hardly any wanted frame within the rate limit is processed."""
        came = counts.received - self._before.received
        admitted = came - (counts.limited - self._before.limited)
        if not admitted or counts.unwanted > self._before.unwanted:
            return False
        admitted_fps = counts.fps_in * admitted / came
        dropping = counts.dropped > self._before.dropped
        return dropping and counts.fps < STARVED_SHARE * admitted_fps

    def _of_the_stamps(self, counts: Snapshot) -> list[str]:
        clock = self._clock
        if clock.ros_time_is_active and not clock.now().nanoseconds:
            return ['use_sim_time is set, but nobody publishes /clock']
        age_ms = counts.arrival_age_ms
        if age_ms is None:
            return ['images have no stamp, and so have the results; let the driver stamp them']
        if age_ms < FUTURE_MS:
            when = f'{-age_ms / 1e3:.1f} s in the future'
        elif age_ms > STALE_MS:
            when = f'{age_ms / 1e3:.1f} s old'
        else:
            return []
        return [f'images are {when} when they come: synchronise the clocks, or check use_sim_time']

    def _healthy(self, counts: Snapshot) -> str:
        if not counts.received:
            return f'waits for images on {self._camera.topic()}'
        if counts.unwanted > self._before.unwanted and not counts.fps:
            return f'idle, nobody subscribes to a result; {counts.fps_in:.1f} frames/s come'
        latencies = self._camera.statistics.latencies()
        age = '' if latencies is None else f', {latencies.age.p50:.0f} ms old'
        return f'{counts.fps:.1f} of {counts.fps_in:.1f} frames/s{age}'
