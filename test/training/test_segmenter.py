# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks of masks are trained for seconds, and SegNet runs what comes out."""

from __future__ import annotations

import numpy as np
import pytest
from labelled_pictures import mask_folder

from ros_deep_learning import SegmentationSettings, SegNet
from ros_deep_learning.datasets.mask_files import read_mask
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.training.plan import input_spec
from ros_deep_learning.training.settings import TrainingSettings

pytestmark = [pytest.mark.slow, pytest.mark.training]


@pytest.fixture(scope='module')
def masks(chelsea, coffee, tmp_path_factory):
    pictures = {'cat': chelsea, 'coffee': coffee}
    return mask_folder(tmp_path_factory.mktemp('masks'), pictures, {'train': 40, 'val': 12})


# The grid of FCN-ResNet18 has a cell for 32 pixels of the input.
@pytest.mark.parametrize(
    ('network', 'size_wh', 'share'),
    [('fcn_resnet18', (160, 128), 0.25), ('lraspp_mobilenet_v3_large', (96, 96), 0.5)],
)
def test_segnet_finds_the_pixels_of_things(libraries, masks, tmp_path, network, size_wh, share):
    import torch

    from ros_deep_learning.training.exporting import load_best
    from ros_deep_learning.training.modules.making import make_module
    from ros_deep_learning.training.samples import Pictures
    from ros_deep_learning.training.training import train

    settings = TrainingSettings(
        'segmentation', network, size_wh, epochs=12, batch=8, weights='none', learning_rate=3e-3
    )
    run = train(masks, settings, tmp_path / 'run').run
    samples = open_dataset(masks, split='val').samples
    right, ground = [], []
    with SegNet(run.card) as net:
        assert net.labels == ('ground', 'cat', 'coffee')
        for sample in samples:
            wanted = read_mask(sample.mask)
            right.append((net.segment(sample.picture).class_mask == wanted).mean())
            ground.append((wanted == 0).mean())
    # The best constant answer is the ground everywhere.
    assert np.mean(right) > np.mean(ground) + share * (1 - np.mean(ground))
    module = make_module(settings, net.labels)
    load_best(module, run)
    spec = input_spec(settings, module.preprocessing)
    image, _ = Pictures(samples[:1], spec, module.target())[0]
    with torch.no_grad():
        wanted = module.exported()(image[None]).softmax(1).amax(1)[0].numpy()
    with SegNet(run.card) as net:
        net.settings = SegmentationSettings(resolution='grid')
        assert net.segment(samples[0].picture).confidence_mask == pytest.approx(wanted, abs=1e-3)
