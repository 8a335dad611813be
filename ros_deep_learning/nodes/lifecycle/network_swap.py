# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Another network in the place of the one that runs, without a gap."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import BuildCancelledError, DeepLearningError, SettingsError
from .network import Network

if TYPE_CHECKING:
    from .vision_node import VisionNode


class NetworkSwap:
    """Loads networks beside a node's own, one at a time, and lets them take over.

    Args:
        node: Whose network is replaced.
    """

    def __init__(self, node: VisionNode) -> None:
        self._node = node
        self._busy = threading.Lock()

    def run(self, changes: Mapping[str, Any]) -> None:
        """Load the network that changed settings name, and have it take over between two frames.

        To be called by the thread of a parameter service, whose group it leaves while it loads.
        Live settings that change meanwhile stay.

        Raises:
            SettingsError: Another network is being loaded, or the settings do not fit this one.
            DeepLearningError: It cannot be loaded. The old one goes on, as with all errors.
        """
        if not self._busy.acquire(blocking=False):
            msg = 'another network is being loaded; ask again when that is done'
            raise SettingsError(msg)
        error = ''
        try:
            self._replace(self._node.network, changes)
        except DeepLearningError as err:
            # Whoever asked may not wait for the answer.
            error = f'{self._node.settings.model} goes on: {err}'
            self._node.get_logger().error(error)
            raise
        finally:
            self._node.diagnostics.swap_ended(error)
            self._busy.release()

    def _replace(self, old: Network | None, changes: Mapping[str, Any]) -> None:
        node = self._node
        settings = node.table.changed(node.settings, changes)
        if old is None:
            msg = f'{settings.model} was not taken: the node was cleaned up meanwhile'
            raise SettingsError(msg)

        def progress(stage: str, share: float | None) -> None:
            if node.network is not old:
                msg = f'{settings.model} was not taken: the node was cleaned up meanwhile'
                raise BuildCancelledError(msg)
            node.progress(f'{settings.model} comes: {stage}', share)

        with node.parameter_group.aside():
            if node.executor is not None:
                node.executor.wake()
            progress('starting', None)
            new = node.ready_network(settings, progress)
        try:
            self._take_over(old, new, changes)
        except BaseException:
            new.close()
            raise
        try:
            node.tell_taken()
        finally:
            old.close()

    def _take_over(self, old: Network, new: Network, changes: Mapping[str, Any]) -> None:
        node = self._node
        with node.loaded_lock:
            if node.network is not old:
                msg = 'the new network was not taken: the node was cleaned up meanwhile'
                raise SettingsError(msg)
            settings = node.table.changed(node.settings, changes)
            node.check_fit(settings, new)
            node.take(new, settings)
