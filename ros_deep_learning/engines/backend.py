# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The interface between the engine loader and its backends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..errors import SettingsError
from ..progress import Progress
from .base import Engine, Precision

if TYPE_CHECKING:
    from ..cards.card import InputSpec, ModelCard
    from .remote.options import RemoteOptions

PLAN_SUFFIXES = ('.engine', '.plan', '.trt')
"""Ends of the names of ready-made engines, which only TensorRT runs."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Options for loading a network; a backend ignores those that it does not support.

    Two loads share one network only if their options are equal.

    Attributes:
        threads: Number of threads for one frame on the CPU, at least 1; None = one for each
            physical core that this process may use, or fewer where a measurement at load shows
            that they are as fast.
        providers: Names of ONNX Runtime's execution providers, preferred first; None = the CPU
            only.
        device: Index of the accelerator, as its runtime counts.
        workspace_mb: Limit of scratch memory for the layers of an engine, in MiB; None = the
            backend's default.
        dla_core: Deep learning accelerator of a Jetson to build for; None = the GPU.
        optimization_level: TensorRT's builder optimisation level, 0 to 5; None = its default.
        cuda_graph: Whether inference may be captured in a CUDA graph.
        max_batch: Largest number of frames in one run, at least 1; used if the network's batch
            dimension is open.
        trust_engine_file: Whether ready-made engine files may be loaded, which are executable
            code.
        remote: The server that runs the network, for backend ``remote``; with it ``auto`` is that
            backend.

    Raises:
        SettingsError: A value is out of range.
    """

    threads: int | None = None
    providers: tuple[str, ...] | None = None
    device: int = 0
    workspace_mb: int | None = None
    dla_core: int | None = None
    optimization_level: int | None = None
    cuda_graph: bool = True
    max_batch: int = 1
    trust_engine_file: bool = False
    remote: RemoteOptions | None = None

    def __post_init__(self) -> None:
        level = self.optimization_level
        checks = (
            ('threads', self.threads, self.threads is None or self.threads >= 1, '1 or more'),
            ('providers', self.providers, self.providers != (), 'at least one name'),
            ('device', self.device, self.device >= 0, '0 or more'),
            (
                'workspace_mb',
                self.workspace_mb,
                self.workspace_mb is None or self.workspace_mb >= 1,
                '1 or more',
            ),
            ('dla_core', self.dla_core, self.dla_core is None or self.dla_core >= 0, '0 or more'),
            ('optimization_level', level, level is None or 0 <= level <= 5, '0 to 5'),
            ('max_batch', self.max_batch, self.max_batch >= 1, '1 or more'),
        )
        for name, value, good, wanted in checks:
            if not good:
                msg = f'engine option {name}: expected {wanted}, got {value!r}'
                raise SettingsError(msg)


class SharedNetwork(Protocol):
    """A loaded network, with everything that its users share, such as the weights.

    The loader counts the handles. It calls ``free`` once, in the thread that closed the last
    handle, and makes no calls after that.
    """

    def handle(self, on_close: Callable[[], None]) -> Engine:
        """Create an engine for one user, with its own execution context and buffers.

        May be called from several threads at once, and while other handles run. The engine may
        implement more than ``Engine``, such as ``PixelsEngine``; users get it without a wrapper.

        Args:
            on_close: Called exactly once, at the end of the engine's first ``close``, even if
                that fails. It may free this network.

        Raises:
            EngineError: The engine cannot be created; everything is released, and ``on_close``
                was not called.
        """

    def free(self) -> None:
        """Release everything that the network holds."""


class Backend(Protocol):
    """A runtime for networks; its constructor imports no large library and uses no device."""

    @property
    def name(self) -> str:
        """Name that users select it by."""

    def unavailable_reason(self) -> str | None:
        """Return why the backend cannot run on this machine, and the fix; None = it can."""

    def load(
        self,
        onnx_path: Path,
        *,
        input_spec: InputSpec | None,
        precision: Precision,
        options: EngineOptions,
        progress: Progress,
    ) -> SharedNetwork:
        """Load a network; called by one thread at a time for equal arguments.

        Args:
            onnx_path: ONNX file of the network, verified by its model store.
            input_spec: Input of the card, with the sizes of dimensions that the network leaves
                open; None if there is no card.
            precision: Precision to run in; ``auto`` is the backend's choice. Any other is used
                or refused, never ignored.
            options: Options for loading.
            progress: Called with the progress of a build. An exception from it cancels the
                build, is raised again, and leaves no partial files.

        Raises:
            BackendUnavailableError: This machine lacks something that the options require.
            EngineError: The network cannot be loaded; the message has the file and the reason.
        """


@runtime_checkable
class ServingBackend(Protocol):
    """A backend whose networks are elsewhere, so that it reads no file of them."""

    @property
    def name(self) -> str:
        """Name that users select it by."""

    def unavailable_reason(self) -> str | None:
        """Return why the backend cannot run on this machine, and the fix; None = it can."""

    def load_served(
        self,
        card: ModelCard,
        *,
        precision: Precision,
        options: EngineOptions,
        progress: Progress,
    ) -> SharedNetwork:
        """Connect to a network; called by one thread at a time for equal arguments.

        Args:
            card: The network.
            precision: As for ``Backend.load``, as the next two.
            options: Options for loading.
            progress: Called with the progress.

        Raises:
            BackendUnavailableError: A library is missing.
            ServerError: There is no such network at present; the message has the reason.
        """


AnyBackend = Backend | ServingBackend
