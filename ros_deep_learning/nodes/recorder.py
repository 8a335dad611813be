# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The recorder node: prints a detector's results and keeps its annotated frames as files."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.task import Future
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

from ..errors import ImageError
from ..imaging.image_messages import pixels_from_message
from ..paths import user_path
from ..text import printable
from ..video.album import Album
from .messages.outputs import RESULT_QOS
from .messages.results import boxes_of
from .messages.topics import Topic
from .parameters.parameter_table import ParameterTable, parameter
from .program.spin import run_node

LINE_PERIOD_S = 0.25
KEPT = 100
"""Results that wait for the overlay of the same stamp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderSettings:
    """The parameters of the recorder."""

    folder: str = parameter('demo_output', 'Folder for the annotated video and contact sheet.')
    rate_hz: float = parameter(
        25.0, 'Frames a second of the recorded video.', minimum=0.1, maximum=1000.0
    )
    patience_s: float = parameter(
        120.0, 'Seconds to wait for the first frame.', minimum=1.0, maximum=86400.0
    )
    silence_s: float = parameter(
        3.0, 'Seconds without a frame after which the recording ends.', minimum=0.1, maximum=3600.0
    )


class RecorderNode(Node):  # type: ignore[misc]
    """Pairs ``~/detections`` with ``~/overlay`` by their stamp until the frames end."""

    default_name = 'recorder'
    settings_type = RecorderSettings
    topics = (
        Topic('in', '~/detections', 'vision_msgs/Detection2DArray', "detectnet's results"),
        Topic('in', '~/overlay', 'sensor_msgs/Image', "detectnet's annotated frames"),
    )

    def __init__(self) -> None:
        super().__init__(self.default_name)
        settings: RecorderSettings = ParameterTable(self.settings_type).declare(self)
        self._settings = settings
        self._album = Album(user_path(settings.folder), settings.rate_hz)
        self._lines: dict[int, str] = {}
        self._found: dict[int, list[tuple[str, float]]] = {}
        self._counts: Counter[str] = Counter()
        self._best: dict[str, float] = {}
        self._arrivals_s: list[float] = []
        self._printed_s = 0.0
        self._last_s = time.monotonic()
        self.create_subscription(Detection2DArray, '~/detections', self._on_detections, RESULT_QOS)
        self.create_subscription(Image, '~/overlay', self._on_overlay, RESULT_QOS)
        self.finished = Future()
        self._timer = self.create_timer(0.2, self._check_end)

    def abandon(self) -> None:
        """Do nothing: no work here takes long."""

    def release(self) -> None:
        """Finish the files; raise ImageError if they are not complete."""
        self._album.close()

    def _on_detections(self, message: Any) -> None:
        parts, found = [], []
        for detection, box in zip(message.detections, boxes_of(message), strict=True):
            # A message of another program may have none.
            if not (detection.results and np.isfinite(box).all()):
                continue
            hypothesis = detection.results[0].hypothesis
            name = printable(hypothesis.class_id)
            x1, y1, x2, y2 = box.round().astype(int)
            parts.append(f'{name} {hypothesis.score:.2f} [{x1} {y1} {x2} {y2}]')
            found.append((name, hypothesis.score))
            self._counts[name] += 1
            self._best[name] = max(self._best.get(name, 0.0), hypothesis.score)
        stamp_ns = _stamp_ns(message)
        self._lines[stamp_ns] = ', '.join(parts) or 'nothing'
        self._found[stamp_ns] = found
        # Of an image whose overlay never comes.
        while len(self._lines) > KEPT:
            oldest = next(iter(self._lines))
            del self._lines[oldest], self._found[oldest]

    def _on_overlay(self, message: Any) -> None:
        if self.finished.done():
            # The video would begin anew.
            return
        now_s = time.monotonic()
        self._last_s = now_s
        self._arrivals_s.append(now_s)
        stamp_ns = _stamp_ns(message)
        line = self._lines.pop(stamp_ns, 'no detections message')
        found = self._found.pop(stamp_ns, [])
        try:
            self._album.add(pixels_from_message(message).as_order('bgr'), stamp_ns, found)
        except ImageError as err:
            self.get_logger().error(str(err))
            self._finish(1)
            return
        if now_s - self._printed_s >= LINE_PERIOD_S:
            self._printed_s = now_s
            self._say(f'frame {len(self._arrivals_s):4d}  {self._rate_hz():5.1f} fps  {line}')

    def _rate_hz(self) -> float:
        recent = self._arrivals_s[-50:]
        span_s = recent[-1] - recent[0]
        return (len(recent) - 1) / span_s if span_s > 0 else 0.0

    def _check_end(self) -> None:
        waited_s = time.monotonic() - self._last_s
        if self._arrivals_s and waited_s > self._settings.silence_s:
            try:
                self._summarise()
            except ImageError as err:
                self.get_logger().error(str(err))
                self._finish(1)
            else:
                self._finish(0)
        if not self._arrivals_s and waited_s > self._settings.patience_s:
            self._say(
                f'no annotated frame within {self._settings.patience_s:.0f} s; '
                'see the messages above'
            )
            self._finish(1)

    def _finish(self, exit_code: int) -> None:
        self._timer.cancel()
        self.finished.set_result(exit_code)

    def _summarise(self) -> None:
        self._album.close()
        span_s = self._arrivals_s[-1] - self._arrivals_s[0]
        rate_hz = (len(self._arrivals_s) - 1) / span_s if span_s > 0 else 0.0
        self._say(f'\n{len(self._arrivals_s)} frames in {span_s:.1f} s: {rate_hz:.1f} frames/s')
        for name, count in self._counts.most_common():
            self._say(f'  {name:16s} in {count:4d} boxes, best score {self._best[name]:.2f}')
        for path in self._album.paths:
            self._say(f'wrote {path}')

    def _say(self, line: str) -> None:
        print(line, flush=True)


def _stamp_ns(message: Any) -> int:
    stamp = message.header.stamp
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def main() -> int:
    """Run the node as a process."""
    return run_node(RecorderNode)
