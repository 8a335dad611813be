# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Images that go to a server as JPEG files."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from inference_server import Model

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines.remote.jpeg_input import JpegInput
from ros_deep_learning.errors import InferenceError, SettingsError
from ros_deep_learning.imaging.compressed import encode_jpeg

WH = 48, 32


@pytest.fixture
def image_rgb(astronaut):
    return cv2.resize(astronaut, WH)


def decoded(content):
    """The pixels of a file, RGB, by OpenCV."""
    return cv2.imdecode(content, cv2.IMREAD_COLOR)[..., ::-1]


@pytest.fixture
def card(card):
    return replace(card, input=InputSpec(*WH))


@pytest.fixture
def model():
    """A network that gives back the pixels of a file."""
    return Model(
        [('x', 'UINT8', [-1])],
        [('y', 'UINT8', [1, 32, 48, 3])],
        lambda given: {'y': decoded(given['x'])[None].copy()},
        extensions=['binary_tensor_data', 'system_shared_memory'],
    )


@pytest.mark.parametrize('quality', [50, 95])
def test_what_arrives_is_what_was_encoded(server, opened, model, image_rgb, quality):
    engine = opened(server.url, deadline_s=20, jpeg_quality=quality)
    (spec,) = engine.info.inputs
    assert (spec.dtype, spec.shape) == (np.uint8, (1, 3, 32, 48))
    found = engine.run({'x': image_rgb.transpose(2, 0, 1)[None]})['y']
    content = np.frombuffer(encode_jpeg(image_rgb, quality), np.uint8)
    np.testing.assert_array_equal(found[0], decoded(content))
    assert engine.info.sent_bytes == model.requests[0][0]['x'].size
    assert engine.info.sent_bytes < image_rgb.nbytes
    # Files of many sizes would need memory of many sizes.
    assert model.regions == {}
    with pytest.raises(InferenceError, match=r"input 'x': expected uint8 1x3x32x48"):
        engine.run({'x': np.zeros((1, 3, 8, 8), np.uint8)})


@pytest.mark.parametrize('layout', ['nchw', 'nhwc'])
@pytest.mark.parametrize('channels', ['rgb', 'bgr'])
def test_a_file_has_the_colours_of_the_image(image_rgb, layout, channels):
    jpeg = JpegInput('x', InputSpec(*WH, layout=layout, channels=channels), 95)
    image = image_rgb if channels == 'rgb' else image_rgb[..., ::-1]
    pixels = (image.transpose(2, 0, 1) if layout == 'nchw' else image)[None]
    assert pixels.shape == jpeg.pixels.shape
    expected = JpegInput('x', InputSpec(*WH, layout='nhwc'), 95).encode(image_rgb[None])
    np.testing.assert_array_equal(jpeg.encode(pixels), expected)
    assert np.abs(decoded(expected).astype(int) - image_rgb).mean() < 6


def test_a_quality_out_of_range(opened):
    with pytest.raises(SettingsError, match='jpeg_quality: expected 1 to 100, got 0'):
        opened('grpc://localhost', jpeg_quality=0)
