# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One run of an evaluation: a network on a backend in a precision, over a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..cards.card import ModelCard
from ..datasets.dataset import Dataset
from ..engines.backend import EngineOptions
from ..engines.base import Precision
from ..engines.loader import EngineLoader
from ..engines.remote.options import RemoteOptions
from ..errors import DatasetError
from ..networks import DetectNet, ImageNet, SegNet
from ..progress import Progress
from ..text import one_line
from .answers import Rules, Seen, judge
from .class_match import match_classes
from .cost import Cost, MemoryGauge, cost_of, gpu_memory_mb
from .detection_scores import check_coco_api
from .worst_pictures import Painter, WorstPicture

NETWORKS = {'classification': ImageNet, 'detection': DetectNet, 'segmentation': SegNet}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be evaluated.

    Attributes:
        model: As the user named it.
        card: The network.
        backend: A backend's name, or ``auto``.
        precision: What to run in.
        remote: The server that runs it; None = it runs here.
    """

    model: str
    card: ModelCard
    backend: str = 'auto'
    precision: Precision = 'auto'
    remote: RemoteOptions | None = None

    @property
    def name(self) -> str:
        """What it is called in tables, before it is known what runs."""
        parts = [part for part in (self.backend, self.precision) if part != 'auto']
        return ' '.join([self.model, *parts])


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A wish, and what came of it.

    Attributes:
        wish: What was to be evaluated.
        backend: What ran it.
        precision: What it ran in.
        device: Where it ran.
        seen: Scores, pictures and times.
        cost: Time and memory.
        notes: Lines on what was left out, and on classes that do not match.
        worst: The pictures with the worst answers, drawn.
    """

    wish: Wish
    backend: str
    precision: str
    device: str
    seen: Seen
    cost: Cost
    notes: tuple[str, ...]
    worst: tuple[WorstPicture, ...]

    @property
    def name(self) -> str:
        """Model, backend and precision."""
        return f'{self.wish.model} ({self.backend} {self.precision})'


def check_task(card: ModelCard, dataset: Dataset) -> None:
    """Raise DatasetError where a network cannot be judged by a data set, before it is loaded."""
    if card.task != dataset.task:
        msg = (
            f'{card.name} is for {card.task}, but {dataset.folder} ({dataset.format}) is labelled '
            f'for {dataset.task}'
        )
        raise DatasetError(msg)
    if card.task == 'detection':
        check_coco_api()


def open_network(wish: Wish, loader: EngineLoader, progress: Progress) -> Any:
    """Load the network of a wish and run it once.

    Raises:
        DeepLearningError: It cannot be loaded or run.
    """
    network: Any = NETWORKS[wish.card.task](
        wish.card,
        backend=wish.backend,
        precision=wish.precision,
        options=EngineOptions(remote=wish.remote),
        loader=loader,
        progress=progress,
    )
    try:
        network.warm_up()
    except BaseException:
        network.close()
        raise
    return network


def evaluate(
    wish: Wish,
    dataset: Dataset,
    rules: Rules,
    loader: EngineLoader,
    *,
    renamed: Mapping[str, str] | None = None,
    draw: int = 0,
    progress: Progress,
) -> Run:
    """Open a network, run it on a data set, and judge it; see ``evaluate_network``.

    Raises:
        DatasetError: See there.
        DeepLearningError: The network cannot be loaded, or failed on a picture.
    """
    check_task(wish.card, dataset)
    gauge = MemoryGauge()
    with open_network(wish, loader, progress) as network:
        return evaluate_network(
            wish, network, gauge, dataset, rules, renamed=renamed, draw=draw, progress=progress
        )


def evaluate_network(
    wish: Wish,
    network: Any,
    gauge: MemoryGauge,
    dataset: Dataset,
    rules: Rules,
    *,
    renamed: Mapping[str, str] | None = None,
    draw: int = 0,
    progress: Progress,
) -> Run:
    """Run a network on a data set, and judge it.

    Args:
        wish: How the network was to be opened.
        network: What ``open_network`` made of the wish.
        gauge: Made before that.
        dataset: Of the network's task.
        rules: How answers are judged.
        renamed: Label of the network for a class of the data set, where they differ.
        draw: How many of the worst pictures are drawn.
        progress: Told how far it is; may raise to cancel.

    Raises:
        DatasetError: The data set has another task, none of the network's classes, or no picture
            that can be used.
        DeepLearningError: The network failed on a picture.
    """
    check_task(wish.card, dataset)
    info = network.info
    match = match_classes(dataset.classes, network.labels, renamed)
    seen = judge(network, dataset.samples, match, rules, progress)
    memory_mb, gpu_mb = gauge.growth_mb(), gpu_memory_mb(info.device)
    worst = [seen.samples[index] for index in seen.scores.worst[:draw]]
    drawn = tuple(Painter(match, rules.threshold).draw(network, worst))
    notes = match.notes(common_only=rules.common_only) + seen.notes
    return Run(
        wish,
        info.backend,
        info.precision,
        info.device,
        seen,
        cost_of(seen.times, memory_mb, gpu_mb),
        tuple(map(one_line_note, notes)),
        drawn,
    )


def one_line_note(note: str) -> str:
    """Return a note on one line, since names of classes come from files of others."""
    return one_line(Exception(note), 600)
