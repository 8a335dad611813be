# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures as the tensors that a network is trained with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler, Subset, default_collate
from torchvision import tv_tensors
from torchvision.transforms import v2

from ..cards.card import InputSpec
from ..datasets.dataset import Sample
from ..imaging.pixels import Pixels
from ..networks.images import read_picture
from ..tasks.preprocess import placement, preprocess
from .colors import ColorChange
from .modules.targets import Target

_CONTEXT = 'fork'
"""How processes that load pictures begin.

Within a process that was spawned, as those of several GPUs are, the default is to spawn them too:
one after the other, each would import the program and PyTorch anew before the first picture.
"""

_COLOR_FACTOR = 0.3
"""By how much brightness, contrast and saturation are changed at most; 1 is all of them."""

_HUE = 0.02
"""By how much of a full turn hues are changed at most."""


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
            target: Reads the answer for a picture.
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
        label = self._target.read(sample, pixels.size_wh)
        if self._augment is not None:
            with torch.random.fork_rng(devices=[]):
                # Not torch.manual_seed, which walks the stack for the GPUs too.
                torch.default_generator.manual_seed(self._seed * 1_000_003 + key)
                pixels, label = self._augment(pixels, label, self._target)
        else:
            label = self._target.fitted(label, placement(pixels.size_wh, self._spec))
        (tensor,) = preprocess([pixels], self._spec)
        return torch.from_numpy(tensor), plain(label)


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
        self._mirrored = v2.RandomHorizontalFlip(0.5 if flip else 0.0)

    def __call__(self, pixels: Pixels, label: Any, target: Target) -> tuple[Pixels, Any]:
        """Change a picture and its label.

        Args:
            pixels: The picture.
            label: As the target reads it.
            target: Moves it.

        Returns:
            Both in the size of the network's input.
        """
        height, width = pixels.array.shape[:2]
        place = self._area.make_params([torch.empty(1, height, width, device='meta')])
        rows = slice(place['top'], place['top'] + place['height'])
        columns = slice(place['left'], place['left'] + place['width'])
        seen = Pixels(pixels.array[rows, columns], pixels.order)
        placed = placement(seen.size_wh, self._fitted)
        label = target.fitted(target.cropped(label, place), placed)
        # Fitted as in the node, so that what is learnt has its sharpness.
        (fitted,) = preprocess([seen], self._fitted, [placed])
        image, label = self._mirrored(tv_tensors.Image(torch.from_numpy(fitted)), label)
        rgb = np.ascontiguousarray(np.moveaxis(image.numpy(), 0, -1))
        return Pixels(_random_colors().of(rgb), 'rgb'), label


def _random_colors() -> ColorChange:
    brightness, contrast, saturation, hue = (2 * torch.rand(4) - 1).tolist()
    return ColorChange(
        1 + _COLOR_FACTOR * brightness,
        1 + _COLOR_FACTOR * contrast,
        1 + _COLOR_FACTOR * saturation,
        _HUE * hue,
    )


def plain(label: Any) -> Any:
    """Return a label of plain tensors: those of torchvision cannot pass between processes."""
    if isinstance(label, dict):
        return {name: plain(value) for name, value in label.items()}
    return label.as_subclass(torch.Tensor) if isinstance(label, torch.Tensor) else label


def collate(batch: list[tuple[torch.Tensor, Any]]) -> tuple[torch.Tensor, Any]:
    """Put pictures together; labels of boxes, of which each has its own number, stay a list."""
    if isinstance(batch[0][1], dict):
        return torch.stack([image for image, _ in batch]), [label for _, label in batch]
    images, labels = default_collate(batch)
    return images, labels


class EpochSampler(Sampler[int]):
    """Gives the keys of an epoch in an order of the seed and the epoch alone."""

    def __init__(self, count: int, seed: int, epoch: int, share: tuple[int, int] = (0, 1)) -> None:
        """Keep the number of pictures, the seed of their order and the epoch to begin with.

        Of a training that is continued, Lightning fetches the first pictures before it calls
        ``set_epoch``. Of several processes, each takes its share: number and count of them.
        Their parts of a batch are together the batch of a single one, and at the end of an epoch
        those pictures are left out that not all of them would have.
        """
        self._count, self._seed, self._epoch = count, seed, epoch
        self._rank, self._processes = share

    def __len__(self) -> int:
        """Count the pictures of this process."""
        return self._count // self._processes

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, from 0; Lightning calls it."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Yield the keys; see ``Pictures``."""
        random = torch.Generator().manual_seed(self._seed + self._epoch)
        order = torch.randperm(self._count, generator=random).tolist()
        for index in order[self._rank :: self._processes][: len(self)]:
            yield self._epoch * self._count + index


def load_epochs(
    pictures: Pictures,
    batch: int,
    seed: int,
    workers: int,
    *,
    epoch: int,
    share: tuple[int, int] = (0, 1),
) -> DataLoader[Any]:
    """Return what loads all pictures, in another order each epoch.

    Args:
        pictures: The pictures.
        batch: How many are loaded together.
        seed: Of the order.
        workers: Processes that load them; 0 is this one.
        epoch: The first one, from 0.
        share: Number of this process, and of how many.
    """
    sampler = EpochSampler(len(pictures), seed, epoch, share)
    count = len(sampler)
    return DataLoader(
        pictures,
        batch,
        sampler=sampler,
        # Batch normalisation has no deviation of a single picture.
        drop_last=count > batch and count % batch == 1,
        collate_fn=collate,
        num_workers=workers,
        # An epoch of few pictures is shorter than their start.
        persistent_workers=workers > 0,
        worker_init_fn=_in_worker,
        # Otherwise it draws from the numbers that dropout uses, but not so when continued.
        generator=torch.Generator(),
        pin_memory=torch.cuda.is_available(),
        multiprocessing_context=_CONTEXT if workers else None,
    )


def load_in_order(
    pictures: Pictures, batch: int, workers: int, *, share: tuple[int, int] = (0, 1)
) -> DataLoader[Any]:
    """Return what loads all pictures, or those of one of several processes, in their order."""
    rank, processes = share
    return DataLoader(
        Subset(pictures, range(rank, len(pictures), processes)),
        batch,
        collate_fn=collate,
        num_workers=workers,
        # An epoch of few pictures is shorter than their start.
        persistent_workers=workers > 0,
        worker_init_fn=_in_worker,
        pin_memory=torch.cuda.is_available(),
        multiprocessing_context=_CONTEXT if workers else None,
    )


def _in_worker(number: int) -> None:
    import cv2

    # There is a process a core already.
    cv2.setNumThreads(0)
