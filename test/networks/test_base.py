# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what networks of all tasks share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning.errors import CardError, ImageError, ModelNotFoundError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.networks.base import as_pixels, find_network


def test_a_card_is_taken_as_it_is(card):
    assert find_network(card, 'detection') is card


def test_networks_are_found_by_name_and_by_path():
    by_name = find_network('SSD-Mobilenet-v2', 'detection')
    assert by_name.name == 'ssd-mobilenet-v2'
    assert find_network(by_name.folder / 'ssd-mobilenet-v2.yaml', 'detection') == by_name


def test_a_labels_file_in_place_of_the_cards(card, tmp_path):
    labels = tmp_path / 'labels.txt'
    for given in (labels, str(labels)):
        assert find_network(card, 'detection', given) == replace(card, labels=labels)


def test_no_such_network(tmp_path):
    for model in ('no-such-network', tmp_path / 'none.yaml'):
        with pytest.raises(ModelNotFoundError):
            find_network(model, 'detection')


def test_networks_of_another_task(card):
    with pytest.raises(CardError, match=r'^net is made for classification, not for detection$'):
        find_network(replace(card, task='classification'), 'detection')


def test_pixels_are_views():
    image = np.zeros((4, 6, 3), np.uint8)
    pixels = Pixels(image, 'bgr')
    assert as_pixels(pixels) is pixels
    assert as_pixels(image).array is image
    assert as_pixels(image).order == 'rgb'


def test_a_channel_reversed_view_is_turned_back():
    image_bgr = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    pixels = as_pixels(image_bgr[..., ::-1])
    assert pixels.order == 'bgr'
    assert pixels.array.strides == image_bgr.strides
    np.testing.assert_array_equal(pixels.as_order('rgb'), image_bgr[..., ::-1])


def test_anything_with_an_array_inside():
    class Picture:
        def __array__(self, dtype=None, copy=None):
            return np.full((2, 2, 3), 7, np.uint8)

    assert as_pixels(Picture()).array.max() == 7


@pytest.mark.parametrize('image', [[], [[[1, 2, 3]]], 'picture', None, np.zeros((2, 2), np.uint8)])
def test_not_an_image(image):
    with pytest.raises(ImageError, match='want a uint8 image of shape'):
        as_pixels(image)
