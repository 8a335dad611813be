# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Judge what a training has made as the package runs it: how good, and how fast by backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..cards.card import ModelCard
from ..datasets.dataset import spread
from ..downloads.store import ModelStore
from ..engines.loader import EngineLoader
from ..engines.registry import BACKENDS, choose_backend
from ..errors import BackendUnavailableError, DeepLearningError
from ..evaluation.answers import Rules
from ..evaluation.int8 import Int8Network, make_int8
from ..evaluation.run import Run, Wish, evaluate
from ..networks.images import read_picture
from ..progress import Progress
from ..text import one_line
from .plan import Plan
from .run_folder import RunFolder

INT8 = 'int8'
_FLOAT = 'float32'
_MOST_JUDGED = 500
_MOST_CALIBRATED = 200
_DRAWN = 8


@dataclass(frozen=True, slots=True)
class Judged:
    """What the trained networks reach.

    Attributes:
        runs: Each network on each backend of this machine; the first is the float one.
        failed: Why others failed, by their name.
        int8: The int8 network; None if there is none.
    """

    runs: tuple[Run, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    int8: Int8Network | None = None

    def describe(self) -> list[str]:
        """Return what is best to know, one line for people each."""
        lines = [f'{name}: {why}' for name, why in self.failed.items()]
        if self.int8 is not None:
            lines += [f'{INT8}: {line}' for line in self.int8.describe()]
            lines += self._losses()
        return lines

    def _losses(self) -> list[str]:
        """Return what int8 loses of the first figure, by backend."""
        floats = {run.backend: run for run in self.runs if run.wish.model == _FLOAT}
        lines = []
        for run in self.runs:
            if run.wish.model != INT8 or run.backend not in floats:
                continue
            before = floats[run.backend]
            name, old = next(iter(before.seen.scores.metrics.items()))
            new = run.seen.scores.metrics[name]
            change = 'the same as' if new == old else f'{abs(new - old):.3f} '
            change += ('less than' if new < old else 'more than') * (new != old)
            lines.append(
                f'{INT8} with {run.backend}: {name} {new:.3f}, {change} {_FLOAT}; '
                f'{run.cost.ms:.1f} ms a picture instead of {before.cost.ms:.1f}'
            )
        return lines


def quantised(
    card: ModelCard, labels: tuple[str, ...], plan: Plan, run: RunFolder, progress: Progress
) -> Int8Network:
    """Make the int8 network of a training, calibrated with its pictures.

    Raises:
        DeepLearningError: It cannot be made.
    """
    chosen = spread(len(plan.train), _MOST_CALIBRATED)
    frames = (read_picture(plan.train[index].picture) for index in chosen)
    return make_int8(card, labels, run.network, frames, run.int8_network, progress=progress)


def judge_networks(
    card: ModelCard,
    labels: tuple[str, ...],
    plan: Plan,
    run: RunFolder,
    *,
    int8: bool,
    progress: Progress,
) -> Judged:
    """Run the trained network on validation pictures, on each backend of this machine.

    Args:
        card: The network.
        labels: Its labels.
        plan: The pictures; at most 500 of those for validation are judged.
        run: The files of the training.
        int8: Whether an int8 network is made and judged too.
        progress: Told how far it is.
    """
    failed: dict[str, str] = {}
    cards, made = {_FLOAT: card}, None
    if int8:
        try:
            made = quantised(card, labels, plan, run, progress)
            cards[INT8] = made.card
        except DeepLearningError as err:
            failed[INT8] = one_line(err)
    judged = tuple(plan.val[index] for index in spread(len(plan.val), _MOST_JUDGED))
    data = replace(plan.dataset, splits={'val': judged})
    loader = EngineLoader(ModelStore(offline=True))
    runs: list[Run] = []
    for backend in _usable_backends():
        for model, network in cards.items():
            wish = Wish(model, network, backend)
            draw = 0 if runs else _DRAWN
            try:
                runs.append(evaluate(wish, data, Rules(), loader, draw=draw, progress=progress))
            # The network is there, and runs elsewhere.
            except DeepLearningError as err:
                failed[wish.name] = one_line(err)
    return Judged(tuple(runs), failed, made)


def _usable_backends() -> list[str]:
    usable = []
    for name in reversed(BACKENDS):
        try:
            choose_backend(name)
        except BackendUnavailableError:
            continue
        usable.append(name)
    return usable
