# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""ImageNet with a real network on photographs."""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime
import pytest

from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.networks import ImageNet
from ros_deep_learning.tasks.classification import ClassificationSettings
from ros_deep_learning.tasks.smoothing import Smoother


@pytest.fixture(scope='module')
def net():
    with ImageNet('efficientnet-lite0', backend='onnxruntime') as network:
        yield network


def names(net, seen):
    return [net.labels[k] for k in seen.class_ids]


def test_a_cup_of_espresso(net, coffee):
    seen = net.classify(coffee)
    assert names(net, seen)[0] == 'espresso'
    assert seen.scores[0] > 0.8
    assert len(seen) <= 5
    assert seen.source_wh == (600, 400)


def test_a_cat(net, chelsea):
    top = names(net, net.classify(chelsea, top_k=3))
    cats = {'tiger cat', 'Egyptian cat', 'tabby, tabby cat', 'Persian cat'}
    assert len(top) == 3
    assert top[0] in cats
    assert len(cats.intersection(top)) >= 2


def test_a_region_of_interest(net, coffee):
    cup = coffee[20:320, 160:420]
    assert names(net, net.classify(cup, top_k=1)) == ['espresso']
    table = coffee[300:, :150]
    assert names(net, net.classify(table, top_k=1)) != ['espresso']


def test_channel_orders_agree(net, chelsea):
    bgr = Pixels(np.ascontiguousarray(chelsea[..., ::-1]), 'bgr')
    one, other = net.classify(chelsea), net.classify(bgr)
    np.testing.assert_array_equal(one.class_ids, other.class_ids)
    np.testing.assert_array_equal(one.scores, other.scores)


def test_equals_onnxruntime_and_float64(net, coffee, chelsea, astronaut):
    session = onnxruntime.InferenceSession(find_card('efficientnet-lite0').source.file)
    settings, net.settings = net.settings, ClassificationSettings(top_k=0, score_threshold=0.0)
    for image in (coffee, chelsea, astronaut):
        height, width = image.shape[:2]
        side = round(0.875 * min(width, height))
        x, y = (width - side) // 2, (height - side) // 2
        small = cv2.resize(image[y : y + side, x : x + side], (224, 224))
        tensor = ((small.astype(np.float64) - 127) / 128).transpose(2, 0, 1)[None]
        (logits,) = session.run(None, {'images': tensor.astype(np.float32)})
        shares = np.exp(logits[0].astype(np.float64) - logits.max())
        shares /= shares.sum()
        seen = net.classify(image)
        assert len(seen) == 1000
        np.testing.assert_allclose(seen.scores, shares[seen.class_ids], atol=1e-4)
        assert (np.diff(seen.scores) <= 0).all()
        assert seen.class_ids[0] == shares.argmax()
    net.settings = settings


def test_smoothing_a_still_picture_changes_nothing(net, coffee):
    plain = net.classify(coffee)
    smoother = Smoother(8)
    for _ in range(3):
        smoothed = smoother.update(net.classify(coffee))
        np.testing.assert_array_equal(smoothed.class_ids, plain.class_ids)
        np.testing.assert_allclose(smoothed.scores, plain.scores, rtol=1e-4)
