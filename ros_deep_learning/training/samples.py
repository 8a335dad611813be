# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures as the tensors that a network is trained with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler
from torchvision.transforms import v2

from ..cards.card import InputSpec
from ..datasets.dataset import Sample
from ..imaging.pixels import Pixels
from ..networks.images import read_picture
from ..tasks.preprocess import preprocess

Target = Callable[[Sample], Any]
"""Returns what the network should answer for a picture."""


class Pictures(Dataset[Any]):
    """Pictures with what a network should answer, prepared by the code that the nodes use.

    For validation a picture passes ``preprocess`` as in a node. For training, ``augment`` changes
    it before: by random numbers of the seed, the epoch and the picture, so that neither the order
    nor the number of processes that load pictures plays a part.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        spec: InputSpec,
        target: Target,
        augment: Augmentation | None = None,
        seed: int = 0,
    ) -> None:
        """Keep what is needed to load pictures.

        Args:
            samples: The pictures.
            spec: The network's input.
            target: Returns the answer for a picture.
            augment: Changes a picture at random; None changes nothing.
            seed: Of its random numbers.
        """
        self._samples = samples
        self._spec = spec
        self._target = target
        self._augment = augment
        self._seed = seed

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self._samples)

    def __getitem__(self, key: int) -> tuple[torch.Tensor, Any]:
        """Load a picture.

        Args:
            key: Its index, plus the number of pictures for each epoch before.

        Returns:
            The input, shape (3, H, W), float32; and the answer.
        """
        index = key % len(self._samples)
        sample = self._samples[index]
        pixels = read_picture(sample.picture)
        if self._augment is not None:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self._seed * 1_000_003 + key)
                pixels = self._augment(pixels)
        (tensor,) = preprocess([pixels], self._spec)
        return torch.from_numpy(tensor), self._target(sample)


class Augmentation:
    """Changes pictures at random: the part that is seen, left and right, and the colours."""

    def __init__(self, spec: InputSpec, *, flip: bool) -> None:
        """Prepare the changes.

        Args:
            spec: The network's input.
            flip: Whether half of the pictures are mirrored.
        """
        self._fitted = replace(spec, dtype='uint8', layout='nchw')
        size_hw = (spec.height, spec.width)
        self._area = v2.RandomResizedCrop(size_hw, scale=(0.4, 1.0), ratio=(0.75, 4 / 3))
        changes = [v2.ColorJitter(0.3, 0.3, 0.3, 0.02)]
        if flip:
            changes.insert(0, v2.RandomHorizontalFlip())
        self._small = v2.Compose(changes)

    def __call__(self, pixels: Pixels) -> Pixels:
        """Return a changed picture, of the size of the network's input."""
        seen = Pixels(self._crop(pixels.array), pixels.order)
        # Fitted as in the node, so that what is learnt has its sharpness.
        (fitted,) = preprocess([seen], self._fitted)
        changed = self._small(torch.from_numpy(fitted)).numpy()
        return Pixels(np.ascontiguousarray(np.moveaxis(changed, 0, -1)), 'rgb')

    def _crop(self, array: NDArray[np.uint8]) -> NDArray[np.uint8]:
        place = self._area.make_params([torch.empty(1, *array.shape[:2], device='meta')])
        top, left = place['top'], place['left']
        return array[top : top + place['height'], left : left + place['width']]


class EpochSampler(Sampler[int]):
    """Gives the keys of an epoch in an order of the seed and the epoch alone."""

    def __init__(self, count: int, seed: int, epoch: int) -> None:
        """Keep the number of pictures, the seed of their order and the epoch to begin with.

        Of a training that is continued, Lightning fetches the first pictures before it calls
        ``set_epoch``.
        """
        self._count, self._seed, self._epoch = count, seed, epoch

    def __len__(self) -> int:
        """Count the pictures."""
        return self._count

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, from 0; Lightning calls it."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Yield the keys; see ``Pictures``."""
        random = torch.Generator().manual_seed(self._seed + self._epoch)
        for index in torch.randperm(self._count, generator=random).tolist():
            yield self._epoch * self._count + index


def load_epochs(
    pictures: Pictures, batch: int, seed: int, workers: int, *, epoch: int
) -> DataLoader[Any]:
    """Return what loads all pictures, in another order each epoch.

    Args:
        pictures: The pictures.
        batch: How many are loaded together.
        seed: Of the order.
        workers: Processes that load them; 0 is this one.
        epoch: The first one, from 0.
    """
    count = len(pictures)
    return DataLoader(
        pictures,
        batch,
        sampler=EpochSampler(count, seed, epoch),
        # Batch normalisation has no deviation of a single picture.
        drop_last=count > batch and count % batch == 1,
        num_workers=workers,
        worker_init_fn=_in_worker,
        # Otherwise it draws from the numbers that dropout uses, but not so when continued.
        generator=torch.Generator(),
        pin_memory=torch.cuda.is_available(),
    )


def load_in_order(pictures: Pictures, batch: int, workers: int) -> DataLoader[Any]:
    """Return what loads all pictures, in their order."""
    return DataLoader(pictures, batch, num_workers=workers, worker_init_fn=_in_worker)


def _in_worker(number: int) -> None:
    import cv2

    # There is a process a core already.
    cv2.setNumThreads(0)
