# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""From the name of a network to what is trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch

from ...cards.card import Task
from ...errors import TrainingError
from ..settings import TrainingSettings
from .classifier import make_classifier
from .detector import Detector
from .dfine import DFINES, make_dfine
from .segmenter import make_segmenter
from .ssd import SSDS, make_ssd
from .task_module import TaskModule


def make_module(settings: TrainingSettings, classes: Sequence[str]) -> TaskModule:
    """Make the network of a training with its initial weights.

    Args:
        settings: How it is trained; random weights are those of its seed.
        classes: Name of each class of the data set.

    Raises:
        TrainingError: There is no such network, or the weights cannot be used.
    """
    torch.manual_seed(settings.seed)
    return _MAKERS[settings.task](settings, classes)


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
