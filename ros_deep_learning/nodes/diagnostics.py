# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A node's state on /diagnostics."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticStatus
from diagnostic_updater import Updater

from ..engines.base import EngineInfo
from .statistics import Snapshot

if TYPE_CHECKING:
    from .vision_node import VisionNode


class Diagnostics:
    """Publishes once a second what a vision node is doing and how its frames fare."""

    def __init__(self, node: VisionNode) -> None:
        self._node = node
        self._activity = 'unconfigured'
        self._error = ''
        self._working_since_s: float | None = None
        self._info: EngineInfo | None = None
        self._seen_failed = 0
        self._updater = Updater(node)
        self._updater.setHardwareID('none')
        self._updater.add('frames', self._fill)

    def working(self, stage: str, share: float | None) -> None:
        """Say that the node is busy with a download or a build."""
        if self._working_since_s is None:
            self._working_since_s = time.monotonic()
        self._activity = stage if share is None else f'{stage} {share:.0%}'

    def ready(self, info: EngineInfo) -> None:
        """Say what was loaded."""
        self._info, self._error, self._working_since_s = info, '', None
        self._activity = 'ready'
        self._updater.setHardwareID(info.device)

    def swap_ended(self) -> None:
        """Say that no other network is being loaded any more."""
        self._working_since_s = None
        self._activity = 'unconfigured' if self._info is None else 'ready'

    def idle(self) -> None:
        """Say that nothing is loaded."""
        self._info, self._working_since_s, self._activity = None, None, 'unconfigured'

    def failed(self, error: str) -> None:
        """Say that a transition failed; holds until the next success."""
        self._error, self._working_since_s = error, None

    def _fill(self, status: Any) -> Any:
        cameras = [(c.name, c.statistics.snapshot()) for c in self._node.channels]
        failed = sum(counts.failed for _, counts in cameras)
        newly_failed = failed > self._seen_failed
        self._seen_failed = failed
        fps = sum(counts.fps for _, counts in cameras)
        last_error = next((c.last_error for _, c in cameras if c.last_error), '')
        if self._error:
            status.summary(DiagnosticStatus.ERROR, self._error)
        elif newly_failed:
            status.summary(DiagnosticStatus.ERROR, f'inference fails: {last_error}')
        elif self._working_since_s is not None:
            elapsed_s = time.monotonic() - self._working_since_s
            status.summary(DiagnosticStatus.OK, f'{self._activity}, {elapsed_s:.0f} s so far')
        else:
            status.summary(DiagnosticStatus.OK, f'{self._activity}, {fps:.1f} frames/s')
        if self._info is not None:
            status.add('backend', f'{self._info.backend} {self._info.version}')
            status.add('precision', self._info.precision)
            status.add('device', self._info.device)
        for camera, counts in cameras:
            _add_counts(status, f'{camera} ' if camera else '', counts)
        return status


def _add_counts(status: Any, prefix: str, counts: Snapshot) -> None:
    for name in ('received', 'done', 'dropped', 'limited', 'invalid', 'failed'):
        status.add(f'{prefix}{name}', str(getattr(counts, name)))
    status.add(f'{prefix}fps', f'{counts.fps:.2f}')
    status.add(f'{prefix}last error', counts.last_error)
