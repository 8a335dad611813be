# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Outputs for other libraries where there is no GPU: the same calls, in host memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.errors import ImageError, SettingsError
from ros_deep_learning.imaging.drawing.mask_overlay import blend_mask, color_mask
from ros_deep_learning.networks import DetectNet, ImageNet, SegNet


@pytest.fixture(scope='module')
def selfie():
    with SegNet('selfie', backend='onnxruntime') as net:
        yield net


def test_outputs_are_those_of_the_engine(selfie, astronaut):
    from ros_deep_learning.tasks.preprocess import preprocess

    outputs = selfie.run_device(astronaut)
    spec = selfie.card.input
    (name,) = {tensor.name for tensor in selfie.info.inputs}
    wanted = selfie.engine.run({name: preprocess([selfie._runner.pixels(astronaut)], spec)})
    assert set(outputs) == {tensor.name for tensor in selfie.info.outputs} == set(wanted)
    for key, array in outputs.items():
        assert array.__dlpack_device__()[0] == 1  # kDLCPU
        np.testing.assert_array_equal(np.from_dlpack(array), wanted[key])
        assert np.shares_memory(np.from_dlpack(array), np.asarray(array))


def test_outputs_are_the_callers(selfie, astronaut, chelsea):
    (first,) = selfie.run_device(astronaut).values()
    kept = np.array(first)
    selfie.run_device(chelsea)
    np.testing.assert_array_equal(first, kept)
    assert first.flags.writeable


def test_masks(selfie, astronaut):
    wanted = selfie.segment(astronaut)
    found = selfie.segment_device(astronaut, confidence=True, color_mask=True, overlay_alpha=99)
    drawn = astronaut.copy()
    blend_mask(drawn, wanted.class_mask, selfie.colors_rgb, alpha=99)
    for ours, theirs in (
        (found.class_mask, wanted.class_mask),
        (found.confidence_mask, wanted.confidence_mask),
        (found.color_mask, color_mask(wanted.class_mask, selfie.colors_rgb)),
        (found.overlay, drawn),
    ):
        np.testing.assert_array_equal(np.from_dlpack(ours), theirs)
    bare = selfie.segment_device(astronaut)
    assert (bare.confidence_mask, bare.color_mask, bare.overlay) == (None, None, None)


def test_wrong_calls(selfie, astronaut):
    for call in (selfie.run_device, selfie.segment_device):
        with pytest.raises(ImageError, match='expected a uint8 image'):
            call(astronaut.astype(np.float32))
    with pytest.raises(SettingsError, match=r'alpha: expected 0\.\.255, got 300'):
        selfie.segment_device(astronaut, overlay_alpha=300)


def test_a_classifier(coffee):
    with ImageNet('efficientnet-lite0', backend='onnxruntime') as net:
        (scores,) = net.run_device(coffee).values()
        best = int(np.from_dlpack(scores)[0].argmax())
        assert best == net.classify(coffee).class_ids[0]


@pytest.mark.parametrize('batch', [1, 3])
def test_a_fixed_batch_gives_the_entry_of_the_image(card, info, make_loader, batch):
    class Engine:
        def __init__(self):
            self.info = replace(
                info,
                inputs=(TensorSpec('image', (batch, 3, 20, 40), np.dtype('float32')),),
                outputs=tuple(replace(one, shape=(batch, *one.shape[1:])) for one in info.outputs),
            )

        def run(self, inputs):
            count = len(inputs['image'])
            assert count == batch
            entries = np.arange(count, dtype=np.float32)[:, None, None]
            return {one.name: entries + np.zeros(one.shape) for one in self.info.outputs}

        def close(self):
            pass

    with DetectNet(card, loader=make_loader(Engine())) as net:
        outputs = net.run_device(np.zeros((20, 40, 3), np.uint8))
    assert {name: array.shape for name, array in outputs.items()} == {
        'out/boxes': (1, 2, 4),
        'out/scores': (1, 2, 3),
    }
