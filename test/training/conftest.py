# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A small data set, and a network that is trained on it once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from labelled_pictures import coco_folder, cut, image_folder, mask_folder, write_rgb
from numpy.typing import NDArray

from ros_deep_learning.training.settings import TrainingSettings

if TYPE_CHECKING:
    from ros_deep_learning.training.training import Trained


@pytest.fixture(scope='session')
def libraries() -> None:
    """Make torchvision importable; without PyTorch, the test fails."""
    import torchvision_ops

    torchvision_ops.define()


@pytest.fixture(scope='session')
def class_folders(
    astronaut: NDArray[np.uint8],
    chelsea: NDArray[np.uint8],
    coffee: NDArray[np.uint8],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """16 pictures of each of three classes to train with, and 8 to judge with."""
    pictures = {'astronaut': astronaut, 'cat': chelsea, 'coffee': coffee}
    return image_folder(tmp_path_factory.mktemp('classes'), pictures, {'train': 16, 'val': 8})


@pytest.fixture(scope='session')
def classifier_settings() -> TrainingSettings:
    """Settings of the seed's network, as small as it learns something with."""
    return TrainingSettings(
        'classification', 'resnet18', (32, 32), epochs=5, batch=8, weights='none'
    )


@pytest.fixture(scope='session')
def trained_classifier(
    libraries: None,
    class_folders: Path,
    classifier_settings: TrainingSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Trained:
    """A classifier that was trained for some seconds."""
    from ros_deep_learning.training.training import train

    return train(class_folders, classifier_settings, tmp_path_factory.mktemp('runs') / 'things')


@pytest.fixture(scope='session')
def things(
    chelsea: NDArray[np.uint8], coffee: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Pictures with boxes of cats and cups of coffee."""
    pictures = {'cat': chelsea, 'coffee': coffee}
    return coco_folder(tmp_path_factory.mktemp('things'), pictures, {'train': 48, 'val': 12})


@pytest.fixture(scope='session')
def masks(
    chelsea: NDArray[np.uint8], coffee: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Pictures with masks of cats and cups of coffee on a ground."""
    pictures = {'cat': chelsea, 'coffee': coffee}
    return mask_folder(tmp_path_factory.mktemp('masks'), pictures, {'train': 40, 'val': 12})


@pytest.fixture(scope='session')
def trained_detector(
    libraries: None, things: Path, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    """An SSDLite that was trained for minutes: its scores rise late."""
    from ros_deep_learning.training.training import train

    settings = TrainingSettings(
        'detection',
        'ssdlite320_mobilenet_v3_large',
        (96, 96),
        epochs=90,
        batch=8,
        weights='none',
        learning_rate=2e-3,
        # The loss of twelve pictures is no reason to stop.
        patience=0,
    )
    return train(things, settings, tmp_path_factory.mktemp('runs') / 'things')


@pytest.fixture(scope='session')
def trained_segmenter(
    libraries: None, masks: Path, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    """An LR-ASPP that was trained for some seconds."""
    from ros_deep_learning.training.training import train

    settings = TrainingSettings(
        'segmentation',
        'lraspp_mobilenet_v3_large',
        (96, 96),
        epochs=12,
        batch=8,
        weights='none',
        learning_rate=3e-3,
    )
    return train(masks, settings, tmp_path_factory.mktemp('runs') / 'masks')


@pytest.fixture(scope='session')
def odd_pictures(
    astronaut: NDArray[np.uint8],
    chelsea: NDArray[np.uint8],
    coffee: NDArray[np.uint8],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Path]:
    """20 parts of real pictures, with odd widths and heights."""
    random, folder = np.random.default_rng(7), tmp_path_factory.mktemp('odd')
    paths = [folder / f'{k}.png' for k in range(20)]
    for k, path in enumerate(paths):
        write_rgb(path, cut((astronaut, chelsea, coffee)[k % 3], random))
    return paths
