# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Loading of a node's network, with progress in the log and in diagnostics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import BuildCancelledError
from ...progress import Progress
from ..health.diagnostics import Diagnostics
from ..network import Network
from ..program.library_log import logged_by
from ..stream.frame_runner import WARN_PERIOD_S


class NetworkLoader:
    """Loads networks until the process ends.

    Args:
        open_network: Loads the network that settings name; raises DeepLearningError.
        diagnostics: Shows the progress.
        log: The node's logger.

    Attributes:
        abandoned: Whether loading is cancelled, because the process ends.
    """

    def __init__(
        self, open_network: Callable[[Any, Progress], Network], diagnostics: Diagnostics, log: Any
    ) -> None:
        self._open = open_network
        self._diagnostics = diagnostics
        self._log = log
        self.abandoned = False

    def load(self, settings: Any, progress: Progress) -> Network:
        """Load the network that settings name, and run it once.

        Raises:
            DeepLearningError: It cannot be loaded.
        """
        with logged_by(self._log):
            network = self._open(settings, progress)
            try:
                network.warm_up()
            except BaseException:
                network.close()
                raise
            return network

    def progress(self, stage: str, share: float | None) -> None:
        """Report the progress of a download or build.

        Raises:
            BuildCancelledError: The process ends.
        """
        if self.abandoned:
            msg = f'{stage}: given up, because the process ends'
            raise BuildCancelledError(msg)
        self._diagnostics.working(stage, share)
        done = '' if share is None else f' {share:.0%}'
        self._log.info(f'{stage}{done}', throttle_duration_sec=WARN_PERIOD_S)

    def abandon(self) -> None:
        """Cancel a running download or build at its next report."""
        self.abandoned = True
