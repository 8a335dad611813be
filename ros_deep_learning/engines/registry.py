# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The backends by name, and the choice of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..errors import BackendUnavailableError
from .backend import Backend


def _tensorrt() -> Backend:
    from .tensorrt.backend import TensorRtBackend

    return TensorRtBackend()


def _onnxruntime() -> Backend:
    from .onnxruntime import OnnxRuntimeBackend

    return OnnxRuntimeBackend()


BACKENDS: dict[str, Callable[[], Backend]] = {
    'tensorrt': _tensorrt,
    'onnxruntime': _onnxruntime,
}
"""Makers of the backends, in the order that ``auto`` tries them."""


@dataclass(frozen=True, slots=True)
class BackendChoice:
    """The backend that was chosen, and why.

    Attributes:
        backend: The one to use.
        passed_over: Name and reason of each better backend that cannot run here; only ``auto``
            passes any over.
    """

    backend: Backend
    passed_over: tuple[tuple[str, str], ...] = ()

    @property
    def reason(self) -> str:
        """The choice in one line, for logs and diagnostics."""
        line = f'backend {self.backend.name}'
        if self.passed_over:
            line += ' because ' + '; '.join(
                f'{n} cannot run: {why}' for n, why in self.passed_over
            )
        return line


def choose_backend(
    name: str, backends: Mapping[str, Callable[[], Backend]] = BACKENDS
) -> BackendChoice:
    """Find a backend that can run on this machine.

    Args:
        name: A key of ``backends``, or ``auto`` for the first that can run here.
        backends: Makers of the backends, best first.

    Raises:
        BackendUnavailableError: The backend that was asked for, or with ``auto`` every one,
            cannot run here or does not exist; the message has the reasons.
    """
    if name != 'auto':
        if name not in backends:
            have = ', '.join(('auto', *backends))
            msg = f'no backend {name!r} in this version of the package; it has {have}'
            raise BackendUnavailableError(msg)
        backend = backends[name]()
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
