# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A loaded network, shared by its users."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Mapping

from ....errors import DeviceError, EngineError
from ...backend import EngineOptions
from ..api import TensorRt
from ..target import Target
from .cuda import before_exit
from .engine import TensorRtEngine
from .loaded_plan import NO_METADATA, LoadedPlan

_alive: weakref.WeakSet[TensorRtNetwork] = weakref.WeakSet()


class TensorRtNetwork(LoadedPlan):
    """A deserialised plan and the handles of its users; it may be used from several threads."""

    def __init__(
        self,
        plan: bytes,
        *,
        api: TensorRt,
        target: Target,
        precision: str,
        options: EngineOptions,
        name: str,
        metadata: Mapping[str, str] = NO_METADATA,
    ) -> None:
        """Deserialise a plan; see ``LoadedPlan``."""
        self._lock = threading.Lock()
        self._engines: weakref.WeakSet[TensorRtEngine] = weakref.WeakSet()
        super().__init__(
            plan,
            api=api,
            target=target,
            precision=precision,
            options=options,
            name=name,
            metadata=metadata,
        )
        _alive.add(self)

    def handle(self, on_close: Callable[[], None]) -> TensorRtEngine:
        """Make one user's engine; see ``SharedNetwork.handle``."""
        with self._lock:
            if self.engine is None:
                msg = f'{self.name} was freed'
                raise EngineError(msg)
            engine = TensorRtEngine(self, on_close)
            self._engines.add(engine)
            return engine

    def free(self) -> None:
        """Free the plan and all handles that are still open; freeing it again has no effect."""
        with self._lock:
            for engine in list(self._engines):
                engine.free()
            if self.engine is None:
                return
            with contextlib.ExitStack() as stack:
                # After a device failure the context is gone, and its memory with it.
                with contextlib.suppress(DeviceError):
                    stack.enter_context(self.gpu.current())
                self.engine = None
                self._runtime = None


@before_exit
def _free_all() -> None:
    for network in list(_alive):
        network.free()
