# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The downloads of the zoo as they are, but narrow and with random weights.

Layers and wiring are the real ones; numbers of channels are divided, so that all runs quickly.
"""

from __future__ import annotations

import io
import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.cards.card import ModelCard
from ros_deep_learning.cards.zoo import find_card, zoo_folder

# The names of the three tables and of the legacy one in the documentation that came with the
# first ROS package.
IMAGENET = [
    *('alexnet', 'googlenet', 'googlenet-12', 'resnet-18', 'resnet-50', 'resnet-101'),
    *('resnet-152', 'vgg-16', 'vgg-19', 'inception-v4'),
]
DETECTNET = [
    *('ssd-mobilenet-v1', 'ssd-mobilenet-v2', 'ssd-inception-v2', 'coco-dog', 'coco-bottle'),
    *('coco-chair', 'coco-airplane', 'pednet', 'multiped', 'facenet'),
]
SEGNET = [
    *('fcn-resnet18-cityscapes-512x256', 'fcn-resnet18-cityscapes-1024x512'),
    *('fcn-resnet18-cityscapes-2048x1024', 'fcn-resnet18-deepscene-576x320'),
    *('fcn-resnet18-deepscene-864x480', 'fcn-resnet18-mhp-512x320', 'fcn-resnet18-mhp-640x360'),
    *('fcn-resnet18-voc-320x320', 'fcn-resnet18-voc-512x320', 'fcn-resnet18-sun-512x400'),
    'fcn-resnet18-sun-640x512',
]
LEGACY = [
    *('fcn-alexnet-cityscapes-hd', 'fcn-alexnet-cityscapes-sd', 'fcn-alexnet-pascal-voc'),
    *('fcn-alexnet-synthia-cvpr', 'fcn-alexnet-synthia-summer-hd'),
    *('fcn-alexnet-synthia-summer-sd', 'fcn-alexnet-aerial-fpv-720p'),
]
ALL = [*IMAGENET, *DETECTNET, *SEGNET, *LEGACY]


def local_zoo(folder: Path, address: str) -> Path:
    """Copy the zoo, with all downloads at an address of one's own: ``address/name``."""
    shutil.copytree(zoo_folder() / 'cards', folder / 'cards')
    shutil.copytree(zoo_folder() / 'labels', folder / 'labels')
    shutil.copytree(zoo_folder() / 'weights', folder / 'weights')
    for path in (folder / 'cards').iterdir():
        text = path.read_text(encoding='utf-8')
        text = re.sub(r'(?<=url: )https://\S+', f'{address}/{path.stem}', text)
        # The stand-ins are others than the files that are pinned.
        text = re.sub(r'(?ms)(?<=^source:$)(.*url: .*?)^  sha256: \w+\n  size_bytes: \d+\n',
                      r'\1  max_bytes: 100000000\n', text)  # fmt: skip
        path.write_text(text, encoding='utf-8')
    return folder


def stand_in(card: ModelCard) -> bytes:
    """Make the archive of a card whose layers are known."""
    source = card.source
    files = {'labels': _labels(card), 'colors': _colors(card)}
    if card.format == 'caffe':
        files['prototxt'], files['model'] = _caffe(card)
    elif card.format == 'tensorflow-ssd':
        files['model'] = _frozen_ssd(card)
    else:
        files['model'] = fcn_resnet18((card.input.width, card.input.height), _count(card))
    return packed({name: files[role] for role, name in source.members.items()})


