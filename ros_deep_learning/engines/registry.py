# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""All backends by name, and the choice between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..errors import BackendUnavailableError
from .backend import AnyBackend, Backend, ServingBackend


def _tensorrt() -> Backend:
    from .tensorrt.backend import TensorRtBackend

    return TensorRtBackend()


def _onnxruntime() -> Backend:
    from .onnxruntime import OnnxRuntimeBackend

    return OnnxRuntimeBackend()


def _remote() -> ServingBackend:
    from .remote.backend import RemoteBackend

    return RemoteBackend()


BACKENDS: dict[str, Callable[[], Backend]] = {
    'tensorrt': _tensorrt,
    'onnxruntime': _onnxruntime,
}
"""Functions that create the backends, in the order in which ``auto`` tries them."""

REMOTE = 'remote'
ON_REQUEST: dict[str, Callable[[], ServingBackend]] = {REMOTE: _remote}
"""Functions that create the backends that need more than a machine, such as an address."""


@dataclass(frozen=True, slots=True)
class BackendChoice:
    """A chosen backend, with the reason for the choice.

    Attributes:
        backend: The backend to use.
        passed_over: Name of each better backend that cannot run on this machine, and why not;
            empty unless ``auto`` was requested.
    """

    backend: AnyBackend
    passed_over: tuple[tuple[str, str], ...] = ()

    @property
    def reason(self) -> str:
        """Line for logs and diagnostics."""
        line = f'backend {self.backend.name}'
        if self.passed_over:
            line += ' because ' + '; '.join(
                f'{n} cannot run: {why}' for n, why in self.passed_over
            )
        return line


def choose_backend(
    name: str, backends: Mapping[str, Callable[[], Backend]] = BACKENDS
) -> BackendChoice:
    """Choose a backend that can run on this machine.

    Args:
        name: A key of ``backends`` or ``ON_REQUEST``, or ``auto`` for the first that can run.
        backends: Functions that create the backends, best first.

    Raises:
        BackendUnavailableError: The requested backend cannot run or does not exist, or with
            ``auto`` none can run; the message has the reasons.
    """
    if name != 'auto':
        known: dict[str, Callable[[], AnyBackend]] = {**ON_REQUEST, **backends}
        if name not in known:
            have = ', '.join(('auto', *backends, *ON_REQUEST))
            msg = f'there is no backend {name!r}; expected one of {have}'
            raise BackendUnavailableError(msg)
        backend = known[name]()
        reason = backend.unavailable_reason()
        if reason is not None:
            msg = f'backend {name} cannot run here: {reason}'
            raise BackendUnavailableError(msg)
        return BackendChoice(backend)
    passed_over: list[tuple[str, str]] = []
    for candidate, make in backends.items():
        backend = make()
        reason = backend.unavailable_reason()
        if reason is None:
            return BackendChoice(backend, tuple(passed_over))
        passed_over.append((candidate, reason))
    why = '; '.join(f'{n}: {reason}' for n, reason in passed_over)
    msg = f'no backend can run on this machine: {why}'
    raise BackendUnavailableError(msg)
