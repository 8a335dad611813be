# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A network that runs on this machine for as long as its server cannot."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from ...errors import EngineError, ServerError
from ..base import Engine, EngineInfo, PipelinedEngine, Tensors, TensorSpec
from .protocol import tensors_text

_LOG = logging.getLogger('ros_deep_learning')


class FallbackEngine:
    """An engine on a server and one of the same network here; see ``PipelinedEngine``.

    Args:
        far: On the server; closed with this one, as the other.
        near: Of this machine.

    Raises:
        EngineError: Their tensors differ; both are closed.
    """

    def __init__(self, far: Engine, near: Engine) -> None:
        assert isinstance(far, PipelinedEngine)
        self._far: Any = far
        self._near = near
        self._warning = ''
        self._info = self._far_info = far.info
        self.in_flight = far.in_flight
        try:
            _check_equal(far.info, near.info)
        except EngineError:
            self.close()
            raise

    @property
    def info(self) -> EngineInfo:
        """Facts of the engine on the server, with a warning while the other one runs."""
        far: EngineInfo = self._far.info
        if far is not self._far_info or self._info.warning != self._warning:
            self._far_info, self._info = far, replace(far, warning=self._warning)
        return self._info

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Tensors:
        """Run the network once; see ``Engine.run``."""
        return self.start(inputs)()

    def start(
        self, inputs: Mapping[str, NDArray[Any]], outputs: Collection[str] | None = None
    ) -> Callable[[], Tensors]:
        """Start a run on the server, or here if it fails; see ``PipelinedEngine.start``."""
        try:
            wait = self._far.start(inputs, outputs)
        except ServerError as err:
            failure = err
            return lambda: self._run_near(inputs, failure)

        def finish() -> Tensors:
            try:
                found: Tensors = wait()
            except ServerError as err:
                return self._run_near(inputs, err)
            if self._warning:
                self._warning = ''
                _LOG.info('the network runs on its server again: %s', self._far.info.device)
            return found

        return finish

    def close(self) -> None:
        """Close both engines; closing again has no effect."""
        try:
            self._far.close()
        finally:
            self._near.close()

    def _run_near(self, inputs: Mapping[str, NDArray[Any]], err: ServerError) -> Tensors:
        here = f'{self._near.info.backend} on {self._near.info.device}'
        if not self._warning:
            _LOG.warning('the network runs here (%s) until its server is back: %s', here, err)
        self._warning = f'runs here ({here}) until its server is back: {err}'
        return self._near.run(inputs)


def _check_equal(far: EngineInfo, near: EngineInfo) -> None:
    for kind, there, here in (
        ('inputs', far.inputs, near.inputs),
        ('outputs', far.outputs, near.outputs),
    ):
        names = {spec.name: spec for spec in there}
        if names.keys() != {spec.name for spec in here} or not all(
            _agree(spec, names[spec.name]) for spec in here
        ):
            msg = (
                f'the network here is not the one on {far.device}: its {kind} are '
                f'{tensors_text(here)}, there {tensors_text(there)}'
            )
            raise EngineError(msg)


def _agree(one: TensorSpec, other: TensorSpec) -> bool:
    return (
        one.dtype == other.dtype
        and len(one.shape) == len(other.shape)
        and all(-1 in (a, b) or a == b for a, b in zip(one.shape, other.shape, strict=True))
    )
