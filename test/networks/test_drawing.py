# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of results drawn in a user's own colours, by the names that the package gives away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning import (
    DetectNet,
    ImageNet,
    OverlayFlags,
    SegNet,
    blend_mask,
    color_mask,
    draw_classification,
    draw_detections,
)
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.errors import CardError
from ros_deep_learning.recognition.find import find_network

OWN = [[10, 20, 30], [40, 50, 60], [70, 80, 90]]


@pytest.fixture
def colors(tmp_path):
    """A file of a colour for each of the card's classes."""
    path = tmp_path / 'colors.txt'
    path.write_text('\n'.join(' '.join(map(str, color)) for color in OWN), encoding='utf-8')
    return path


@pytest.fixture
def scored(card, engine, info):
    """A card of another task, whose engine answers one output."""

    def make(task, role, output):
        engine.info = replace(info, outputs=(TensorSpec('out', (1, *output.shape), output.dtype),))
        engine.outputs = {'out': output[None]}
        return replace(card, task=task, outputs={role: 'out'}, decoder=None)

    return make


@pytest.mark.parametrize('kind', [str, lambda path: path])
def test_boxes_are_drawn_in_the_colours_of_a_file(card, engine, make_loader, colors, kind):
    net = DetectNet(card, colors=kind(colors), loader=make_loader(engine))
    assert net.colors_rgb.tolist() == OWN
    picture = np.zeros((200, 400, 3), np.uint8)
    found = net.detect(picture)
    draw_detections(
        picture,
        found.boxes_xyxy,
        found.scores,
        found.class_ids,
        labels=net.labels,
        colors_rgb=net.colors_rgb,
        flags=OverlayFlags.parse('box,lines'),
        alpha=255,
    )
    # Class 2 at (100, 100) to (300, 200).
    assert (picture[100:, 100:300] == OWN[2]).all()
    assert not picture[:100].any()
    assert not picture[:, :100].any()
    assert not picture[:, 300:].any()


def test_masks_are_drawn_in_the_colours_of_a_file(scored, engine, make_loader, colors):
    logits = np.zeros((3, 20, 40), np.float32)
    logits[0, :, :10], logits[1, :, 10:20], logits[2, :, 20:] = 9, 9, 9
    card = scored('segmentation', 'logits', logits)
    net = SegNet(card, colors=colors, loader=make_loader(engine))
    assert net.colors_rgb.tolist() == OWN
    picture = np.full((20, 40, 3), 200, np.uint8)
    mask = net.segment(picture).class_mask
    bands = [(slice(0, 9), 0), (slice(11, 19), 1), (slice(21, 40), 2)]
    drawn = color_mask(mask, net.colors_rgb)
    for columns, k in bands:
        assert (drawn[:, columns] == OWN[k]).all()
    blend_mask(picture, mask, net.colors_rgb, alpha=51)
    for columns, k in bands:
        mixed = 200 * 0.8 + np.array(OWN[k]) * 0.2
        assert (abs(picture[:, columns] - mixed) <= 1).all()


def test_classes_are_written_on_a_picture(scored, engine, make_loader, colors):
    card = scored('classification', 'probabilities', np.array([0.1, 0.2, 0.7], np.float32))
    net = ImageNet(card, colors=colors, loader=make_loader(engine))
    assert net.colors_rgb.tolist() == OWN
    picture = np.full((120, 200, 3), 100, np.uint8)
    seen = net.classify(picture, top_k=1)
    assert seen.class_ids.tolist() == [2]
    draw_classification(picture, seen.class_ids, seen.scores, labels=net.labels)
    assert (picture[:60, :100] != 100).any()
    assert (picture[60:] == 100).all()


def test_a_file_of_colours_wins_over_the_cards(card, colors, tmp_path):
    own = replace(card, colors=tmp_path / 'others.txt')
    assert find_network(own, 'detection', colors=colors) == replace(card, colors=colors)
    named = find_network('ssd-mobilenet-v2', 'detection', colors=str(colors))
    assert named == replace(find_card('ssd-mobilenet-v2'), colors=colors)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        (None, r'^colors file .*colors\.txt cannot be read: No such file or directory$'),
        ('', r'^colors file .*colors\.txt is empty; expected one colour per line$'),
        ('1 2 3\nred\n', r'^colors file .*: line 2: expected red green blue, each 0\.\.255$'),
        ('1 2 3\n', r'^net: colors: .*colors\.txt has 1 colours for 3 classes$'),
    ],
)
def test_a_bad_file_of_colours(card, engine, make_loader, tmp_path, text, words):
    path = tmp_path / 'colors.txt'
    if text is not None:
        path.write_text(text, encoding='utf-8')
    loader = make_loader(engine)
    with pytest.raises(CardError, match=words):
        DetectNet(card, colors=path, loader=loader)
    # Nothing is loaded, or it is given back.
    assert engine.closed == len(loader.requests)
