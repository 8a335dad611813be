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
from .parameter_table import ParameterTable


@dataclass(frozen=True, slots=True)
class Setup:
    """Settings and the network that they name; replaced as a whole.

    Attributes:
        settings: The values of the parameters.
        network: What they name; None while nothing is loaded.
    """

    settings: Any
    network: Any = None


class LiveSetup:
    """The setup of a node, and the callback that changes it when parameters are set.

    Args:
        table: The node's parameters.
        settings: Their values at the start.
        fit: Called with settings and a network; raises SettingsError if they do not fit.
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
        fit: Callable[[Any, Any], None],
        reload: Callable[[Mapping[str, Any]], None],
        changed: Callable[[Sequence[str]], None],
        log: Any,
    ) -> None:
        self.table = table
        self.now = Setup(settings)
        self.lock = threading.Lock()
        self.fit = fit
        self._reload = reload
        self._changed = changed
        self._log = log
        self._configuring = False

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
            # Replaced first: from here on live changes are checked against the network.
            self.now = Setup(self.now.settings, network)
            self.fit(self.now.settings, network)

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
                if loaded:
                    self.fit(new, network)
                self.now = Setup(new, network)
                self._changed(names)
                return
        # Without the lock, since it takes long.
        self._reload(changes)
