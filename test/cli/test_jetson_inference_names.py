# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Every network of jetson-inference by name: fetched, converted and run by its program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import zoo_stand_ins as stand_ins
from https_server import HttpsServer

from ros_deep_learning.cards import zoo
from ros_deep_learning.cards.zoo import list_cards
from ros_deep_learning.cli import detectnet, imagenet, segnet
from ros_deep_learning.importers.tensorflow.tensorflow_messages import parse_graph
from ros_deep_learning.nodes.parameters.detectnet_settings import DetectNetSettings
from ros_deep_learning.nodes.parameters.imagenet_settings import ImageNetSettings
from ros_deep_learning.nodes.parameters.segnet_settings import SegNetSettings

PROGRAMS = {'classification': imagenet, 'detection': detectnet, 'segmentation': segnet}
REAL = ['ssd-mobilenet-v2']
RANDOM = [name for name in stand_ins.ALL if name not in REAL]
# One of each architecture and each kind of card; the others repeat them in other sizes.
COMMITTED = {
    *('alexnet', 'googlenet', 'googlenet-12', 'resnet-18', 'vgg-16', 'inception-v4'),
    *('ssd-mobilenet-v1', 'ssd-inception-v2', 'coco-dog', 'multiped'),
    *('fcn-resnet18-cityscapes-512x256', 'fcn-resnet18-deepscene-576x320'),
    'fcn-alexnet-pascal-voc',
}


@pytest.fixture
def server(
    https_server: HttpsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> HttpsServer:
    """Serves the downloads of a zoo that is looked in for names; caches are private."""
    folder = stand_ins.local_zoo(tmp_path / 'zoo', https_server.url('')[:-1])
    monkeypatch.setattr(zoo, 'zoo_folder', lambda: folder)
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'cache'))
    monkeypatch.setenv('ROS_DEEP_LEARNING_MODELS', str(tmp_path / 'own'))
    return https_server


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / 'picture.png'
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    assert cv2.imwrite(str(path), noise)
    return path


def test_the_tables_have_38_names() -> None:
    assert len(stand_ins.ALL) == len(set(stand_ins.ALL)) == 38
    assert [len(stand_ins.IMAGENET), len(stand_ins.DETECTNET), len(stand_ins.SEGNET)] == [
        10,
        10,
        11,
    ]


@pytest.mark.parametrize('name', stand_ins.ALL)
def test_a_card_states_what_these_tests_run(name: str) -> None:
    card = zoo.find_card(name)
    assert card.family == 'jetson-inference'
    assert card.checked == ('real weights' if name in REAL else 'random weights')
    tasks = {'classification': stand_ins.IMAGENET, 'detection': stand_ins.DETECTNET}
    assert name in tasks.get(card.task, stand_ins.SEGNET + stand_ins.LEGACY)


def test_no_other_card_claims_their_collection() -> None:
    family = {card.name for card in list_cards() if card.family == 'jetson-inference'}
    assert family == {zoo.find_card(name).name for name in stand_ins.ALL}


