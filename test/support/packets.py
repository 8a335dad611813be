# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Packets of H.264 and H.265, encoded by PyAV, whose pictures are known."""

from __future__ import annotations

import array
from fractions import Fraction
from typing import Any

import av
import numpy as np

ENCODERS = {'h264': 'libx264', 'hevc': 'libx265'}
GROUP = 6
"""A key frame is followed by 5 others."""


def picture(number: int) -> np.ndarray:
    rgb = np.full((64, 96, 3), (10 * number, 100, 200 - 5 * number), np.uint8)
    rgb[10:30, 3 * number : 3 * number + 20] = 255
    return rgb


def encoded(codec: str) -> list[array.array]:
    encoder = av.CodecContext.create(ENCODERS[codec], 'w')
    encoder.width, encoder.height, encoder.pix_fmt = 96, 64, 'yuv420p'
    encoder.framerate, encoder.time_base = 30, Fraction(1, 30)
    encoder.options = {
        'g': str(GROUP), 'bf': '0', 'tune': 'zerolatency', 'preset': 'ultrafast', 'crf': '10',
        'x265-params': f'keyint={GROUP}:bframes=0:log-level=none',
    }  # fmt: skip
    made = []
    for number in range(3 * GROUP):
        frame = av.VideoFrame.from_ndarray(picture(number), 'rgb24')
        frame.pts = number
        made += encoder.encode(frame)
    made += encoder.encode(None)
    assert len(made) == 3 * GROUP
    return [array.array('B', bytes(each)) for each in made]


def is_picture(pixels: Any, number: int) -> bool:
    off = np.abs(pixels.as_order('rgb').astype(int) - picture(number))
    return bool(np.median(off) < 6 and off.mean() < 8)
