# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Snapshots of DIGITS: added by one command, and run like OpenCV runs their Caffe networks."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import architectures as make
import cv2
import numpy as np
import pytest
from digits_snapshots import pack

from ros_deep_learning import DetectNet, ImageNet, SegNet
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.cli import models
from ros_deep_learning.errors import CardError, ConversionError, FetchError
from ros_deep_learning.recognition.digits import unpack_snapshot

MEAN_BGR = (90.0, 110.0, 130.0)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'cache'))
    monkeypatch.setenv('ROS_DEEP_LEARNING_MODELS', str(tmp_path / 'own'))


def mean_image() -> Any:
    wave = np.linspace(-20, 20, 256)[:, None] + np.zeros((256, 256))
    return np.stack([wave + value for value in MEAN_BGR])


def of_opencv(snapshot: Path, folder: Path, image_bgr: Any, mean: Any, tops: list[str]) -> Any:
    """Run the deployed network of a snapshot on an image of its input's size."""
    folder.mkdir()
    with tarfile.open(snapshot) as tar:
        tar.extractall(folder, filter='data')
    (model,) = folder.glob('*.caffemodel')
    net = cv2.dnn.readNetFromCaffe(str(folder / 'deploy.prototxt'), str(model))
    net.setInput(cv2.dnn.blobFromImage(image_bgr.astype(np.float32), mean=mean), 'data')
    return net.forward(tops)


