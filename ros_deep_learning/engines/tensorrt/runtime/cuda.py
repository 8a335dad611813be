# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The GPUs of this machine, and their primary contexts, through PyCUDA."""

from __future__ import annotations

import atexit
import contextlib
import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from ....errors import BackendUnavailableError, DeepLearningError, DeviceError, EngineError
from ....text import one_line
from ..target import Target
from . import driver_calls

if TYPE_CHECKING:
    from ..kernels.launcher import Kernels

_LOG = logging.getLogger('ros_deep_learning')
_ResultT = TypeVar('_ResultT')
_FIX = 'to fix: free GPU memory (smaller batch, fewer networks), or set workspace_mb'


def find_gpu(index: int) -> Target:
    """Ask the driver about a GPU, without making a context.

    Raises:
        BackendUnavailableError: PyCUDA or the driver does not load, or there is no such GPU.
    """
    driver = _driver()
    try:
        driver.init()
        count = driver.Device.count()
        if index >= count:
            msg = f'no GPU {index}: this machine has {count}'
            raise BackendUnavailableError(msg)
        device = driver.Device(index)
        attributes = driver.device_attribute
        shares = shares_memory(
            integrated=bool(device.get_attribute(attributes.INTEGRATED)),
            can_map=bool(device.get_attribute(attributes.CAN_MAP_HOST_MEMORY)),
        )
        return Target(device.name(), tuple(device.compute_capability()), index, shares)
    except driver.Error as err:
        msg = f'the CUDA driver does not work: {one_line(err)}'
        raise BackendUnavailableError(msg) from err


def shares_memory(*, integrated: bool, can_map: bool) -> bool:
    """Decide whether buffers are host memory that the GPU maps, rather than copies.

    An integrated GPU reads the same memory chips, so a copy only costs. A discrete GPU would
    read mapped memory through the bus again and again.
    """
    return integrated and can_map


class GpuContext:
    """The primary context of one GPU, which other CUDA libraries of the process share.

    It is pushed in the thread that uses it, for as long as that takes, and popped there again.
    PyCUDA frees memory only where this very context is current.
    """

    def __init__(self, index: int) -> None:
        driver = _driver()
        driver.init()
        self.index = index
        self._driver = driver
        self._device = driver.Device(index)
        self._context = self._device.retain_primary_context()
        self._current = _Current(self._push, self._pop)
        self._lost = ''
        self._lock = threading.Lock()
        self._kernels: Kernels | None = None

    def current(self) -> AbstractContextManager[None]:
        """Make the context current in this thread for the block.

        Raises:
            DeviceError: An earlier error ended it; only a new process helps.
        """
        return self._current

    def call(self, doing: str, work: Callable[[], _ResultT]) -> _ResultT:
        """Call a function with the context current in this thread.

        As the block of ``current`` and ``device_errors`` would, with fewer calls: every frame does
        this twice.

        Raises:
            DeviceError: The device failed, or an earlier error has ended the context.
        """
        self._push()
        try:
            return work()
        except Exception as err:
            _raise_device_error(doing, err)
            raise
        finally:
            self._pop()

    def _push(self) -> None:
        if self._lost:
            msg = f'GPU {self.index} was lost by this process ({self._lost}); to fix: restart it'
            raise DeviceError(msg)
        try:
            self._context.push()
        except self._driver.Error as err:
            _raise_device_error('making its context current', err)
            raise

    def _pop(self) -> None:
        try:
            self._driver.Context.pop()
        except self._driver.Error as err:
            # PyCUDA aborts the process for a context that is left on its stack.
            self._lost = one_line(err)
            self._context.detach()

    def kernels(self) -> Kernels:
        """Load the package's own kernels, once; the context must be current.

        Raises:
            BackendUnavailableError: There is no compiler for them.
        """
        from ..kernels.kernel_loader import load_kernels

        with self._lock:
            if self._kernels is None:
                self._kernels = load_kernels(tuple(self._device.compute_capability()))
            return self._kernels

    def release(self) -> None:
        """Let go of the context and the kernels, at the end of the process."""
        if self._lost:
            return
        with contextlib.suppress(self._driver.Error, DeviceError), self.current():
            self._kernels = None
        self._lost = 'the process is ending'
        with contextlib.suppress(self._driver.Error):
            self._context.detach()


_contexts: dict[int, GpuContext] = {}
_contexts_lock = threading.Lock()
_at_exit: list[Callable[[], None]] = []


def gpu_context(index: int) -> GpuContext:
    """Return the one context of a GPU in this process; the CUDA runtime keeps it alive anyway.

    Raises:
        BackendUnavailableError: PyCUDA or the driver does not load.
        DeviceError: The context cannot be made.
    """
    with _contexts_lock:
        if index not in _contexts:
            with device_errors('making a context'):
                _contexts[index] = GpuContext(index)
            if len(_contexts) == 1:
                atexit.register(_release_all)
        return _contexts[index]


def before_exit(free: Callable[[], None]) -> Callable[[], None]:
    """Register a function to call at the end of the process, before the contexts go."""
    _at_exit.append(free)
    return free


def _release_all() -> None:
    for free in reversed(_at_exit):
        free()
    for context in _contexts.values():
        context.release()


def device_errors(doing: str) -> AbstractContextManager[None]:
    """Turn PyCUDA's errors in the block into the package's.

    Raises:
        DeviceError: The device failed; out of memory is told apart.
    """
    return _DeviceErrors(doing)


# Classes, since a frame enters some of these, and a generator takes four times as long.
class _Current(AbstractContextManager[None]):
    def __init__(self, push: Callable[[], None], pop: Callable[[], None]) -> None:
        self._push, self._pop = push, pop

    def __enter__(self) -> None:
        self._push()

    def __exit__(self, *_: object) -> None:
        self._pop()


class _DeviceErrors(AbstractContextManager[None]):
    __slots__ = ('_doing',)

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, err: BaseException | None, __: object) -> None:
        if isinstance(err, Exception):
            _raise_device_error(self._doing, err)


def _raise_device_error(doing: str, err: Exception) -> None:
    """Raise DeviceError for an error of PyCUDA; return for any other."""
    if isinstance(err, DeepLearningError):
        return
    driver = _driver()
    if isinstance(err, driver.MemoryError):
        msg = f'out of GPU memory while {doing}: {one_line(err)}; {_FIX}'
        raise DeviceError(msg) from err
    if isinstance(err, driver.Error):
        msg = f'the GPU failed while {doing}: {one_line(err)}'
        raise DeviceError(msg) from err


def _driver() -> Any:
    try:
        from pycuda import driver
    except ImportError as err:
        msg = f'PyCUDA does not load ({one_line(err)}); to fix: {_missing()}'
        raise BackendUnavailableError(msg) from err
    return driver


def _missing() -> str:
    try:
        driver_calls.library()
    except EngineError:
        return "nothing if there is no NVIDIA GPU, else install the GPU's driver and PyCUDA"
    return 'pip install pycuda'
