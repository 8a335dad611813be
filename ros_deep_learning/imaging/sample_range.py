# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert 16-bit samples to 8 bits, and tell what is unlikely about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError

LARGEST = 65535
PERCENTILES = (1, 99)
BLACK_BELOW = 4096
"""Nearly all samples below this have 0 to 15 as 8 bits."""
SENSOR_BITS = (8, 10, 12, 14)
HOLES_SHARE = 0.01
NEAREST_DEPTH = 64
"""Least depth in millimetres that a camera measures; RealSense and Kinect begin above 100."""
_LOOKED_AT = 256


@dataclass(frozen=True, slots=True)
class SampleRange:
    """The 16-bit samples that become 0 and 255; those between are divided evenly.

    The full range keeps the upper 8 bits.

    Attributes:
        low: Largest sample that becomes black when ``automatic`` is false, 0..65534.
        high: Least sample that becomes white, above ``low``, up to 65535.
        automatic: Whether both are taken from each image: its 1st and 99th percentile.
    """

    low: int = 0
    high: int = LARGEST
    automatic: bool = False


FULL = SampleRange()


def read_sample_range(text: str) -> SampleRange:
    """Read ``full``, ``auto``, the bits of the camera as ``12``, or a range as ``500,3000``.

    Raises:
        SettingsError: The text has another form.
    """
    if text in ('full', 'auto'):
        return SampleRange(automatic=text == 'auto')
    try:
        numbers = [int(float(part)) for part in text.split(',')]
    except (ValueError, OverflowError):
        numbers = []
    if len(numbers) == 1 and 8 <= numbers[0] <= 16:
        return SampleRange(0, 2 ** numbers[0] - 1)
    if len(numbers) == 2 and 0 <= numbers[0] < numbers[1] <= LARGEST:
        return SampleRange(numbers[0], numbers[1])
    msg = (
        'parameter image_range: expected full, auto, 8 to 16 bits, or the samples that become '
        f'black and white such as 500,3000, got {text!r}'
    )
    raise SettingsError(msg)


def to_8_bits(
    samples: NDArray[Any], sample_range: SampleRange, encoding: str
) -> tuple[NDArray[np.uint8], str]:
    """Convert samples, and return what is unlikely about them.

    Args:
        samples: Shape (H, W) or (H, W, C), uint16 of any byte order.
        sample_range: What becomes 0 and 255.
        encoding: The encoding that the message names; ``16UC1`` may be a depth image (REP 118).

    Returns:
        The samples as uint8 of the same shape, and a sentence for people; empty if nothing is
        unlikely.
    """
    # Odd strides, so that all colours of a Bayer mosaic are among them.
    rows, columns = (side // _LOOKED_AT | 1 for side in samples.shape[:2])
    some = samples[::rows, ::columns].astype(np.uint16)
    doubt = _doubt(some, sample_range, encoding)
    if sample_range == FULL:
        return np.right_shift(samples, 8).astype(np.uint8), doubt
    low, high = sample_range.low, sample_range.high
    if sample_range.automatic:
        low, high = (int(value) for value in np.percentile(some, PERCENTILES))
        # The noise of an even image is not made brighter than it is.
        high = max(high, low + 255)
    eight = (np.arange(LARGEST + 1) - low) * 256 // (high - low + 1)
    table = eight.clip(0, 255).astype(np.uint8)
    return table[samples], doubt


def _doubt(some: NDArray[np.uint16], sample_range: SampleRange, encoding: str) -> str:
    if encoding == '16UC1' and _is_depth(some):
        return (
            'they look like a depth image (holes of 0, and nothing near 0); to fix: give the node '
            'the topic of the colour image'
        )
    if sample_range != FULL or np.percentile(some, PERCENTILES[1]) >= BLACK_BELOW:
        return ''
    bits = next((b for b in SENSOR_BITS if some.max() < 2**b), 16)
    return (
        f'the upper byte of nearly all 16-bit samples is near 0, so the image is black; to fix: '
        f'set image_range to {bits} (bits of the camera) or auto'
    )


def _is_depth(some: NDArray[np.uint16]) -> bool:
    measured = some[some > 0]
    if not measured.size or 1 - measured.size / some.size < HOLES_SHARE:
        return False
    least = int(measured.min())
    # Samples of fewer bits that were shifted up are all multiples of the least one.
    return least >= NEAREST_DEPTH and int(np.gcd.reduce(measured)) < least
