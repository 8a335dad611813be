# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Colours are changed as torchvision changes them, and hues as NTSC turns them."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.training.colors import ColorChange

pytestmark = [pytest.mark.slow, pytest.mark.training]

# Of ITU-R BT.470 for NTSC, with three digits; the package has those of Python's colorsys.
Y = np.array([0.299, 0.587, 0.114])
I_AND_Q = np.array([[0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def unclipped(picture):
    """Return a picture that no change of these tests cuts."""
    return (picture // 3 + 60).astype(np.uint8)


@pytest.mark.parametrize('hue', [0.02, -0.02, 0.25])
def test_a_hue_is_turned_and_its_luma_stays(chelsea, hue):
    picture = unclipped(chelsea)
    before, after = picture / 1.0, ColorChange(hue=hue).of(picture) / 1.0
    assert after @ Y == pytest.approx(before @ Y, abs=1.5)
    chroma = [image @ I_AND_Q[0] + 1j * (image @ I_AND_Q[1]) for image in (before, after)]
    wanted = chroma[0] * np.exp(2j * np.pi * hue)
    assert np.abs(chroma[1] - wanted).max() < 3
    assert np.abs(chroma[1] - chroma[0]).max() > 3


def test_brightness_contrast_and_saturation_are_those_of_torchvision(libraries, chelsea):
    import torch
    from torchvision.transforms.v2 import functional

    picture = unclipped(chelsea)
    # In float, since it rounds down after each step of integers.
    image = torch.from_numpy(picture / 255).permute(2, 0, 1)
    image = functional.adjust_saturation(image, 1.3)
    image = functional.adjust_contrast(image, 0.7)
    image = functional.adjust_brightness(image, 1.2)
    wanted = image.permute(1, 2, 0).numpy() * 255
    found = ColorChange(brightness=1.2, contrast=0.7, saturation=1.3).of(picture)
    assert np.abs(found - wanted).max() < 3
    assert np.abs(found - wanted).mean() < 1


def test_greys_stay_grey_and_no_change_changes_nothing(chelsea):
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    for change in (ColorChange(saturation=1.3, hue=0.02), ColorChange()):
        assert np.abs(change.of(greys).astype(int) - greys).max() <= 1
    assert np.abs(ColorChange().of(chelsea).astype(int) - chelsea).max() <= 1
    assert (ColorChange(brightness=2).of(np.full((1, 1, 3), 200, np.uint8)) == 255).all()
