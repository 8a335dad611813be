# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a job on a Ray cluster: Ray Data hands inputs to actors, each with its own network."""

from __future__ import annotations

import logging
import os
import re
import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from ..errors import DeepLearningError, FleetError
from ..text import one_line
from .inputs import Unit
from .job import Entry, Job, Work, do_unit, entry_of, entry_text

_ADDRESS = re.compile(r'(ray://)?[\w.\[\]:-]+:\d+')
_CONNECT_S = 10.0
_TRIES_AFTER_DEATH = 3
"""How often an input is tried anew whose actor died; one that ends each of them is given up."""


class UnitActor:
    """A process of the cluster that holds a program and does one input after the other.

    Args:
        job: The program.
        folder: Working directory of who has called, which relative paths mean.
    """

    def __init__(self, job: Job, folder: str) -> None:
        from ray.util.metrics import Counter

        with suppress(OSError):
            os.chdir(folder)
        self._job = job
        self._stack = ExitStack()
        self._work: Work | None = None
        self._error = ''
        try:
            self._work = self._stack.enter_context(job.open_work())
        except DeepLearningError as err:
            # Raised here, Ray would tell it as a text of many lines.
            self._error = str(err)
        self._counters: dict[str, Any] = {
            name: Counter(f'rdl_{name}', description=f'{name} of this package')
            for name in ('inputs_done', 'inputs_failed', 'images')
        }

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Do the inputs of a batch; return their entries as JSON, or why nothing can be done."""
        if self._work is None:
            return {'entry': [''], 'error': [self._error]}
        entries = [
            do_unit(self._job, self._work, Unit(str(source), str(name)))
            for source, name in zip(batch['source'], batch['name'], strict=True)
        ]
        for entry in entries:
            self._counters['inputs_failed' if entry.failed else 'inputs_done'].inc()
            if images := entry.figures.get('images', 0):
                self._counters['images'].inc(images)
        texts = [entry_text(entry) for entry in entries]
        return {'entry': texts, 'error': [''] * len(texts)}


def run_on_ray(
    job: Job, units: Sequence[Unit], address: str, actors: int | None = None
) -> Iterator[Entry]:
    """Yield the entry of each input as it is done somewhere on a cluster.

    Ray starts a dead actor anew and gives its input to another one, gives out no more inputs than
    actors can take, and stops all when the caller ends.

    Args:
        job: The program, whose paths must mean the same on each machine.
        units: The inputs.
        address: ``HOST:PORT``, ``ray://HOST:PORT`` or ``auto`` of a cluster that runs; empty or
            ``local`` starts one on this machine, or takes that of ``$RAY_ADDRESS`` if empty.
        actors: How many; None is one for each GPU, or for each CPU but one.

    Raises:
        FleetError: Ray is not installed, the cluster cannot be reached or is too small, or the
            program cannot be loaded on it.
    """
    check_address(address)
    os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')
    try:
        import ray
        import ray.data
    except ImportError as err:
        msg = "--ray needs Ray; to fix: pip install 'ros_deep_learning[ray]'"
        raise FleetError(msg) from err
    _reach(address)
    try:
        ray.init(address or None, logging_level=logging.ERROR, log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError) as err:
        msg = f'no Ray cluster answers at {address}: {one_line(err)}'
        raise FleetError(msg) from err
    try:
        yield from _run(ray, job, units, actors)
    except ray.exceptions.RayError as err:
        msg = f'Ray could not go on: {one_line(err)}'
        raise FleetError(msg) from err
    finally:
        ray.shutdown()


def check_address(address: str) -> None:
    """Raise FleetError for what is no address of a cluster, such as an input that stands there."""
    if address not in ('', 'auto', 'local') and not _ADDRESS.fullmatch(address):
        msg = (
            f'--ray: expected HOST:PORT, ray://HOST:PORT, auto, local or nothing, got {address!r};'
            ' to fix: --ray behind all inputs'
        )
        raise FleetError(msg)


def _reach(address: str) -> None:
    """Raise FleetError at once where nothing listens, for which Ray waits minutes."""
    host, _, port = address.rpartition(':')
    if not port.isdecimal():
        return
    try:
        with socket.create_connection(
            (host.removeprefix('ray://').strip('[]'), int(port)), _CONNECT_S
        ):
            pass
    except (OSError, OverflowError) as err:
        msg = f'no Ray cluster answers at {address}: {one_line(err)}'
        raise FleetError(msg) from err


def _run(ray: Any, job: Job, units: Sequence[Unit], actors: int | None) -> Iterator[Entry]:
    resources = ray.cluster_resources()
    cpus, gpus = int(resources.get('CPU', 0)), int(resources.get('GPU', 0))
    # Ray Data runs tasks of its own, which wait for good where actors hold every CPU.
    count = min(actors or gpus or cpus, max(1, cpus - 1), len(units))
    if actors and count < min(actors, len(units)):
        msg = f'--ray-actors {actors}: the cluster has {cpus} CPUs, and one must stay free'
        raise FleetError(msg)
    context = ray.data.DataContext.get_current()
    logging.getLogger('ray.data').setLevel(logging.ERROR)
    context.enable_progress_bars = context.print_on_execution_start = False
    # An input that ends every process is left out, and the others are done.
    context.max_errored_blocks = -1
    rows = [{'source': unit.source, 'name': unit.name} for unit in units]
    with warnings.catch_warnings():
        # Ray 2.54 to 2.63 warn that the last two arguments go; setup.py excludes later ones.
        warnings.simplefilter('ignore')
        done = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            UnitActor,
            fn_constructor_args=(job, os.getcwd()),  # noqa: PTH109  a text, for other machines
            batch_size=1,
            # An input that waits in an actor would share the count of its deaths.
            compute=ray.data.ActorPoolStrategy(size=count, max_tasks_in_flight_per_actor=1),
            num_cpus=1,
            num_gpus=min(1.0, gpus / count),
            max_restarts=-1,
            max_task_retries=_TRIES_AFTER_DEATH,
        )
    left = {unit.source: unit for unit in units}
    for row in done.iter_rows():
        if row['error']:
            raise FleetError(row['error'])
        entry = entry_of(row['entry'])
        del left[entry.source]
        yield entry
    for unit in left.values():
        reason = 'the process that did it ended, each time; dmesg and the logs of Ray say why'
        yield Entry(unit.source, f'{unit.name}{job.suffix}', failed=reason)