def added(snapshot: Path, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    code = models.main(['add', str(snapshot), '--yes', *options])
    said = capsys.readouterr()
    assert code == 0, said.err
    return said.out.splitlines()


def data_layer(transform: str, top: str = 'data') -> str:
    """The data layer of a training, with what it does to pixels."""
    return f'layer {{ name: "d" type: "Data" top: "{top}" transform_param {{ {transform} }} }}\n'


TRAIN_WITH_MEAN = data_layer('mirror: true mean_file: "/jobs/mean.binaryproto"')

# As in detectnet_network.prototxt of NVIDIA/caffe: its own layer subtracts the mean, which in the
# deployed network is a layer of type Power.
TRAIN_OF_DETECTNET = """
layer { name: "train_data" type: "Data" top: "data" include { phase: TRAIN } }
layer { name: "train_label" type: "Data" top: "label" include { phase: TRAIN } }
layer { name: "train_transform" type: "DetectNetTransformation" bottom: "data" bottom: "label"
  top: "transformed_data" top: "transformed_label" detectnet_groundtruth_param { stride: 16 }
  transform_param: {
    mean_value: 127
    scale: 0.5
  }
  include: { phase: TRAIN } }
"""


def test_classification(tmp_path: Path, coffee: Any, capsys: pytest.CaptureFixture[str]) -> None:
    net = make.googlenet(width=8, classes=12, output='softmax')
    labels = [f'thing {k}' for k in range(12)]
    snapshot = pack(
        tmp_path / '20161210-113105-1a2b_epoch_30.0.tar.gz',
        net,
        name='GoogleNet-ILSVRC12-subset',
        labels=labels,
        mean_chw=mean_image(),
        train=TRAIN_WITH_MEAN,
    )
    lines = added(snapshot, capsys)
    assert lines[0] == '# task: classification (it ends with Softmax)'
    assert '# mean: the mean pixel of mean.binaryproto' in lines
    card = find_card('GoogleNet-ILSVRC12-subset')
    assert card.input.mean == pytest.approx(MEAN_BGR, abs=1e-3)
    assert (card.input.channels, card.input.resize) == ('bgr', 'stretch')
    image_bgr = cv2.resize(coffee[..., ::-1], (224, 224))
    (want,) = of_opencv(snapshot, tmp_path / 'files', image_bgr, MEAN_BGR, ['softmax'])
    with ImageNet(card, backend='onnxruntime', threshold=0.0) as network:
        seen = network.classify(image_bgr[..., ::-1], top_k=0)
    assert network.labels == tuple(labels)
    assert seen.scores == pytest.approx(want[0][seen.class_ids], rel=1e-3, abs=1e-5)


@pytest.mark.parametrize('with_cluster', [False, True])
def test_detectnet(
    tmp_path: Path, astronaut: Any, capsys: pytest.CaptureFixture[str], *, with_cluster: bool
) -> None:
    net = make.detectnet(size_hw=(128, 256), width=8)
    if with_cluster:
        # The layer that had to be deleted by hand for TensorRT.
        python = {'module': 'caffe.layers.detectnet.clustering', 'layer': 'ClusterDetections'}
        net.layer('Python', 'cluster', ['coverage', 'bboxes'], 'bbox-list', python_param=python)
    snapshot = pack(
        tmp_path / 'dogs.tar.gz',
        net,
        name='DetectNet Dogs!',
        mean_chw=mean_image(),
        train=TRAIN_OF_DETECTNET,
    )
    lines = added(snapshot, capsys, '--name', 'dogs')
    assert lines[0] == '# task: detection (it gives coverage and bboxes, as DetectNet)'
    assert '# mean: none, as in training' in lines
    card = find_card('dogs')
    assert (card.decoder, card.input.mean) == ('detectnet', (0.0, 0.0, 0.0))
    assert card.input.scale == 1.0
    with DetectNet(card, backend='onnxruntime') as network:
        assert network.labels == ('0',)
        network.detect(astronaut)


def test_segmentation_keeps_upsampling_and_crop(
    tmp_path: Path, astronaut: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    net = make.fcn_alexnet(size_hw=(128, 192), width=16)
    labels = tmp_path / 'classes.txt'
    labels.write_text(''.join(f'class {k}\n' for k in range(21)))
    snapshot = pack(tmp_path / 'fpv.tar.gz', net, name='fpv')
    lines = added(snapshot, capsys, f'--labels={labels}')
    assert lines[0] == '# task: segmentation (it ends with Crop)'
    image_bgr = cv2.resize(astronaut[..., ::-1], (192, 128))
    (want,) = of_opencv(snapshot, tmp_path / 'files', image_bgr, (0, 0, 0), ['score'])
    with SegNet('fpv', backend='onnxruntime') as network:
        found = network.segment(image_bgr[..., ::-1])
    assert network.labels[3] == 'class 3'
    first, second = np.sort(want[0], axis=0)[[-1, -2]]
    sure = first - second > 1e-3 * np.abs(want).max()
    assert sure.mean() > 0.5
    assert (found.class_mask == want[0].argmax(axis=0))[sure].all()


def test_segmentation_that_was_patched_by_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = make.fcn_alexnet(size_hw=(512, 512), width=16, whole=False)
    lines = added(pack(tmp_path / 'a.tgz', net, name='patched'), capsys)
    assert lines[0] == '# task: segmentation (it ends with Convolution)'
    with SegNet('patched', backend='onnxruntime') as network:
        assert network.grid_size_wh is not None
        assert len(network.labels) == 21


@pytest.mark.parametrize(
    ('train', 'mean'),
    [
        (data_layer('mean_value: 104 mean_value: 117 mean_value: 123'), (104.0, 117.0, 123.0)),
        (data_layer('mean_value: 127'), (127.0, 127.0, 127.0)),
        (data_layer('scale: 1'), (0.0, 0.0, 0.0)),
        ('layer { name: "d" type: "Data" top: "data" }', (0.0, 0.0, 0.0)),
        # The training and the validation data have the same.
        (data_layer('mean_value: 1 mean_value: 2 mean_value: 3') * 2, (1.0, 2.0, 3.0)),
        # Other inputs than the image.
        (data_layer('mean_value: 7', 'label') + data_layer('mean_value: 127'), (127.0,) * 3),
        ('# mean_value: 3\n', (0.0, 0.0, 0.0)),
    ],
)
def test_the_mean_is_that_of_training(tmp_path: Path, train: str, mean: Any) -> None:
    net = make.googlenet(width=16, classes=3)
    path = pack(
        tmp_path / 'a.tar.gz', net, name='a', train=train, mean_chw=mean_image(), mode='crop'
    )
    (tmp_path / 'out').mkdir()
    found = unpack_snapshot(path, tmp_path / 'out')
    assert (found.mean, found.resize) == (mean, 'crop')


def test_the_scale_is_that_of_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mean = 'mean_value: 104 mean_value: 117 mean_value: 123'
    power = 'layer { name: "p" type: "Power" top: "data" power_param { scale: 3 } }'
    net = make.googlenet(width=16, classes=3, output='softmax')
    labels, train = ('a', 'b', 'c'), data_layer(f'scale: 0.0078125 {mean}') + power
    path = pack(tmp_path / 'a.tar.gz', net, name='scaled', labels=labels, train=train)
    lines = added(path, capsys)
    assert '# scale: 0.0078125, of transform_param in train_val.prototxt' in lines
    spec = find_card('scaled').input
    assert spec.scale == 0.0078125
    # Caffe: (pixel - mean) * scale.
    assert spec.mean == pytest.approx((104 / 128, 117 / 128, 123 / 128))
    path = pack(tmp_path / 'b.tar.gz', net, name='b', train=data_layer('scale: -1'))
    (tmp_path / 'out').mkdir()
    with pytest.raises(CardError, match=r'scale in train_val.* above 0, got -1\.0'):
        unpack_snapshot(path, tmp_path / 'out')


def test_a_mean_that_is_no_number_is_refused(tmp_path: Path) -> None:
    net = make.googlenet(width=16, classes=3)
    path = pack(tmp_path / 'a.tar.gz', net, name='a', train=data_layer('mean_value: 1.2.3'))
    (tmp_path / 'out').mkdir()
    with pytest.raises(ConversionError, match=r'train_val\.prototxt: not a prototxt: .*1\.2\.3'):
        unpack_snapshot(path, tmp_path / 'out')


def test_a_mean_whose_file_is_missing_is_told(tmp_path: Path) -> None:
    path = pack(
        tmp_path / 'a.tar.gz',
        make.fcn_alexnet(size_hw=(128, 192), width=16),
        name='a',
        train=TRAIN_WITH_MEAN,
    )
    (tmp_path / 'out').mkdir()
    found = unpack_snapshot(path, tmp_path / 'out')
    told = 'mean: not known, mean.binaryproto is missing; to fix: --mean'
    assert told in found.decisions


def test_the_newest_of_several_weights_is_taken(tmp_path: Path) -> None:
    path = pack(
        tmp_path / 'a.tar.gz',
        make.googlenet(width=16, classes=3),
        name='',
        extra={'snapshot_iter_900.caffemodel': b'', 'snapshot_iter_100000.caffemodel': b''},
    )
    (tmp_path / 'out').mkdir()
    found = unpack_snapshot(path, tmp_path / 'out')
    assert found.model.name == 'snapshot_iter_100000.caffemodel'
    assert found.name == 'a'


def test_wrong_archives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with tarfile.open(tmp_path / 'torch.tar.gz', 'w:gz') as tar:
        tar.addfile(tarfile.TarInfo('model.lua'))
    with pytest.raises(CardError, match=r'holds no \.caffemodel.* holds model\.lua'):
        unpack_snapshot(tmp_path / 'torch.tar.gz', tmp_path)
    nested = pack(
        tmp_path / 'nested.tar.gz',
        make.googlenet(width=16, classes=3),
        name='',
        extra={'info.json': b'[' * 100_000},
    )
    (tmp_path / 'nested').mkdir()
    with pytest.raises(CardError, match='is no JSON'):
        unpack_snapshot(nested, tmp_path / 'nested')
    (tmp_path / 'damaged.tar.gz').write_bytes(b'\x1f\x8b' + b'x' * 50)
    with pytest.raises(FetchError, match='damaged'):
        unpack_snapshot(tmp_path / 'damaged.tar.gz', tmp_path)
    assert models.main(['add', str(tmp_path / 'nowhere.tar.gz')]) == 1
    assert 'is no snapshot' in capsys.readouterr().err
    assert models.main(['inspect', str(tmp_path / 'torch.tar.gz')]) == 1
    assert 'rdl models add' in capsys.readouterr().err
