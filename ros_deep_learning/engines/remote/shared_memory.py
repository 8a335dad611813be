# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tensors in memory that a server on the same machine, or the same GPU, shares."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from ...errors import DeviceError, ServerError
from .protocol import Answer, Connection, Request, ServedModel
from .region import Region

_LOG = logging.getLogger('ros_deep_learning')
_FORGETTING_S = 1.0
SAFE_S = 60.0
"""How long a region is kept after a request without an answer."""


class Abandoned:
    """Regions of requests without an answer, which the server may still write into."""

    def __init__(self) -> None:
        self._regions: list[tuple[float, Region]] = []

    def add(self, regions: Iterable[Region]) -> None:
        """Keep regions from being freed for a while."""
        now_s = time.monotonic()
        self._regions += [(now_s, region) for region in regions]

    def take(self) -> list[Region]:
        """Return and forget those that no request can have any more."""
        old_s = time.monotonic() - SAFE_S
        found = [region for since_s, region in self._regions if since_s <= old_s]
        self._regions = [one for one in self._regions if one[0] > old_s]
        return found


class SharingConnection:
    """A connection whose tensors are in shared memory as far as their sizes are known.

    An open first axis of an output is the images of the request where the server batches them,
    and else may count what was found. Where the server refuses shared memory, all are sent.

    Args:
        inner: A connection of its own.
        model: What is served.
        abandoned: Regions of the connections before, by the same user.
        make_region: Makes a region for tensors, by their sizes.
        refusal_level: Level of the log record that says so where they are sent.
    """

    def __init__(
        self,
        inner: Connection,
        model: ServedModel,
        abandoned: Abandoned,
        make_region: Callable[[Mapping[str, int]], Region],
        refusal_level: int,
    ) -> None:
        self._inner = inner
        self._make_region = make_region
        self._refusal_level = refusal_level
        self._outputs = {spec.name: spec for spec in model.outputs}
        self._batches = model.max_batch is not None
        self._free = abandoned.take()
        self._busy: list[Region] = []
        self._abandoned = abandoned
        self._refused = False
        self._forget()

    def model(self, deadline_s: float) -> ServedModel:
        """Ask what is served; see ``Connection.model``."""
        return self._inner.model(deadline_s)

    def start(self, request: Request) -> Callable[[], Answer]:
        """Send a request; see ``Connection.start``."""
        region = None if self._refused else self._region(request)
        if region is None:
            return self._inner.start(request)
        for name, array in request.inputs.items():
            region.write(f'>{name}', array)
        self._busy.append(region)
        wait = self._inner.start(replace(request, region=region))

        def finish() -> Answer:
            answer = wait()
            self._busy.remove(region)
            self._free.append(region)
            return replace(answer, shared=region.kind)

        return finish

    def register(self, region: Region, deadline_s: float) -> None:
        """Make a region known to the server; see ``Connection.register``."""
        self._inner.register(region, deadline_s)

    def unregister(self, region: Region, deadline_s: float) -> None:
        """Have the server forget a region; see ``Connection.unregister``."""
        self._inner.unregister(region, deadline_s)

    def close(self) -> None:
        """Free the regions that no request has, and close the connection."""
        self._abandoned.add(self._busy)
        self._free += self._abandoned.take()
        self._forget()
        self._inner.close()

    def _forget(self) -> None:
        free, self._free = self._free, []
        with suppress(ServerError):
            for region in free:
                self._inner.unregister(region, _FORGETTING_S)
        for region in free:
            region.free()

    def _region(self, request: Request) -> Region | None:
        sizes = {f'>{name}': array.nbytes for name, array in request.inputs.items()}
        count = max((array.shape[0] for array in request.inputs.values() if array.ndim), default=1)
        for name in request.outputs:
            spec = self._outputs[name]
            shape = spec.shape
            if self._batches and shape[:1] == (-1,):
                shape = (count, *shape[1:])
            if min(shape, default=0) >= 0:
                sizes[f'<{name}'] = math.prod(shape) * spec.dtype.itemsize
        for region in self._free:
            if {name: size for name, (_, size) in region.places.items()} == sizes:
                self._free.remove(region)
                return region
        try:
            region = self._make_region(sizes)
            try:
                self._inner.register(region, request.deadline_s)
            except ServerError:
                region.free()
                raise
            finally:
                region.unlink()
        except (OSError, DeviceError, ServerError) as err:
            self._refused = True
            _LOG.log(self._refusal_level, 'tensors are sent to the server, not shared: %s', err)
            return None
        return region
