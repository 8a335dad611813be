# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""CUDA graphs, which PyCUDA does not have."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable, Hashable

from ....errors import EngineError
from .driver_calls import call, library, quick_call

_LOG = logging.getLogger('ros_deep_learning')
_MAX_GRAPHS = 8
_THREAD_LOCAL = 1
"""CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads may allocate while this one captures."""


class CudaGraph:
    """Work that was captured from a stream, and is launched as one.

    All methods need the GPU's context current.
    """

    def __init__(self, stream: int, enqueue: Callable[[], None]) -> None:
        """Capture what a function puts on a stream; it does not run.

        Args:
            stream: Handle of a stream other than the default one.
            enqueue: Puts the work on the stream, and does not wait for it.

        Raises:
            EngineError: The work cannot be captured; the stream is as it was.
        """
        self._stream = ctypes.c_void_p(stream)
        self._executable: ctypes.c_void_p | None = None
        graph = ctypes.c_void_p()
        call('cuStreamBeginCapture_v2', self._stream, ctypes.c_int(_THREAD_LOCAL))
        try:
            enqueue()
        except BaseException:
            library().cuStreamEndCapture(self._stream, ctypes.byref(graph))
            if graph:
                library().cuGraphDestroy(graph)
            raise
        call('cuStreamEndCapture', self._stream, ctypes.byref(graph))
        executable = ctypes.c_void_p()
        try:
            call(
                'cuGraphInstantiateWithFlags',
                ctypes.byref(executable),
                graph,
                ctypes.c_ulonglong(0),
            )
        finally:
            library().cuGraphDestroy(graph)
        self._executable = executable

    def launch(self) -> None:
        """Enqueue the captured work on the stream.

        Raises:
            EngineError: The driver refuses.
        """
        quick_call('cuGraphLaunch', self._executable, self._stream)

    def free(self) -> None:
        """Free the graph; freeing it again has no effect."""
        executable, self._executable = self._executable, None
        if executable is not None:
            library().cuGraphExecDestroy(executable)


Capture = Callable[[int, Callable[[], None]], CudaGraph]


class GraphLauncher:
    """Runs work of several shapes, through a CUDA graph where that can be.

    A shape's first run goes as it is, for TensorRT settles a shape's last matters then, which
    cannot be captured. Its second run is captured, and later ones launch what was captured. A
    capture that fails ends the captures, with one warning.
    """

    def __init__(self, *, enabled: bool, capture: Capture = CudaGraph) -> None:
        """Make a launcher with nothing captured.

        Args:
            enabled: Whether to capture at all.
            capture: Makes a graph of a stream's handle and what is to be put on the stream.
        """
        self._enabled = enabled
        self._capture = capture
        self._graphs: dict[Hashable, CudaGraph | None] = {}

    @property
    def captured(self) -> int:
        """How many shapes have a graph."""
        return sum(graph is not None for graph in self._graphs.values())

    def run(
        self,
        shape: Hashable,
        stream: int,
        enqueue: Callable[[], None],
        enqueue_captured: Callable[[], None],
    ) -> None:
        """Enqueue work on a stream.

        Args:
            shape: What tells the work apart from other work.
            stream: Handle of the stream.
            enqueue: Puts the work there.
            enqueue_captured: The same, while it is captured; EngineError where that cannot be.
        """
        if not self._enabled:
            enqueue()
            return
        if shape not in self._graphs:
            enqueue()
            self._graphs[shape] = None
            return
        graph = self._graphs[shape]
        if graph is None and self.captured < _MAX_GRAPHS:
            graph = self._graphs[shape] = self._captured(stream, enqueue_captured)
        if graph is None:
            enqueue()
        else:
            graph.launch()

    def free(self) -> None:
        """Free the graphs; freeing them again has no effect."""
        for graph in self._graphs.values():
            if graph is not None:
                graph.free()
        self._graphs.clear()

    def _captured(self, stream: int, enqueue: Callable[[], None]) -> CudaGraph | None:
        try:
            return self._capture(stream, enqueue)
        except EngineError as err:
            self._enabled = False
            _LOG.warning('running without CUDA graphs: %s', err)
            return None
