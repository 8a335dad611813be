# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the two ways to a server share: what is served, requests and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import ServerError
from ...text import shape_text
from ..base import Tensors, TensorSpec
from .region import Kind, Region

DTYPES = {
    'BOOL': np.dtype(np.bool_),
    'FP16': np.dtype(np.float16),
    'FP32': np.dtype(np.float32),
    'FP64': np.dtype(np.float64),
} | {
    f'{sign}INT{bits}': np.dtype(f'{sign.lower()}int{bits}')
    for sign in ('', 'U')
    for bits in (8, 16, 32, 64)
}
"""NumPy's types by the names of the protocol."""

NAMES = {dtype: name for name, dtype in DTYPES.items()}

BINARY = 'binary_tensor_data'
CONFIGURATION = 'model_configuration'


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as its server describes it.

    Attributes:
        server: Name and version of the server.
        version: Version of the model; empty where the server has none.
        inputs: Its inputs.
        outputs: Its outputs.
        extensions: Names of the protocol's extensions that the server has.
        max_batch: Most images in a request; None = as the shapes say.
    """

    server: str
    version: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    extensions: frozenset[str] = frozenset()
    max_batch: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One run.

    Attributes:
        inputs: An array by the name of each input.
        outputs: Names of the outputs that are wanted.
        deadline_s: Seconds until the answer has to be there.
        region: Shared memory that has the inputs, and gets the outputs that have a place there;
            None = all are sent.
    """

    inputs: Mapping[str, NDArray[Any]]
    outputs: Sequence[str]
    deadline_s: float
    region: Region | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request.

    Attributes:
        version: Version of the model that gave it; empty where the server does not say.
        tensors: Its outputs by name.
        shared: Kind of the shared memory that tensors came and went through; None = they were
            sent.
    """

    version: str
    tensors: Tensors
    shared: Kind | None = None


class Connection(Protocol):
    """A way to a model on a server. It is not shared between threads, but may change them."""

    def model(self, deadline_s: float) -> ServedModel:
        """Ask what is served.

        Raises:
            ServerError: The server or the model is not ready.
        """

    def start(self, request: Request) -> Callable[[], Answer]:
        """Send a request; the function that is returned waits for its answer.

        Raises:
            ServerError: Now or in that function: there is no answer in time, or it is an error.
        """

    def register(self, region: Region, deadline_s: float) -> None:
        """Make shared memory known to the server.

        Raises:
            ServerError: The server refuses it.
        """

    def unregister(self, region: Region, deadline_s: float) -> None:
        """Have the server forget shared memory.

        Raises:
            ServerError: The server does not.
        """

    def close(self) -> None:
        """Close it; requests that wait for an answer fail."""


def read_spec(name: str, datatype: str, shape: Iterable[int]) -> TensorSpec:
    """Return a tensor of the metadata.

    Raises:
        ServerError: NumPy does not have its type.
    """
    if datatype not in DTYPES:
        msg = f'tensor {name!r} has the type {datatype}, expected one of {", ".join(DTYPES)}'
        raise ServerError(msg)
    sizes = tuple(int(size) for size in shape)
    return TensorSpec(name, tuple(-1 if size < 0 else size for size in sizes), DTYPES[datatype])


def late(deadline_s: float) -> ServerError:
    """Return the error for an answer that did not come in time."""
    return ServerError(f'no answer within {deadline_s:g} s')


def refused(status: object) -> ServerError:
    """Return the error for a server that lets nobody in without another token."""
    return ServerError(f'the server refuses access ({status}); to fix: check remote_token_file')


def tensors_text(specs: Iterable[TensorSpec]) -> str:
    """Return names, types and shapes of tensors as one line."""
    return ', '.join(f'{one.name} {one.dtype} {shape_text(one.shape)}' for one in specs)


def newest(versions: Sequence[str]) -> str:
    """Return the version that a server takes where none is asked for: the highest number."""
    return max(versions, key=lambda text: (text.isdecimal(), len(text), text), default='')
