# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The engine of one user, which runs on a server."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import EngineError, ServerError
from ...text import shape_text
from ..base import EngineInfo, Tensors, TensorSpec
from ..checks import check_inputs
from .jpeg_input import JpegInput
from .link import Link
from .options import RemoteOptions
from .protocol import Answer, Request
from .region import Kind

_MEASURED: Mapping[Kind, str] = {
    'system': 'tensors in shared memory',
    'cuda': 'tensors in GPU memory',
}


class RemoteEngine:
    """Engine of one user; see ``Engine`` and ``PipelinedEngine``."""

    def __init__(
        self,
        link: Link,
        name: str,
        info: EngineInfo,
        options: RemoteOptions,
        on_close: Callable[[], None],
        jpeg: JpegInput | None = None,
    ) -> None:
        self._jpeg = jpeg
        self._link: Link | None = link
        self._name = name
        self._version = link.model.version
        self._info = info
        self._options = options
        self.in_flight = options.in_flight
        self._outputs = {spec.name: spec for spec in info.outputs}
        self._on_close: Callable[[], None] | None = on_close

    @property
    def info(self) -> EngineInfo:
        """Facts of the served network."""
        return self._info

    def run(
        self, inputs: Mapping[str, NDArray[Any]], outputs: Collection[str] | None = None
    ) -> Tensors:
        """Run the network once; see ``Engine.run``.

        Raises:
            ServerError: The server did not answer in time, or answered wrongly.
            EngineError: The engine is closed.
        """
        return self.start(inputs, outputs)()

    def start(
        self, inputs: Mapping[str, NDArray[Any]], outputs: Collection[str] | None = None
    ) -> Callable[[], Tensors]:
        """Send a run; the function that is returned waits for it. See ``PipelinedEngine``."""
        link = self._link
        if link is None:
            msg = 'the engine is closed'
            raise EngineError(msg)
        check_inputs(inputs, self._info.inputs)
        names = [name for name in self._outputs if outputs is None or name in outputs]
        arrays = {name: self._sent(name, array) for name, array in inputs.items()}
        connection = link.connection()
        try:
            wait = connection.start(Request(arrays, names, self._options.deadline_s))
        except ServerError as err:
            raise link.failed(connection, str(err)) from err

        def finish() -> Tensors:
            try:
                answer = wait()
                link.check_version(answer.version)
                tensors = self._checked(answer, names)
            except ServerError as err:
                raise link.failed(connection, str(err)) from err
            link.worked()
            if link.model.version != self._version:
                self._version = link.model.version
                device = device_text(self._options.url, self._name, self._version)
                self._info = replace(self._info, device=device)
            self._count(arrays, tensors, answer.shared)
            return tensors

        return finish

    def close(self) -> None:
        """Close the handle; closing it again has no effect."""
        link, self._link = self._link, None
        if link is not None:
            link.close()
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()

    def _sent(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Return what is sent of an input."""
        if self._jpeg is not None and name == self._jpeg.name:
            return self._jpeg.encode(array)
        return np.ascontiguousarray(array)

    def _checked(self, answer: Answer, names: Collection[str]) -> Tensors:
        """Return the outputs that were asked for.

        Raises:
            ServerError: One is missing, or has another type or shape.
        """
        for name in names:
            array = answer.tensors.get(name)
            if array is None:
                msg = f'the answer has no output {name!r}, only [{", ".join(answer.tensors)}]'
                raise ServerError(msg)
            if not _fits(array, self._outputs[name]):
                spec = self._outputs[name]
                msg = (
                    f'output {name!r}: expected {spec.dtype} {shape_text(spec.shape)}, got '
                    f'{array.dtype} {shape_text(array.shape)}'
                )
                raise ServerError(msg)
        return {name: answer.tensors[name] for name in names}

    def _count(self, inputs: Tensors, outputs: Tensors, shared: Kind | None) -> None:
        if not self._info.received_bytes:
            count = max((len(array) for array in inputs.values() if array.ndim == 4), default=1)
            self._info = replace(
                self._info,
                sent_bytes=sum(array.nbytes for array in inputs.values()) // count,
                received_bytes=sum(array.nbytes for array in outputs.values()) // count,
                measured=() if shared is None else (_MEASURED[shared],),
            )


def device_text(url: str, name: str, version: str) -> str:
    """Return what stands for the device of a served model."""
    return f'{url}, {name}' + f' version {version}' * bool(version)


def _fits(array: NDArray[Any], spec: TensorSpec) -> bool:
    return (
        array.dtype == spec.dtype
        and array.ndim == len(spec.shape)
        and all(a in (-1, b) for a, b in zip(spec.shape, array.shape, strict=True))
    )
