# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The engine loader: load each network once and share it between its users."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import OnnxError
from ..onnx_tools.external_data import external_files
from ..onnx_tools.load import load_onnx
from ..progress import Progress, silent
from .backend import Backend, EngineOptions, ServingBackend, SharedNetwork
from .base import Engine, Precision
from .registry import BACKENDS, REMOTE, choose_backend

if TYPE_CHECKING:
    from ..cards.card import ModelCard
    from ..downloads.store import ModelStore

_LOG = logging.getLogger('ros_deep_learning')
_WAIT_S = 0.25
_DEFAULT_OPTIONS = EngineOptions()


@dataclass(slots=True)
class _Entry:
    building: threading.Lock = field(default_factory=threading.Lock)
    network: SharedNetwork | None = None
    users: int = 0


class EngineLoader:
    """Load networks; may be used from several threads.

    Equal requests (same ONNX file and weights, card input, backend, precision and options) share
    one loaded network. Each gets its own handle; closing the last handle frees the network.
    """

    def __init__(
        self,
        store: ModelStore | None = None,
        *,
        backends: Mapping[str, Callable[[], Backend]] = BACKENDS,
    ) -> None:
        """Create a loader.

        Args:
            store: Source of the ONNX files; None = a store in the user's cache folder.
            backends: Functions that create the backends, by name, best first.
        """
        self._store = store
        self._backends = backends
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry] = {}
        self._logged: set[str] = set()

    def load(
        self,
        card: ModelCard,
        *,
        precision: Precision = 'auto',
        backend: str = 'auto',
        options: EngineOptions = _DEFAULT_OPTIONS,
        progress: Progress = silent,
    ) -> Engine:
        """Load a network, or share one that is loaded already.

        Args:
            card: The network; its file is fetched and converted if necessary.
            precision: Precision to run in; ``auto`` is the backend's choice.
            backend: Name of a backend, or ``auto`` for the best one that can run on this
                machine; the choice and its reason are logged once. With ``options.remote``,
                ``auto`` is ``remote``.
            options: Options for loading.
            progress: Called with the progress, also while another thread loads the same network.
                An exception from it cancels this request and is raised again.

        Returns:
            An engine; its user must close it.

        Raises:
            BackendUnavailableError: The backend cannot run on this machine.
            DeepLearningError: The network cannot be fetched, converted or loaded.
        """
        if backend == 'auto' and options.remote is not None:
            backend = REMOTE
        choice = choose_backend(backend, self._backends)
        if backend == 'auto':
            self._log_once(choice.reason)
        load: Callable[..., SharedNetwork]
        if isinstance(choice.backend, ServingBackend):
            # Its file need not be here.
            identity: tuple[Hashable, ...] = (card.name,)
            load = partial(choice.backend.load_served, card)
        else:
            path = self._model_store().onnx_path(card, progress)
            identity = _identity(path)
            load = partial(choice.backend.load, path, input_spec=card.input)
        key = (*identity, card.input, choice.backend.name, precision, options)
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            entry.users += 1
        try:
            while not entry.building.acquire(timeout=_WAIT_S):
                progress(f'waiting for another load of {card.name}', None)
            try:
                if entry.network is None:
                    entry.network = load(precision=precision, options=options, progress=progress)
            finally:
                entry.building.release()
            engine = entry.network.handle(lambda: self._release(key, entry))
        except BaseException:
            self._release(key, entry)
            raise
        if options.remote is None or not options.remote.fallback or backend != REMOTE:
            return engine
        return self._with_fallback(engine, card, options, progress)

    def _with_fallback(
        self, far: Engine, card: ModelCard, options: EngineOptions, progress: Progress
    ) -> Engine:
        """Return an engine that runs the network here while its server fails."""
        from .remote.fallback import FallbackEngine

        assert options.remote is not None
        try:
            near = self.load(
                card,
                backend=options.remote.fallback,
                options=replace(options, remote=None),
                progress=progress,
            )
        except BaseException:
            far.close()
            raise
        return FallbackEngine(far, near)

    def offline(self) -> EngineLoader:
        """Return a loader that shares the networks of this one, but downloads none."""
        other = EngineLoader(self._model_store().offline(), backends=self._backends)
        other._lock, other._entries, other._logged = self._lock, self._entries, self._logged
        return other

    def complete(self, card: ModelCard, progress: Progress = silent) -> ModelCard:
        """Return the card with what its download adds; see ``ModelStore.complete``."""
        return self._model_store().complete(card, progress)

    def _release(self, key: Hashable, entry: _Entry) -> None:
        with self._lock:
            entry.users -= 1
            if entry.users:
                return
            del self._entries[key]
        if entry.network is not None:
            entry.network.free()

    def _model_store(self) -> ModelStore:
        with self._lock:
            if self._store is None:
                from ..downloads.store import ModelStore

                self._store = ModelStore()
            return self._store

    def _log_once(self, reason: str) -> None:
        with self._lock:
            if reason in self._logged:
                return
            self._logged.add(reason)
        _LOG.info(reason)


_default: EngineLoader | None = None
_default_lock = threading.Lock()


def default_loader() -> EngineLoader:
    """Return the loader that is shared by the whole process."""
    global _default
    with _default_lock:
        if _default is None:
            _default = EngineLoader()
        return _default


def _identity(path: Path) -> tuple[Hashable, ...]:
    """Return what changes with a network's file, or with those that hold its weights."""
    own = _state(path)
    return own, *map(_state, _weight_files(path, own))


def _state(path: Path) -> tuple[str, int, int]:
    resolved = path.resolve()
    try:
        facts = resolved.stat()
    except FileNotFoundError:
        # Its backend says so.
        return str(resolved), 0, 0
    return str(resolved), facts.st_mtime_ns, facts.st_size


# A network of 250 MB takes a second to read.
@lru_cache(maxsize=64)
def _weight_files(path: Path, _: tuple[str, int, int]) -> tuple[Path, ...]:
    """List the files with a network's weights, which its own file names in this state."""
    try:
        names = external_files(path, load_onnx(path, weights=False))
    except OnnxError:
        # No ONNX file, such as a ready-made engine, or a damaged one: its backend says so.
        return ()
    return tuple(path.parent / name for name in names)
