# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Replacement of a configured node's network while the old one goes on working."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from ...errors import BuildCancelledError, DeepLearningError, SettingsError
from ..health.diagnostics import Diagnostics
from ..network import Network
from ..parameters.live_setup import LiveSetup, Setup
from ..program.heap import return_freed_memory
from .network_loader import NetworkLoader


class NetworkSwap:
    """Loads one network at a time beside a node's own, and makes it the node's.

    Args:
        setup: The settings and the network to be replaced.
        loader: Loads the new network.
        outside: Context in which other parameter services of the node can run.
        take: Called with the new setup; makes the next frame use it.
        announce: Called without the lock when the new network was taken; must not raise.
        diagnostics: Shows the last error.
        log: The node's logger.
    """

    def __init__(
        self,
        setup: LiveSetup,
        loader: NetworkLoader,
        *,
        outside: Callable[[], AbstractContextManager[None]],
        take: Callable[[Setup], None],
        announce: Callable[[], None],
        diagnostics: Diagnostics,
        log: Any,
    ) -> None:
        self._setup = setup
        self._loader = loader
        self._outside = outside
        self._take = take
        self._announce = announce
        self._diagnostics = diagnostics
        self._log = log
        self._busy = threading.Lock()

    def run(self, changes: Mapping[str, Any]) -> None:
        """Load the network that changed settings name, and make it take over between two frames.

        To be called in a callback of a parameter service; other parameter services of the node
        run meanwhile. The live settings that they change are kept.

        Raises:
            SettingsError: Another network is being loaded, or the settings do not fit this one.
            DeepLearningError: It cannot be loaded. On every error the old network goes on.
        """
        if not self._busy.acquire(blocking=False):
            msg = 'another network is being loaded; ask again when that is done'
            raise SettingsError(msg)
        error = ''
        try:
            self._replace(self._setup.now.network, changes)
        except DeepLearningError as err:
            # The caller may not wait for the answer.
            error = f'{self._setup.now.settings.model} goes on: {err}'
            self._log.error(error)
            raise
        finally:
            self._diagnostics.swap_ended(error)
            self._busy.release()

    def _replace(self, old: Network | None, changes: Mapping[str, Any]) -> None:
        settings = self._setup.table.changed(self._setup.now.settings, changes)
        cleaned_up = f'{settings.model} was not taken: the node was cleaned up meanwhile'
        if old is None:
            raise SettingsError(cleaned_up)

        def progress(stage: str, share: float | None) -> None:
            if self._setup.now.network is not old:
                raise BuildCancelledError(cleaned_up)
            self._loader.progress(f'{settings.model} comes: {stage}', share)

        with self._outside():
            progress('starting', None)
            new = self._loader.load(settings.of_a_swap(), progress)
        try:
            self._take_over(old, new, changes)
        except BaseException:
            new.close()
            raise
        try:
            self._announce()
        finally:
            old.close()
            return_freed_memory()

    def _take_over(self, old: Network, new: Network, changes: Mapping[str, Any]) -> None:
        setup = self._setup
        with setup.lock:
            if setup.now.network is not old:
                msg = 'the new network was not taken: the node was cleaned up meanwhile'
                raise SettingsError(msg)
            # Live settings may have changed during the load.
            settings = setup.table.changed(setup.now.settings, changes)
            self._take(setup.compiled(settings, new))
