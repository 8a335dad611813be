# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of preprocessor_config.json against what the processors of transformers make of a picture.

``test/references/make_processor_references.py`` makes the file in test/references.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import write_exported

from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.networks.proof import proof_picture
from ros_deep_learning.recognition.custom import card_from_file
from ros_deep_learning.recognition.families.huggingface import read_processor
from ros_deep_learning.tasks.preprocess import preprocess

REFERENCE = json.loads((Path(__file__).parents[1] / 'references/processors.json').read_text())
PARTS = 8


@pytest.mark.parametrize('name', REFERENCE)
def test_an_image_is_prepared_as_by_transformers(name: str, tmp_path: Path) -> None:
    expected = REFERENCE[name]
    text = json.dumps(expected['configuration'])
    (tmp_path / 'preprocessor_config.json').write_text(text)
    path = write_exported(
        tmp_path / 'model.onnx',
        {'logits': np.zeros((1, 5), np.float32)},
        inputs={'pixel_values': [1, *expected['shape']]},
    )
    card = card_from_file(path)
    assert {one.key for one in card.decisions if one.guess} <= {'scores'}
    picture = proof_picture()
    strip = Pixels(np.ascontiguousarray(picture.array[20:220]), picture.order)
    (ours,) = preprocess([strip], card.input)
    _, height, width = ours.shape
    parts = ours.reshape(3, PARTS, height // PARTS, PARTS, width // PARTS).mean((2, 4))
    apart = np.abs(parts.ravel() - expected['means'])
    # Their filters are others; edges of half a pixel move what is in a part.
    assert apart.mean() < 0.02
    assert apart.max() < 0.15


@pytest.mark.parametrize(
    ('config', 'stated', 'near'),
    [
        # DeiT stretches to a square and crops that, for which a card has no way.
        ({'size': {'height': 256, 'width': 256}, 'crop_size': {'height': 224, 'width': 224},
          'do_center_crop': True}, {}, {'resize': 'crop', 'crop_fraction': 0.875}),
        ({'size': {'shortest_edge': 800, 'longest_edge': 1333}}, {}, {}),
        ({'size': 224}, {'resize': 'stretch'}, {}),
        ({'size': 224, 'do_resize': False}, {}, {}),
        ({'rescale_factor': 1 / 127.5, 'rescale_offset': True, 'do_normalize': False},
         {'mean': (1.0, 1.0, 1.0)}, {}),
    ],
)  # fmt: skip
def test_what_is_stated_and_what_is_a_guess(
    config: dict[str, Any], stated: dict[str, Any], near: dict[str, Any]
) -> None:
    found, guessed = read_processor(config)
    found.pop('scale')
    assert (found, guessed) == (stated, near)


def test_the_nearest_resize_is_marked_as_a_guess(tmp_path: Path) -> None:
    config = {'size': {'height': 256, 'width': 256}, 'crop_size': 224, 'do_center_crop': True}
    (tmp_path / 'preprocessor_config.json').write_text(json.dumps(config))
    outputs = {'logits': np.zeros((1, 5), np.float32)}
    path = write_exported(
        tmp_path / 'model.onnx', outputs, inputs={'pixel_values': [1, 3, 224, 224]}
    )
    card = card_from_file(path)
    assert (card.input.resize, card.input.crop_fraction) == ('crop', 0.875)
    assert {one.key for one in card.decisions if one.guess} == {'resize'}
