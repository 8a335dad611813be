# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The names of jetson-inference and jetson-utils, for scripts that were written for them.

Only the import of such a script changes: ``from ros_deep_learning.jetson import detectNet,
videoSource, videoOutput``, or ``from ros_deep_learning import jetson`` for those that call
``jetson.inference.detectNet``. New code is better off with ``DetectNet``, ``ImageNet`` and
``SegNet`` of ``ros_deep_learning``. ``docs/from-jetson-inference.md`` compares the two.
"""

from __future__ import annotations

import sys

from .detect_net import Detection, detectNet
from .font import cudaFont
from .image_net import imageNet
from .images import (
    cudaAllocMapped,
    cudaDeviceSynchronize,
    cudaFromNumpy,
    cudaImage,
    cudaOverlay,
    cudaToNumpy,
    loadImage,
    loadImageRGBA,
    saveImage,
    saveImageRGBA,
)
from .log import Log
from .seg_net import segNet
from .video_output import glDisplay, videoOutput
from .video_source import gstCamera, videoSource

inference = utils = sys.modules[__name__]
"""The two packages of jetson-inference, as in ``jetson.utils.videoSource``."""

__all__ = [
    'Detection',
    'Log',
    'cudaAllocMapped',
    'cudaDeviceSynchronize',
    'cudaFont',
    'cudaFromNumpy',
    'cudaImage',
    'cudaOverlay',
    'cudaToNumpy',
    'detectNet',
    'glDisplay',
    'gstCamera',
    'imageNet',
    'inference',
    'loadImage',
    'loadImageRGBA',
    'saveImage',
    'saveImageRGBA',
    'segNet',
    'utils',
    'videoOutput',
    'videoSource',
]
