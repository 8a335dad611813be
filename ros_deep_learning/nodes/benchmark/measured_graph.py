# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The graph that is measured: starts its processes, sends frames, and ends them."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from ament_index_python.packages import get_package_prefix

from ...benchmarking.frames import LEAST_SENT
from ...benchmarking.trial import Traffic, Trial, trial_of
from ...benchmarking.usage import UsageMeter
from ...engines.device_readings import DeviceGauge
from ...errors import BenchmarkError
from .viewer import Viewer

IMAGE_TOPIC = '/benchmark/image_raw'
_PATIENCE_S = 3.0
_FIRST_RESULT_S = 120.0
_ENDING_S = 20.0
_WARM_UP = {'rate_hz': 5.0, 'seconds': 1.0, 'least': 5}
_TOLD_LINES = 15


class MeasuredGraph:
    """A camera's process, the node's, and a viewer in this one.

    Args:
        program: The node, such as ``detectnet``.
        node_arguments: Arguments of the node's process, such as ``['-p', 'model:=selfie']``.
        resource: What the camera sends; see ``open_input``.
        size_wh: To which its frames are scaled; None leaves them.

    Attributes:
        frame_wh: Size of the frames.
        is_live: Whether the camera keeps its own rate.
        viewer: What arrived.
        gauge: Reads the GPU; None where there is none.
    """

    def __init__(
        self,
        program: str,
        node_arguments: Sequence[str],
        resource: str,
        size_wh: tuple[int, int] | None,
    ) -> None:
        self.gauge: DeviceGauge | None = None
        self.viewer = Viewer(program)
        self._log = tempfile.TemporaryFile('w+')  # noqa: SIM115  closed in __exit__
        order = json.dumps([IMAGE_TOPIC, resource, size_wh])
        self._camera = subprocess.Popen(
            [sys.executable, '-m', f'{__package__}.camera', order],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name='camera', daemon=True).start()
        self._program, self._arguments = program, node_arguments
        self._node: subprocess.Popen[Any] | None = None

    def __enter__(self) -> MeasuredGraph:
        """Return this graph."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the processes."""
        children = [child for child in (self._camera, self._node) if child is not None]
        for child in children:
            with suppress(ProcessLookupError):
                child.send_signal(signal.SIGINT)
        for child in children:
            try:
                child.wait(_ENDING_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._log.close()
        self.viewer.close()

    def wait_until_active(self, say: Callable[[str], None]) -> None:
        """Start the node and wait for its first result, perhaps after the build of an engine.

        Raises:
            BenchmarkError: A process has ended, or the node is active but has no result.
        """
        first = self._answer()
        self.frame_wh = (first['frame_wh'][0], first['frame_wh'][1])
        self.is_live = bool(first['is_live'])
        self._node = self._start_node()
        say('waiting for the node to load the network')
        while not self.viewer.is_connected(IMAGE_TOPIC):
            self._check()
            self.viewer.spin(0.1)
        end_s = time.monotonic() + _FIRST_RESULT_S
        while not self.viewer.received_ns:
            if time.monotonic() > end_s:
                msg = f'no result within {_FIRST_RESULT_S:.0f} s; the node said:\n{self._told()}'
                raise BenchmarkError(msg)
            self._order(_WARM_UP if not self.is_live else {**_WARM_UP, 'rate_hz': None})
            self._settle(None)

    def run(self, rate_hz: float | None, seconds: float) -> Trial:
        """Send frames at a rate, or at the camera's own (None), and measure.

        Raises:
            BenchmarkError: A process has ended.
        """
        self.viewer.forget()
        before = self.viewer.received_by_node
        helpers = [os.getpid(), self._camera.pid]
        assert self._node is not None
        with UsageMeter([self._node.pid], helpers, self.gauge) as meter:
            sent_ns = self._order({'rate_hz': rate_hz, 'seconds': seconds, 'least': LEAST_SENT})
            self._settle(sent_ns[-1] if sent_ns else None)
        number = {stamp: k for k, stamp in enumerate(sent_ns)}
        ours = {s: ns for s, ns in self.viewer.received_ns.items() if s in number}
        traffic = Traffic(
            np.array(sent_ns, np.int64),
            np.array([number[stamp] for stamp in ours], np.int64),
            np.array(list(ours.values()), np.int64),
            [ms for stamp, ms in self.viewer.work_ms.items() if stamp in number],
            None if before is None else (self.viewer.received_by_node or before) - before,
        )
        return trial_of(rate_hz, traffic, meter.usage())

    def _start_node(self) -> subprocess.Popen[Any]:
        executable = Path(get_package_prefix('ros_deep_learning')) / 'lib/ros_deep_learning'
        remapped = ['--ros-args', '-r', f'~/image_in:={IMAGE_TOPIC}', '-p', 'autostart:=true']
        remapped += ['-p', 'exit_on_failed_start:=true']
        return subprocess.Popen(
            [str(executable / self._program), *remapped, *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def _order(self, order: dict[str, Any]) -> list[int]:
        assert self._camera.stdin is not None
        with suppress(BrokenPipeError):
            self._camera.stdin.write(json.dumps(order) + '\n')
            self._camera.stdin.flush()
        return [int(stamp) for stamp in self._answer()['sent_ns']]

    def _answer(self) -> dict[str, Any]:
        """Wait for a line of the camera, while results are taken."""
        while True:
            try:
                line = self._answers.get_nowait()
            except queue.Empty:
                self._check()
                self.viewer.spin(0.05)
                continue
            answer: dict[str, Any] = json.loads(line) if line else {}
            if 'error' in answer:
                raise BenchmarkError(answer['error'])
            if not answer:
                msg = 'the process of the camera has ended; see above'
                raise BenchmarkError(msg)
            return answer

    def _settle(self, last_ns: int | None) -> None:
        """Take the results that are on their way, until the last frame's or none came long."""
        received, latest_s, count = self.viewer.received_ns, time.monotonic(), -1
        while last_ns is None or last_ns not in received:
            if len(received) != count:
                latest_s, count = time.monotonic(), len(received)
            slowest_s = max((ns - stamp for stamp, ns in received.items()), default=0) / 1e9
            if time.monotonic() - latest_s > max(_PATIENCE_S, 2 * slowest_s):
                return
            if last_ns is None and received:
                return
            self.viewer.spin(0.05)

    def _check(self) -> None:
        if self._node is not None and (code := self._node.poll()) is not None:
            msg = f'the node has ended with exit code {code}:\n{self._told()}'
            raise BenchmarkError(msg)

    def _told(self) -> str:
        """Return the last lines that the node printed."""
        self._log.seek(0)
        return '\n'.join(self._log.read().splitlines()[-_TOLD_LINES:])

    def _listen(self) -> None:
        assert self._camera.stdout is not None
        for line in self._camera.stdout:
            self._answers.put(line)
        self._answers.put('')
