# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What every backend offers: an engine that runs a network's tensors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..cards.card import InputSpec
    from ..imaging.device_pixels import AnyPixels

Precision = Literal['auto', 'fp32', 'fp16', 'int8']
Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output of a network.

    Attributes:
        name: The tensor's name in the network.
        shape: Its dimensions; -1 where the network leaves one open.
        dtype: Its NumPy type.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What was really loaded, for logs, diagnostics and the statistics of a node.

    Attributes:
        backend: ``tensorrt``, ``tensorrt_rtx``, ``onnxruntime`` or ``remote``.
        version: The backend's version, or the server's name and version.
        device: The device's name, or ``CPU``; the address and the model of a server.
        precision: The effective precision: ``fp32``, ``fp16``, ``int8`` or ``mixed``; ``served``
            where a server does not say.
        inputs: The network's inputs, in its order.
        outputs: The network's outputs, in its order.
        metadata: What the ONNX file says of itself; empty where there is none.
        origin: ``cached`` or ``built``, where the backend keeps engines.
        measured: What was chosen by measurement when it was loaded, as lines for people.
        max_batch: Most images in one run where the batch is open; None = no limit is known.
        sent_bytes: Bytes of tensors that one image sends to a server, known after the first run;
            0 where the network runs here.
        received_bytes: Bytes of tensors that come back for one image.
        warning: Why it runs elsewhere than it was loaded, at present; empty where it does not.
    """

    backend: str
    version: str
    device: str
    precision: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    origin: str = ''
    measured: tuple[str, ...] = ()
    max_batch: int | None = None
    sent_bytes: int = 0
    received_bytes: int = 0
    warning: str = ''


class Engine(Protocol):
    """A loaded network, one handle a user: not to be shared between threads."""

    @property
    def info(self) -> EngineInfo:
        """What was really loaded."""

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Tensors:
        """Run the network once.

        Args:
            inputs: An array for each of ``info.inputs``, of its exact dtype and a fitting shape.

        Returns:
            A new array for each of ``info.outputs``.

        Raises:
            InferenceError: A tensor is missing, or has the wrong name, dtype or shape, or the
                backend failed on this frame; the engine stays usable.
            DeviceError: The device failed; only ``close`` is left.
        """

    def close(self) -> None:
        """Close the handle; the last one of a network frees it. Closing again has no effect."""


@runtime_checkable
class PipelinedEngine(Protocol):
    """An engine that takes further runs while earlier ones are on their way."""

    @property
    def in_flight(self) -> int:
        """Most runs on their way at a time, 1 or more."""

    def start(
        self, inputs: Mapping[str, NDArray[Any]], outputs: Collection[str] | None = None
    ) -> Callable[[], Tensors]:
        """Start a run; the function that is returned waits for its outputs.

        Runs may be waited for in any order. Starting more than ``in_flight`` of them may block.

        Args:
            inputs: As for ``Engine.run``.
            outputs: Names of those that are wanted; None is all of them.

        Raises and returns as ``Engine.run``, now or in that function.
        """


@runtime_checkable
class PixelsEngine(PipelinedEngine, Protocol):
    """An engine that also takes raw frames and prepares them on its device."""

    def start_pixels(
        self,
        pixels: Sequence[AnyPixels],
        spec: InputSpec,
        outputs: Collection[str] | None = None,
    ) -> Callable[[], Tensors]:
        """Prepare the frames as the card's input says, one a batch entry, and start a run.

        The frames are not to be changed before it is waited for.

        Args:
            pixels: The frames.
            spec: The card's input.
            outputs: Names of those that are wanted; None is all of them. No other is copied.

        Raises and returns as ``start``, except for outputs that are not wanted.
        """
