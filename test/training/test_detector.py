# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A detector is trained for seconds, and DetectNet runs what comes out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning import DetectNet
from ros_deep_learning.datasets.boxes import BoxCollector
from ros_deep_learning.datasets.dataset import Sample
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.errors import TrainingError
from ros_deep_learning.networks.images import read_picture
from ros_deep_learning.training.plan import input_spec
from ros_deep_learning.training.settings import TrainingSettings

pytestmark = [pytest.mark.slow, pytest.mark.training]


def iou(one, other):
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = np.clip(high - low, 0, None).prod()
    return shared / ((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - shared)


def settings_of(network, epochs, learning_rate):
    return TrainingSettings(
        'detection',
        network,
        (96, 96),
        epochs=epochs,
        batch=8,
        weights='none',
        learning_rate=learning_rate,
        # The loss of twelve pictures is no reason to stop.
        patience=0,
    )


@pytest.mark.parametrize(
    ('network', 'first', 'threshold'),
    [
        ('ssdlite', 1, 0.4),
        # Without suppression, the second answers for a thing fade late in the training.
        ('dfine', 0, 0.5),
    ],
)
def test_detectnet_finds_things(
    libraries, things, tmp_path, odd_pictures, request, network, first, threshold
):
    from ros_deep_learning.training.training import train

    trained = (
        request.getfixturevalue('trained_detector')
        if network == 'ssdlite'
        else train(things, settings_of('dfine_n', 45, 8e-4), tmp_path / 'run')
    )
    found, wanted, wrong = 0, 0, 0
    with DetectNet(trained.run.card, threshold=threshold) as net:
        assert net.labels == ('BACKGROUND', 'cat', 'coffee')[1 - first :]
        for sample in open_dataset(things, split='val').samples:
            seen = net.detect(sample.picture)
            truth = list(zip(sample.boxes.boxes_xyxy, sample.boxes.class_ids + first, strict=True))
            hits = [
                any(one.class_id == k and iou(np.array(one.box_xyxy), box) > 0.5 for one in seen)
                for box, k in truth
            ]
            found, wanted = found + sum(hits), wanted + len(hits)
            wrong += max(0, len(list(seen)) - sum(hits))
    # Answers that do not look at the picture find almost none.
    assert found >= 0.7 * wanted, trained.result
    assert wrong <= 0.5 * wanted, trained.result
    agree(trained.run, odd_pictures)
    report = trained.run.report.read_text()
    for text in ('Precision and recall at IoU 0.5', 'Confusion matrix'):
        assert f'>{text}<' in report
    worst = [one for run in trained.judged.runs for one in run.worst]
    assert all(url in report for one in worst for _, url in one.sides)
    assert report.count('src="data:image/') == 2 * len(worst)


def agree(run, paths):
    """Compare the boxes and scores of PyTorch and of the package, as shares and 0 to 1."""
    import torch

    from ros_deep_learning.training.exporting import load_best
    from ros_deep_learning.training.modules.making import make_module
    from ros_deep_learning.training.samples import Pictures

    settings = run.read_record().settings
    module = make_module(settings, ('cat', 'coffee'))
    load_best(module, run)
    samples = [Sample(path, boxes=BoxCollector(path).boxes()) for path in paths]
    pictures = Pictures(samples, input_spec(settings, module.preprocessing), module.target())
    compared = 0
    with DetectNet(run.card, threshold=0.05) as net:
        for k, path in enumerate(paths):
            with torch.no_grad():
                scores, boxes = scores_and_edges(module, pictures[k][0][None])
            width, height = read_picture(path).size_wh
            for one in net.detect(path):
                wanted = np.abs(boxes - np.array(one.box_xyxy) / ([width, height] * 2)).max(1)
                wanted = np.maximum(wanted, np.abs(scores[:, one.class_id] - one.score))
                assert wanted.min() < 1e-3
                compared += 1
    assert compared >= len(paths)


def scores_and_edges(module, image):
    """Return the scores and edges of PyTorch, from 0 to 1, before any suppression."""
    first, second = (found[0].numpy() for found in module.exported().eval()(image))
    if module.decoder == 'rtdetr':
        x, y, w, h = second.T
        edges = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1)
        return 1 / (1 + np.exp(-first)), edges.clip(0, 1)
    return first, second.clip(0, 1)


def test_pictures_without_an_object_are_three_mistakes_each(libraries):
    import torch

    from ros_deep_learning.training.modules.making import make_module

    torch.manual_seed(0)
    module = make_module(settings_of('ssdlite320_mobilenet_v3_large', 1, None), ('cat', 'coffee'))
    module.prepare()
    module.eval()  # so that the pictures of a batch do not change each other
    images = torch.rand(3, 3, 96, 96)
    none = {'boxes': torch.zeros(0, 4), 'labels': torch.zeros(0, dtype=torch.int64)}
    cat = {'boxes': torch.tensor([[10.0, 10, 60, 60]]), 'labels': torch.tensor([1])}

    def loss(*chosen, targets):
        return module.loss((images[list(chosen)], targets))

    with torch.no_grad():
        logits = module.network.head(list(module.network.backbone(images).values()))['cls_logits']
        x1, y1, x2, y2 = module._decoded.anchors.double().numpy().T
    logits = logits.double().numpy()
    mistakes = np.log(np.exp(logits).sum(-1)) - logits[..., 0]
    worst = np.sort(mistakes, axis=1)[:, -3:].sum(1)
    # The anchors of the cat: half of the two is in common, or no other has more in common.
    shared = np.clip(np.minimum(x2, 60) - np.maximum(x1, 10), 0, None)
    shared *= np.clip(np.minimum(y2, 60) - np.maximum(y1, 10), 0, None)
    overlap = shared / ((x2 - x1) * (y2 - y1) + 50 * 50 - shared)
    found = int(((overlap >= 0.5) | (overlap == overlap.max())).sum())
    alone = loss(0, targets=[cat]).item()
    assert loss(1, targets=[none]).item() == pytest.approx(worst[1], rel=1e-4)
    assert loss(1, 2, targets=[none] * 2).item() == pytest.approx(worst[1:].mean(), rel=1e-4)
    assert loss(0, 1, 2, targets=[cat, none, none]).item() == pytest.approx(
        (alone * found + worst[1:].sum()) / (found + 2), rel=1e-4
    )
    loss(1, targets=[none]).backward()
    assert any(value.grad is not None and value.grad.any() for value in module.parameters())


def test_the_size_of_dfine_fits_its_grids(libraries):
    from ros_deep_learning.training.modules.making import make_module

    settings = replace(settings_of('dfine_n', 1, None), size_wh=(100, 96))
    with pytest.raises(TrainingError, match='dfine_n needs multiples of 32, got 100x96'):
        make_module(settings, ['cat'])


@pytest.mark.parametrize(
    ('network', 'millions'), [('dfine_n', 4), ('dfine_s', 10), ('dfine_m', 19)]
)
def test_dfine_has_the_size_that_its_authors_publish(libraries, network, millions):
    from ros_deep_learning.training.modules.making import make_module

    module = make_module(replace(settings_of(network, 1, None), size_wh=(640, 640)), ['c'] * 80)
    count = sum(value.numel() for value in module.network.parameters())
    assert count / 1e6 == pytest.approx(millions, rel=0.06)
