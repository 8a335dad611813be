# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the engine loader asks of a backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..errors import SettingsError
from ..progress import Progress
from .base import Engine, Precision

if TYPE_CHECKING:
    from ..cards.card import InputSpec


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How a network is loaded; a backend ignores what it has no use for.

    Two loads share one network only when their options are equal.

    Attributes:
        threads: Threads a CPU backend runs one frame with, at least 1; None is one for each
            physical core that this process may use.
        providers: ONNX Runtime's execution providers by their own names, preferred first; None
            is the CPU alone.
        device: Index of the accelerator, as its runtime counts.
        workspace_mb: Most scratch memory in MiB that an engine's layers may ask for; None leaves
            it to the backend.
        dla_core: Deep learning accelerator of a Jetson to build for; None is the GPU.
        optimization_level: TensorRT's builder optimisation level 0..5; None is its default.
        cuda_graph: Whether inference may be captured in a CUDA graph.
        max_batch: Most frames in one run, at least 1, where the network leaves its batch open.
        trust_engine_file: Whether a ready-made engine file, which is executable code, may be
            loaded.

    Raises:
        SettingsError: A value is out of its range.
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
                msg = f'engine option {name}: want {wanted}, not {value!r}'
                raise SettingsError(msg)


class SharedNetwork(Protocol):
    """One loaded network: what its users share, such as weights or a deserialised plan.

    The loader counts the handles. It calls ``free`` once, after the last handle was closed, from
    whichever thread closed it; no call comes after that.
    """

    def handle(self, on_close: Callable[[], None]) -> Engine:
        """Make one user's engine, with an execution context and buffers of its own.

        May be called from several threads at once, and while other handles run. The engine may
        offer more than ``Engine`` asks, such as ``PixelsEngine``; it is given to the user as it
        is, without a wrapper.

        Args:
            on_close: To be called exactly once, at the end of the engine's first ``close``, also
                when that fails. It may free this network.

        Raises:
            EngineError: The handle could not be made; nothing of it is left, and ``on_close``
                was not called.
        """

    def free(self) -> None:
        """Give back everything the network holds."""


class Backend(Protocol):
    """A way to run networks; making one imports nothing heavy and touches no device."""

    @property
    def name(self) -> str:
        """The name that users choose it by."""

    def unavailable_reason(self) -> str | None:
        """Say in a few words why it cannot run here, with the mend, or None when it can."""

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
            onnx_path: The network's ONNX file, verified by its model store.
            input_spec: The card's input, which says the size of dimensions that the network
                leaves open, or None where there is no card.
            precision: What to run in. ``auto`` is the backend's choice; any other is honoured
                or refused, never ignored.
            options: How to load.
            progress: Told how far a build is; an exception from it cancels the build, passes
                through, and leaves nothing half-made.

        Raises:
            BackendUnavailableError: Something the options ask for is not on this machine.
            EngineError: The network cannot be loaded as asked; one line names file and reason.
        """
