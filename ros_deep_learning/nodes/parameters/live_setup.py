# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The settings and the network that a node works with now, and how parameters change them."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import SetParametersResult

from ...errors import DeepLearningError, SettingsError
from .allowed_files import AllowedFiles
from .parameter_table import ParameterTable
from .texts import read_names


@dataclass(frozen=True, slots=True)
class Setup:
    """Settings, the network that they name, and both compiled for frames; replaced as a whole.

    Attributes:
        settings: The values of the parameters.
        network: The network that they name; None while nothing is loaded.
        plan: What frames need of the settings, compiled for the network; see
            ``VisionSettings.plan``.
    """

    settings: Any
    network: Any = None
    plan: Any = None


class LiveSetup:
    """The setup of a node, and the callback that changes it when parameters are set.

    Args:
        table: The node's parameters.
        settings: Their values at the start.
        reload: Called with the changed values that need another network; replaces the setup or
            raises DeepLearningError.
        changed: Called with the names of live parameters that were changed.
        log: The node's logger.

    Attributes:
        now: The setup. Reading it needs no lock.
        lock: To be held while ``now`` is replaced, and while something relies on its not being
            replaced or released, such as a check of new settings against the network.
    """

    def __init__(
        self,
        table: ParameterTable[Any],
        settings: Any,
        *,
        reload: Callable[[Mapping[str, Any]], None],
        changed: Callable[[Sequence[str]], None],
        log: Any,
    ) -> None:
        self.table = table
        self.now = Setup(settings)
        self.lock = threading.Lock()
        self._reload = reload
        self._changed = changed
        self._log = log
        self._configuring = False
        self._files = AllowedFiles(table, settings, read_names(settings.model_folders))

    @contextmanager
    def configuring(self) -> Iterator[None]:
        """Refuse changes that need another network while the body loads one."""
        # Waits for a change that is being made.
        with self.lock:
            self._configuring = True
        try:
            yield
        finally:
            self._configuring = False

    def load(self, network: Any) -> None:
        """Take the first network; raise SettingsError if the settings do not fit it."""
        with self.lock:
            # Also if this fails, so that it is released.
            self.now = Setup(self.now.settings, network)
            self.now = self.compiled(self.now.settings, network)

    def compiled(self, settings: Any, network: Any) -> Setup:
        """Return a setup with its plan; raise SettingsError if the settings do not fit."""
        return Setup(settings, network, settings.plan(network.labels))

    def unload(self) -> Any:
        """Return the network and forget it; ``lock`` must be held."""
        network = self.now.network
        self.now = Setup(self.now.settings)
        return network

    def on_parameters(self, parameters: Sequence[Any]) -> SetParametersResult:
        """Accept or refuse a change of parameters, as rclpy's callback."""
        changes = {p.name: p.value for p in parameters if p.name in self.table.fields}
        try:
            self._change(changes)
        except DeepLearningError as err:
            return SetParametersResult(successful=False, reason=str(err))
        except Exception as err:  # noqa: BLE001  the caller is told, and the node goes on
            self._log.error(f'a change of parameters broke:\n{traceback.format_exc()}')
            reason = f'broke, the log has the traceback: {err!r}'
            return SetParametersResult(successful=False, reason=reason)
        return SetParametersResult(successful=True)

    def _change(self, changes: Mapping[str, Any]) -> None:
        with self.lock:
            old, network = self.now.settings, self.now.network
            self._files.check(changes)
            new = self.table.changed(old, changes)
            names = [name for name in changes if getattr(new, name) != getattr(old, name)]
            reloading = self.table.reloading(names)
            loaded = network is not None
            if (loaded or self._configuring) and (fixed := self.table.fixed(names)):
                msg = f'{", ".join(fixed)}: only while the node is unconfigured; clean it up first'
                raise SettingsError(msg)
            if reloading and self._configuring:
                msg = f'{", ".join(reloading)}: not while the node is being configured'
                raise SettingsError(msg)
            if not (reloading and loaded):
                self.now = self.compiled(new, network) if loaded else Setup(new)
                self._changed(names)
                return
        # Without the lock, since it takes long.
        self._reload(changes)
