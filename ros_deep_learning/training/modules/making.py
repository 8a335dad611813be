# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""From the name of a network to what is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch

from ...cards.card import Task
from ...errors import TrainingError
from ...text import one_line
from ..begun_with import InitialWeights
from ..settings import TrainingSettings
from .classifier import make_classifier
from .detector import Detector
from .dfine import DFINES, make_dfine
from .segmenter import make_segmenter
from .ssd import SSDS, make_ssd
from .task_module import TaskModule


def make_module(
    settings: TrainingSettings,
    classes: Sequence[str],
    begun_with: InitialWeights | None = None,
) -> TaskModule:
    """Make the network of a training with its initial weights.

    Args:
        settings: How it is trained; random weights are those of its seed.
        classes: Name of each class of the data set.
        begun_with: Where the weights were from of a training that is continued, whose state has
            them; None loads them.

    Raises:
        TrainingError: There is no such network, it does not take that size, or the weights cannot
            be used.
    """
    torch.manual_seed(settings.seed)
    with _told_of_size(settings):
        if begun_with is None:
            return _MAKERS[settings.task](settings, classes)
        # The file may have gone since, and what is published be out of reach.
        module = _MAKERS[settings.task](replace(settings, weights='none'), classes)
        module.begun_with = begun_with
        return module


def check_size(module: TaskModule, settings: TrainingSettings) -> None:
    """Run a network once on a picture of its size.

    Raises:
        TrainingError: It does not take that size.
    """
    width, height = settings.size_wh
    with _told_of_size(settings), torch.no_grad():
        module.exported().eval()(torch.zeros(1, 3, height, width))
    module.train()


@contextmanager
def _told_of_size(settings: TrainingSettings) -> Iterator[None]:
    try:
        yield
    # What the layers raise for a picture that is too small, or is not the one size that they take.
    except (AssertionError, RuntimeError, ValueError) as err:
        if isinstance(err, TrainingError):
            raise
        size = 'x'.join(map(str, settings.size_wh))
        msg = f'{settings.network} does not take {size}: {one_line(err, 200)}; to fix: --size'
        raise TrainingError(msg) from err


def _make_detector(settings: TrainingSettings, classes: Sequence[str]) -> Detector:
    if settings.network in DFINES:
        return make_dfine(settings, classes)
    if settings.network in SSDS:
        return make_ssd(settings, classes)
    names = ', '.join((*SSDS, *DFINES))
    msg = f'no detector {settings.network!r} can be trained; expected one of {names}'
    raise TrainingError(msg)


_MAKERS: Mapping[Task, Callable[[TrainingSettings, Sequence[str]], TaskModule]] = {
    'classification': make_classifier,
    'detection': _make_detector,
    'segmentation': make_segmenter,
}