def packed(files: dict[str, bytes]) -> bytes:
    """Pack files into a folder of a .tar.gz."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w:gz', compresslevel=1) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f'Network/{name}')
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _count(card: ModelCard) -> int:
    if card.format == 'tensorflow-ssd':
        return 90
    if card.task == 'detection':
        return 2 if card.name == 'multiped' else 1
    if card.task == 'classification':
        return 12 if card.name == 'googlenet-12' else 1000
    return 5 if 'deepscene' in card.name else 21


def _labels(card: ModelCard) -> bytes:
    return ''.join(f'thing {k}\n' for k in range(_count(card))).encode()


def _colors(card: ModelCard) -> bytes:
    return ''.join(f'{k} {2 * k} 200\n' for k in range(_count(card))).encode()


def _caffe(card: ModelCard) -> tuple[bytes, bytes]:
    import architectures as make
    from caffe_files import caffemodel

    name, spec = card.name, card.input
    size_hw = (spec.height, spec.width)
    if card.task == 'detection':
        net = make.detectnet(size_hw=size_hw, classes=_count(card), width=8)
    elif card.task == 'segmentation':
        net = make.fcn_alexnet(size_hw=size_hw, width=16, whole=False)
    elif name.startswith('resnet'):
        net = make.resnet(int(name.partition('-')[2]), width=16)
    elif name.startswith('vgg'):
        net = make.vgg(int(name.partition('-')[2]), width=16)
    elif name == 'inception-v4':
        net = make.inception_v4(width=16)
    elif name == 'googlenet-12':
        net = make.googlenet(width=8, classes=12, output='softmax')
    else:
        net = {'alexnet': make.alexnet, 'googlenet': make.googlenet}[name](width=8)
    return net.text.encode(), bytes(caffemodel(net.weights))


def write_snapshot(folder: Path) -> tuple[Path, Path, Path]:
    """Write googlenet-12 as a user of DIGITS has it; gives prototxt, caffemodel and labels."""
    prototxt, model = folder / 'deploy.prototxt', folder / 'snapshot.caffemodel'
    labels = folder / 'labels.txt'
    for path, content in zip((prototxt, model), _caffe(find_card('googlenet-12')), strict=True):
        path.write_bytes(content)
    labels.write_text(''.join(f'thing {k}\n' for k in range(12)))
    return prototxt, model, labels


def fcn_resnet18(size_wh: tuple[int, int], classes: int, width: int = 16) -> bytes:
    """Make fcn_resnet18 as pytorch-segmentation exports it: raw scores of a grid at stride 32.

    The backbone is torchvision's ResNet-18, the head torchvision's FCNHead.
    """
    rng = np.random.default_rng(0)
    nodes, constants = [], []

    def keep(name: str, array: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(array.astype(np.float32), name))
        return name

    def conv(
        name: str, blob: str, shape: tuple[int, ...], stride: int = 1, relu: bool = True
    ) -> str:
        fan_in = float(np.prod(shape[1:]))
        weights = keep(f'{name}.weight', rng.normal(0, (2 / fan_in) ** 0.5, shape))
        pads = [shape[2] // 2] * 4
        nodes.append(
            helper.make_node(
                'Conv', [blob, weights], [f'{name}/c'], strides=[stride] * 2, pads=pads
            )
        )
        ones, zeros = np.ones(shape[0]), np.zeros(shape[0])
        parts = [
            keep(f'{name}.{k}', v) for k, v in zip('sbmv', (ones, zeros, zeros, ones), strict=True)
        ]
        nodes.append(helper.make_node('BatchNormalization', [f'{name}/c', *parts], [f'{name}/n']))
        if not relu:
            return f'{name}/n'
        nodes.append(helper.make_node('Relu', [f'{name}/n'], [name]))
        return name

    channels = [64 // width, 128 // width, 256 // width, 512 // width]
    blob = conv('conv1', 'input_0', (channels[0], 3, 7, 7), 2)
    nodes.append(
        helper.make_node('MaxPool', [blob], ['pool'], kernel_shape=[3, 3], strides=[2, 2],
                         pads=[1, 1, 1, 1])
    )  # fmt: skip
    blob, before = 'pool', channels[0]
    for stage, now in enumerate(channels, 1):
        for block in range(2):
            name = f'layer{stage}.{block}'
            stride = 2 if stage > 1 and block == 0 else 1
            inner = conv(f'{name}.conv1', blob, (now, before, 3, 3), stride)
            inner = conv(f'{name}.conv2', inner, (now, now, 3, 3), relu=False)
            if stride == 2:
                shape = (now, before, 1, 1)
                blob = conv(f'{name}.downsample', blob, shape, stride, relu=False)
            nodes.append(helper.make_node('Add', [inner, blob], [f'{name}/a']))
            nodes.append(helper.make_node('Relu', [f'{name}/a'], [name]))
            blob, before = name, now
    blob = conv('classifier.0', blob, (before // 4, before, 3, 3))
    last = [
        keep('classifier.4.weight', rng.normal(0, 1, (classes, before // 4, 1, 1))),
        keep('classifier.4.bias', rng.normal(0, 1, classes)),
    ]
    nodes.append(helper.make_node('Conv', [blob, *last], ['output_0']))
    grid = [1, classes, -(-size_wh[1] // 32), -(-size_wh[0] // 32)]
    graph = helper.make_graph(
        nodes,
        'fcn_resnet18',
        [helper.make_tensor_value_info('input_0', TensorProto.FLOAT, [1, 3, *size_wh[::-1]])],
        [helper.make_tensor_value_info('output_0', TensorProto.FLOAT, grid)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=7)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def _frozen_ssd(card: ModelCard) -> bytes:
    from graph_writer import GraphWriter
    from ssd_architectures import ARCHITECTURES

    graph_writer = GraphWriter()
    ARCHITECTURES[card.name](graph_writer, width=16).heads()
    return graph_writer.graph.SerializeToString()
