# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What networks should answer for a picture, moved as the picture is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import cv2
import numpy as np
import torch
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional

from ...datasets.dataset import Sample
from ...datasets.mask_files import read_mask
from ...imaging.palettes import UNLABELLED
from ...imaging.placement import Placement


class Target(ABC):
    """Reads the labels of a task, and moves them as pictures are moved."""

    @abstractmethod
    def read(self, sample: Sample, size_wh: tuple[int, int]) -> Any:
        """Return the label of a picture of a size, in its pixels."""

    def cropped(self, label: Any, place: dict[str, int]) -> Any:
        """Return the label of a part: ``top``, ``left``, ``height`` and ``width``."""
        return label

    def fitted(self, label: Any, placement: Placement) -> Any:
        """Return the label in pixels of the network's input."""
        return label


class ClassTarget(Target):
    """The class of the whole picture."""

    def read(self, sample: Sample, size_wh: tuple[int, int]) -> int:
        """Return the class."""
        assert sample.class_id is not None
        return sample.class_id


class MaskTarget(Target):
    """The class of every pixel, shape (H, W), uint8; 255 is none."""

    def read(self, sample: Sample, size_wh: tuple[int, int]) -> tv_tensors.Mask:
        """Return the mask."""
        assert sample.mask is not None
        return tv_tensors.Mask(torch.from_numpy(read_mask(sample.mask)))

    def cropped(self, label: Any, place: dict[str, int]) -> Any:
        """Return the part of the mask."""
        return functional.crop(label, **place)

    def fitted(self, label: Any, placement: Placement) -> tv_tensors.Mask:
        """Return the mask of the input; what holds no part of the picture has no class."""
        x1, y1, x2, y2 = placement.crop_xyxy
        left, top, right, bottom = placement.paste_xyxy
        width, height = placement.network_wh
        canvas = np.full((height, width), UNLABELLED, np.uint8)
        seen = np.ascontiguousarray(label.numpy()[y1:y2, x1:x2])
        size_wh = (right - left, bottom - top)
        small = cv2.resize(seen, size_wh, interpolation=cv2.INTER_NEAREST_EXACT)
        canvas[top:bottom, left:right] = small
        return tv_tensors.Mask(torch.from_numpy(canvas))


class BoxTarget(Target):
    """The boxes in a picture, xyxy in pixels, and their classes from 1; 0 is the background."""

    def read(self, sample: Sample, size_wh: tuple[int, int]) -> dict[str, Any]:
        """Return the boxes that hold a single object each."""
        assert sample.boxes is not None
        single = ~sample.boxes.is_crowd
        edges = torch.from_numpy(sample.boxes.in_pixels(size_wh)[single]).float()
        return {
            'boxes': _boxes(edges, (size_wh[1], size_wh[0])),
            'labels': torch.from_numpy(sample.boxes.class_ids[single]) + 1,
        }

    def cropped(self, label: dict[str, Any], place: dict[str, int]) -> dict[str, Any]:
        """Return the boxes of which the middle lies in the part."""
        edges = label['boxes']
        x, y = (edges[:, 0] + edges[:, 2]) / 2, (edges[:, 1] + edges[:, 3]) / 2
        right, bottom = place['left'] + place['width'], place['top'] + place['height']
        stays = (x >= place['left']) & (x < right) & (y >= place['top']) & (y < bottom)
        kept = _boxes(edges[stays], edges.canvas_size)
        return {'boxes': functional.crop(kept, **place), 'labels': label['labels'][stays]}

    def fitted(self, label: dict[str, Any], placement: Placement) -> dict[str, Any]:
        """Return the boxes in pixels of the input, at least a pixel wide and high."""
        scale = torch.tensor(placement.scale_xy * 2, dtype=torch.float32)
        crop = torch.tensor(placement.crop_xyxy[:2] * 2, dtype=torch.float32)
        paste = torch.tensor(placement.paste_xyxy[:2] * 2, dtype=torch.float32)
        width, height = placement.network_wh
        edges = (label['boxes'].as_subclass(torch.Tensor) - crop) * scale + paste
        edges[:, 0::2] = edges[:, 0::2].clamp(0, width)
        edges[:, 1::2] = edges[:, 1::2].clamp(0, height)
        stays = ((edges[:, 2:] - edges[:, :2]) >= 1).all(1)
        return {
            'boxes': _boxes(edges[stays], (height, width)),
            'labels': label['labels'][stays],
        }


def _boxes(edges: torch.Tensor, canvas_hw: tuple[int, int]) -> tv_tensors.BoundingBoxes:
    return tv_tensors.BoundingBoxes(
        edges, format=tv_tensors.BoundingBoxFormat.XYXY, canvas_size=canvas_hw
    )
