# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks as a library: image array in, result out."""

from __future__ import annotations

from .base import Network
from .detectnet import DetectNet
from .device.device_masks import MaskWish
from .imagenet import ImageNet
from .segnet import SegNet

__all__ = [
    'DetectNet',
    'ImageNet',
    'MaskWish',
    'Network',
    'SegNet',
]