@pytest.mark.parametrize(
    'name',
    [pytest.param(n, marks=() if n in COMMITTED else pytest.mark.slow) for n in RANDOM],
)
def test_its_program_runs_it(
    server: HttpsServer, picture: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    card = zoo.find_card(name)
    server.put(card.name, stand_ins.stand_in(card))
    output = picture.with_name('out.png')
    main = PROGRAMS[card.task].main
    arguments = [str(picture), str(output), f'--network={name}', '--backend=onnxruntime']
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    count = stand_ins._count(card)
    classes = '1 class' if count == 1 else f'{count} classes'
    assert lines[0] == f'{card.name}: onnxruntime, fp32, {classes}'
    assert lines[1] == 'picture.png'
    assert lines[-1].startswith(f'wrote {output}: 1 frame in ')
    if card.task != 'detection':
        assert len(lines) > 3
        assert 'thing ' in lines[2] or card.labels is not None
    drawn = cv2.imread(str(output))
    assert drawn.shape == (60, 80, 3)
    # The second time nothing is downloaded or converted.
    server.asked.clear()
    assert main([*arguments, '--offline', '--force']) == 0
    assert server.asked == []


@pytest.mark.slow
def test_the_real_ssd_runs_from_a_uff_file_with_upstreams_labels(
    ssd_frozen_graph: Path, astronaut: np.ndarray, server: HttpsServer, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from uff_files import uff_ssd

    path = tmp_path / 'ssd_mobilenet_v2_coco.uff'
    uff_ssd(parse_graph(ssd_frozen_graph), (300, 300)).write(path)
    labels = tmp_path / 'ssd_coco_labels.txt'
    coco = (zoo.zoo_folder() / 'labels' / 'coco90.txt').read_text()
    labels.write_text(f'unlabeled\n{coco}')
    cv2.imwrite(str(tmp_path / 'a.png'), astronaut[..., ::-1])
    blobs = ['--input-blob=Input', '--output-cvg=NMS', '--output-bbox=NMS_1']
    arguments = [str(tmp_path / 'a.png'), f'--model={path}', f'--labels={labels}', *blobs]
    assert detectnet.main(arguments) == 0
    out = capsys.readouterr().out
    assert ', 90 classes' in out
    assert '  person  (' in out


def test_the_real_ssd_runs(
    astronaut: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str], ssd_onnx: Path
) -> None:
    path = tmp_path / 'astronaut.png'
    cv2.imwrite(str(path), astronaut[..., ::-1])
    assert detectnet.main([str(path), '--network=ssd-mobilenet-v2']) == 0
    assert '  person  (' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('given', 'meant'),
    [
        ('GoogleNet', 'googlenet'),
        ('GOOGLENET_12', 'googlenet-12'),
        ('resnet18', 'resnet-18'),
        ('ResNet_152', 'resnet-152'),
        ('VGG-16', 'vgg-16'),
        ('VGG_19', 'vgg-19'),
        ('inceptionv4', 'inception-v4'),
        ('INCEPTION_V4', 'inception-v4'),
        ('SSD_MOBILENET_V1', 'ssd-mobilenet-v1'),
        ('coco-ssd-mobilenet-v2', 'ssd-mobilenet-v2'),
        ('ssd-inception', 'ssd-inception-v2'),
        ('dog', 'coco-dog'),
        ('DetectNet-COCO-Dog', 'coco-dog'),
        ('ped-100', 'pednet'),
        ('multiped-500', 'multiped'),
        ('face-120', 'facenet'),
        ('fcn-resnet18-cityscapes', 'fcn-resnet18-cityscapes-512x256'),
        ('fcn_resnet18_deepscene', 'fcn-resnet18-deepscene-576x320'),
        ('fcn-resnet18-mhp', 'fcn-resnet18-mhp-512x320'),
        ('fcn-resnet18-voc', 'fcn-resnet18-voc-320x320'),
        ('fcn-resnet18-pascal-voc', 'fcn-resnet18-voc-320x320'),
        ('fcn-resnet18-pascal-voc-512x320', 'fcn-resnet18-voc-512x320'),
        ('fcn-resnet18-sunrgb', 'fcn-resnet18-sun-512x400'),
        ('fcn-resnet18-sun-rgbd-640x512', 'fcn-resnet18-sun-640x512'),
        ('fcn-alexnet-cityscapes', 'fcn-alexnet-cityscapes-sd'),
        ('FCN_ALEXNET_CITYSCAPES_HD', 'fcn-alexnet-cityscapes-hd'),
        ('FCN_ALEXNET_SYNTHIA_CVPR', 'fcn-alexnet-synthia-cvpr16'),
        ('synthia-cvpr16', 'fcn-alexnet-synthia-cvpr16'),
        ('synthia-summer-sd', 'fcn-alexnet-synthia-summer-sd'),
        ('aerial-fpv', 'fcn-alexnet-aerial-fpv-720p'),
        ('FCN_ALEXNET_AERIAL_FPV_720p', 'fcn-alexnet-aerial-fpv-720p'),
    ],
)
def test_other_spellings(given: str, meant: str) -> None:
    assert zoo.find_card(given).name == meant


@pytest.mark.parametrize(
    ('program', 'settings'),
    [(imagenet, ImageNetSettings), (detectnet, DetectNetSettings), (segnet, SegNetSettings)],
)
def test_the_default_networks_are_those_of_the_nodes(program: Any, settings: Any) -> None:
    assert program._parser().parse_args(['x']).default_network == settings().model
