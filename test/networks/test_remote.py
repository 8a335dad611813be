# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of networks that a server runs, against the same ones here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from inference_server import serve, served_onnx

from ros_deep_learning import EngineOptions, ImageNet, RemoteOptions, SegNet
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.engines.remote.model_repository import ServingOptions, write_model
from ros_deep_learning.errors import CardError, ImageError, InferenceError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.networks.image_runner import ImageRunner

NETWORKS = {'selfie': SegNet, 'efficientnet-lite0': ImageNet}


def served(name):
    return served_onnx(ModelStore(offline=True).onnx_path(find_card(name)), name)


@pytest.mark.parametrize('scheme', ['grpc', 'http'])
@pytest.mark.parametrize('name', NETWORKS)
def test_a_server_gives_the_results_of_this_machine(name, scheme, astronaut):
    kind = NETWORKS[name]
    with (
        serve(served(name), scheme) as url,
        kind(name, options=EngineOptions(remote=RemoteOptions(url))) as far,
        kind(name, backend='onnxruntime') as near,
    ):
        found, expected = far.run_device(astronaut), near.run_device(astronaut)
        for key, array in expected.items():
            np.testing.assert_allclose(found[key], array, rtol=0, atol=1e-5)
        if kind is ImageNet:
            top = [[one.class_id for one in net.classify(astronaut)] for net in (far, near)]
            assert top[0] == top[1]
        else:
            masks = [net.segment(astronaut).class_mask for net in (far, near)]
            np.testing.assert_array_equal(*masks)


@pytest.mark.parametrize('name', NETWORKS)
def test_a_server_that_takes_pixels_gets_a_quarter(name, tmp_path, astronaut):
    card = find_card(name)
    path = ModelStore(offline=True).onnx_path(card)
    folder = write_model(card, path, tmp_path, ServingOptions(pixels=True))
    kind = NETWORKS[name]
    with (
        serve(served_onnx(folder / '1' / 'model.onnx', name), 'grpc') as url,
        kind(name, options=EngineOptions(remote=RemoteOptions(url))) as far,
        kind(name, backend='onnxruntime') as near,
    ):
        found, expected = far.run_device(astronaut), near.run_device(astronaut)
        for key, array in expected.items():
            np.testing.assert_allclose(found[key], array, rtol=0, atol=1e-5)
        spec = card.input
        assert far.info.sent_bytes == spec.width * spec.height * 3


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('efficientnet-lite0', r'the card gives float32 .*, but the network takes .*256x256'),
    ],
)
def test_another_model_than_the_card_says(name, message):
    model = served('selfie')
    model.name = name
    with serve(model, 'http') as url, pytest.raises(CardError, match=message) as caught:
        ImageNet(name, options=EngineOptions(remote=RemoteOptions(url)))
    assert '\n' not in str(caught.value)


class Pipelined:
    """An engine that says in which order runs are started and waited for."""

    in_flight = 2

    def __init__(self, info, outputs):
        self.info, self.outputs, self.told = info, outputs, []

    def start(self, inputs, outputs=None):
        number = len([one for one in self.told if one[0] == 'start'])
        self.told.append(('start', number))

        def wait():
            self.told.append(('wait', number))
            return {name: array + number for name, array in self.outputs.items()}

        return wait


def test_runs_are_sent_while_others_are_on_their_way(info, outputs, card):
    engine = Pipelined(info, outputs)
    runner = ImageRunner(engine, card, 4)
    assert (runner.max_batch, runner.most_together) == (1, 2)
    images = [Pixels(np.zeros((9, 7, 3), np.uint8))] * 4
    passed = list(runner.run(images))
    order = [(kind, n) for kind, n in engine.told]
    assert order == [
        ('start', 0), ('start', 1), ('wait', 0), ('start', 2), ('wait', 1), ('start', 3),
        ('wait', 2), ('wait', 3),
    ]  # fmt: skip
    first = outputs['out/boxes'][0, 0, 0]
    assert [one.found['out/boxes'][0, 0] for one in passed] == [first + k for k in range(4)]
    assert all(one.inference_ms > 0 for one in passed)


@pytest.mark.parametrize('bad', [0, 1, 2, 3])
def test_an_image_that_fails_costs_those_before_it_nothing(info, outputs, card, bad):
    """Also if it fails while they are on their way; those behind it are not taken."""
    engine = Pipelined(info, outputs)
    start, images = engine.start, [np.zeros((9, 7, 3), np.uint8)] * 4
    for broken in ('image', 'start'):
        engine.told.clear()
        runner = ImageRunner(engine, card, 1)
        if broken == 'image':
            given = [*images[:bad], np.zeros(3), *images[bad:]]
        else:
            given = images

            def refuse(*arguments):
                if len([one for one in engine.told if one[0] == 'start']) == bad:
                    msg = 'refused'
                    raise InferenceError(msg)
                return start(*arguments)

            engine.start = refuse
        passed = runner.run(map(runner.pixels, given))
        assert [next(passed).pixels.size_wh for _ in range(bad)] == [(7, 9)] * bad
        with pytest.raises(ImageError if broken == 'image' else InferenceError):
            next(passed)
        assert engine.told.count(('wait', bad)) == 0


def test_a_server_limits_the_batch(info, outputs, card):
    tensor = replace(info.inputs[0], shape=(-1, 3, 20, 40))
    engine = Pipelined(replace(info, inputs=(tensor,), max_batch=3), outputs)
    assert ImageRunner(engine, card, 8).max_batch == 3
    assert ImageRunner(engine, card, 2).max_batch == 2
