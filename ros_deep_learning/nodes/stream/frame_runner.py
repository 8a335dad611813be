# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the worker does with frames: read, infer, publish and count them."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from ...errors import DeepLearningError, ImageError, ServerError
from ...text import one_line, quoted
from ..health.statistics import FrameTimes
from ..messages.inference_stats import stats_message
from ..parameters.live_setup import LiveSetup, Setup
from ..rclpy_workarounds import now_ns_of
from .camera import Camera, Shot
from .frame import Frame

WARN_PERIOD_S = 5.0


class _FairLock:
    """A lock that a thread which takes it again and again leaves to one that waits."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._running = threading.Lock()

    def __enter__(self) -> None:
        # A lock is not fair: without the second one, a busy worker could take it again and again.
        with self._turn:
            self._running.acquire()

    def __exit__(self, *_: object) -> None:
        self._running.release()


class FrameRunner:
    """Runs the frames of a node's cameras, as many together as its network takes.

    Args:
        setup: The settings and the network, read once for each batch.
        infer: See ``VisionNode.infer``.
        publish: See ``VisionNode.publish``.
        give_up: Called once with the reason when too many frames have failed in a row.
        unwatched: See ``VisionNode.runs_unwatched``.
        clock: The node's clock, which the stamps of images are compared with.
        log: The node's logger.
        ok: Returns whether ROS still runs; without it nothing can be published.
    """

    def __init__(
        self,
        setup: LiveSetup,
        *,
        infer: Callable[[Sequence[Shot], Setup], Iterator[Any]],
        publish: Callable[[Shot, Any, Setup], None],
        give_up: Callable[[str], None],
        unwatched: Callable[[], bool],
        clock: Any,
        log: Any,
        ok: Callable[[], bool],
    ) -> None:
        self._setup = setup
        self._infer = infer
        self._give_up = give_up
        self._unwatched = unwatched
        self._publish_results = publish
        self._now_ns = now_ns_of(clock)
        self._log = log
        self._ok = ok
        self._failed_in_a_row = 0
        self._gave_up = False
        self._between_frames = _FairLock()

    def reset(self) -> None:
        """Count failures anew."""
        self._failed_in_a_row = 0
        self._gave_up = False

    def batch_limit(self) -> int:
        """Return how many frames the network works on together at most, 1 or more."""
        most: int = self._setup.now.network.max_batch
        return most

    def between_frames(self) -> AbstractContextManager[None]:
        """Keep frames from running in a ``with`` block, once those in hand are done."""
        return self._between_frames

    def run(self, frames: Sequence[tuple[Camera, Frame]]) -> None:
        """Run one frame of each of some cameras; count and log whatever goes wrong."""
        if not self._ok():
            return
        try:
            shots = []
            for camera, frame in frames:
                if (shot := self._read(camera, frame)) is not None:
                    shots.append(shot)
            if shots:
                with self._between_frames:
                    self._process(shots)
        except Exception:  # noqa: BLE001  the worker must go on
            if self._ok():
                self._log.error(
                    f'frames were lost:\n{traceback.format_exc()}',
                    throttle_duration_sec=WARN_PERIOD_S,
                )

    def _read(self, camera: Camera, frame: Frame) -> Shot | None:
        wanted = camera.outputs.all_wanted()
        if not wanted and not self._unwatched():
            camera.statistics.unwanted()
            return None
        if frame.stamp_ns == 0 and not camera.zero_stamp_told:
            camera.zero_stamp_told = True
            self._log.warning(
                'images have stamp 0, and so have the results; let the camera driver of '
                f'{frame.topic} stamp them'
            )
        try:
            pixels = frame.pixels()
            camera.doubt = pixels.doubt
            return Shot(camera, frame, pixels, wanted)
        except ImageError as err:
            camera.statistics.invalid(str(err))
            self._log.warning(
                f'dropped an image of {frame.topic}, encoding {quoted(frame.encoding)}: {err}',
                throttle_duration_sec=WARN_PERIOD_S,
            )
        except Exception as err:  # noqa: BLE001  such as a lack of memory
            self._count_failure(camera, err)
        return None

    def _process(self, shots: Sequence[Shot]) -> None:
        setup = self._setup.now
        results = self._infer(shots, setup)
        for k, shot in enumerate(shots):
            left = shots[k:]
            try:
                # While a result is published, the network may run on the next image.
                result = next(results)
            except ServerError as err:
                # Those on their way are lost together.
                for lost in left:
                    self._count_failure(lost.camera, err)
                return
            except Exception as err:  # noqa: BLE001  one frame may fail, the thread may not
                if len(left) == 1:
                    self._count_failure(shot.camera, err)
                    return
                # One camera's frame must not cost the others theirs.
                for one in left:
                    self._process([one])
                return
            try:
                self._publish_results(shot, result, setup)
            except Exception as err:  # noqa: BLE001  one frame may fail, the thread may not
                self._count_failure(shot.camera, err)
            else:
                self._finish(shot, result, setup)

    def _finish(self, shot: Shot, result: Any, setup: Setup) -> None:
        self._failed_in_a_row = 0
        camera, frame = shot.camera, shot.frame
        age_ms = frame.age_ms(self._now_ns())
        if age_ms is None:
            age_ms = (time.monotonic_ns() - frame.arrival_ns) / 1e6
        stages = result.times
        times = FrameTimes(
            stages.preprocess_ms,
            stages.inference_ms,
            stages.postprocess_ms,
            age_ms,
            frame.arrival_ns,
        )
        camera.statistics.done(times)
        if 'stats' in shot.wanted:
            self._publish_stats(shot, times, setup)

    def _publish_stats(self, shot: Shot, times: FrameTimes, setup: Setup) -> None:
        camera = shot.camera
        try:
            message = stats_message(
                shot.frame.header,
                setup.settings.model,
                setup.network.info,
                times,
                camera.statistics,
            )
            camera.outputs.publish('stats', message)
        except Exception as err:  # noqa: BLE001  the result was published, and others follow
            if self._ok():
                self._log.warning(
                    f'no stats for this frame{_of(camera)}: {one_line(err)}',
                    throttle_duration_sec=WARN_PERIOD_S,
                )

    def _count_failure(self, camera: Camera, err: Exception) -> None:
        if not self._ok():
            return
        known = isinstance(err, DeepLearningError)
        text = str(err) if known else f'unexpected {traceback.format_exc()}'
        camera.statistics.failed(str(err))
        if not isinstance(err, ServerError):
            # A server comes back by itself.
            self._failed_in_a_row += 1
        self._log.error(
            f'no result for this frame{_of(camera)}: {text}', throttle_duration_sec=WARN_PERIOD_S
        )
        most = self._setup.now.settings.max_failures
        if not self._gave_up and 0 < most <= self._failed_in_a_row:
            self._gave_up = True
            self._give_up(f'{self._failed_in_a_row} failures in a row: {err}')


def _of(camera: Camera) -> str:
    return f' of {camera.name}' if camera.name else ''
