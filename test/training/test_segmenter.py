# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks of masks are trained for seconds, and SegNet runs what comes out."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from ros_deep_learning import SegmentationSettings, SegNet
from ros_deep_learning.datasets.dataset import Sample
from ros_deep_learning.datasets.mask_files import encode_mask, read_mask
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.networks.images import read_picture
from ros_deep_learning.training.plan import input_spec
from ros_deep_learning.training.settings import TrainingSettings

pytestmark = [pytest.mark.slow, pytest.mark.training]


# The grid of FCN-ResNet18 has a cell for 32 pixels of the input.
@pytest.mark.parametrize(
    ('network', 'share'), [('fcn_resnet18', 0.25), ('lraspp_mobilenet_v3_large', 0.5)]
)
def test_segnet_finds_the_pixels_of_things(
    libraries, masks, tmp_path, odd_pictures, request, network, share
):
    from ros_deep_learning.training.training import train

    settings = TrainingSettings(
        *('segmentation', network, (160, 128)),
        epochs=12,
        batch=8,
        weights='none',
        learning_rate=3e-3,
    )
    trained = (
        train(masks, settings, tmp_path / 'run')
        if network == 'fcn_resnet18'
        else request.getfixturevalue('trained_segmenter')
    )
    run = trained.run
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
    agree(run, odd_pictures, tmp_path)
    report = run.report.read_text()
    assert '>Confusion matrix<' in report
    worst = [one for run in trained.judged.runs for one in run.worst]
    assert all(url in report for one in worst for _, url in one.sides)
    assert report.count('src="data:image/') == 2 * len(worst) > 0


def test_pictures_without_any_class_are_no_loss(libraries, masks, tmp_path):
    """Pixels that nobody painted are 255; whole batches may have no others."""
    from ros_deep_learning.training.training import train

    data = shutil.copytree(masks, tmp_path / 'data')
    for path in sorted((data / 'masks').rglob('*.png'))[1::2]:
        path.write_bytes(encode_mask(np.full(read_mask(path).shape, 255, np.uint8)))
    settings = TrainingSettings(
        *('segmentation', 'lraspp_mobilenet_v3_large', (32, 32)),
        epochs=1,
        batch=2,
        weights='none',
    )
    (row,) = train(data, settings, tmp_path / 'run').fitted.rows
    assert np.isfinite([row['train_loss'], row['val_loss']]).all()


def agree(run, paths, folder):
    """Compare the probabilities of each cell in PyTorch and in the package."""
    import torch

    from ros_deep_learning.training.exporting import load_best
    from ros_deep_learning.training.modules.making import make_module
    from ros_deep_learning.training.samples import Pictures

    settings = run.read_record().settings
    module = make_module(settings, ('ground', 'cat', 'coffee'))
    load_best(module, run)
    samples = []
    for path in paths:
        width, height = read_picture(path).size_wh
        assert width % 2 == height % 2 == 1
        mask = folder / path.name
        mask.write_bytes(encode_mask(np.zeros((height, width), np.uint8)))
        samples.append(Sample(path, mask=mask))
    assert len(samples) == 20
    pictures = Pictures(samples, input_spec(settings, module.preprocessing), module.target())
    with torch.no_grad():
        inputs = torch.stack([pictures[k][0] for k in range(len(paths))])
        wanted = module.exported()(inputs).softmax(1).numpy()
    with SegNet(run.card) as net:
        net.settings = SegmentationSettings(resolution='grid')
        for path, shares in zip(paths, wanted, strict=True):
            found = net.segment(path)
            assert found.confidence_mask == pytest.approx(shares.max(0), abs=1e-3)
            chosen = np.take_along_axis(shares, found.class_mask[None].astype(int), 0)[0]
            assert chosen == pytest.approx(shares.max(0), abs=1e-3)
