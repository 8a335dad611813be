# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of files that come from elsewhere: whole ones, and what reads them."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bag_kinds as bags
import cv2
import dataset_kinds as datasets
import network_kinds as networks
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.cards.card import load_card
from ros_deep_learning.cards.colors import load_colors
from ros_deep_learning.cards.labels import labels_in_metadata, load_labels
from ros_deep_learning.cards.zoo import card_files
from ros_deep_learning.downloads.archives import extract_members
from ros_deep_learning.downloads.trust import read_pin
from ros_deep_learning.imaging.compressed import pixels_from_compressed
from ros_deep_learning.importers import caffe_input_shapes
from ros_deep_learning.onnx_tools.external_data import onnx_files
from ros_deep_learning.onnx_tools.facts import read_facts
from ros_deep_learning.recognition.custom import card_from_file

_YAML = (
    '!!int ""', '!!float x', '!!bool x', '!!timestamp x', '!!binary x', '!!null x', '!!set {}',
    '!!python/object:os.system x', '~no-such-user/x', '"\\0"', '"\\ud800"', '&a [*a]', '[' * 500,
    '.inf', '.nan', '-1', '1e999', '9' * 400, '2026-99-99', '? ', '<<: ', '\t', '\x1b[2J', '{}',
)  # fmt: skip
_PROTOTXT = (
    '{', '}', 'dim: -1', 'dim: 99999999999999999999', 'layer {', 'type: "Python"', '"', '#', ':',
    'input_dim: 0', 'name: "\\000"', '\xff',
)  # fmt: skip
_FOREIGN = (
    *(b'null', b'[]', b'{}', b'1e999', b'NaN', b'"\\ud800"', b'"a\\u0000"', b'"\\u001b[2J"'),
    *(b'[' * 500, b'"../x"', b'"/etc/passwd"', b'true', b'-1', b'9' * 400),
)
_XML = (
    *(b'<!DOCTYPE a [<!ENTITY b "c">]>', b'&b;', b'<!--', b'<![CDATA[x]]>', b'&#27;', b'&#0;'),
    *(b'<a>' * 500, b'</name>', b'nan', b'1e999', b'<?xml version="1.0" encoding="utf-7"?>'),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file.

    Attributes:
        files: Whole ones.
        read: Reads a file of this kind.
        suffix: Of its name.
        tokens: What means something in it.
    """

    files: Sequence[bytes]
    read: Callable[[Path], Any]
    suffix: str
    tokens: Sequence[bytes] = ()


def kinds() -> dict[str, Kind]:
    """Return the kinds by name."""
    yaml_tokens = [text.encode('utf-8', 'surrogatepass') for text in _YAML]
    archives = {'zip': _zip(), 'tar': _tar(), 'tar.gz': gzip.compress(_tar())}
    return {
        'image': Kind(_images(), _read_image, '.img'),
        'card': Kind(
            [path.read_bytes() for path in card_files()], load_card, '.yaml', yaml_tokens
        ),
        'labels': Kind(
            [b'cat\ndog\n', 'Käse\n\n'.encode()], load_labels, '.txt', [b'\0', b'\x1b']
        ),
        'colors': Kind([b'1 2 3\n255,0,9\n'], load_colors, '.txt', [b'-1', b'\xb2', b'9' * 5000]),
        'pin': Kind(
            [b'{"url": "u", "sha256": "' + b'0' * 64 + b'", "size_bytes": 1, "date": "d"}'],
            read_pin,
            '.json',
            [b'null', b'[]', b'1e999', b'"\\ud800"'],
        ),
        'onnx': Kind(_networks(), _read_onnx, '.onnx', [b'names', b'\xff', b'../x', b'{0: "a"}']),
        'prototxt': Kind(
            [networks.PROTOTXT.encode()],
            caffe_input_shapes,
            '.prototxt',
            [t.encode('latin-1') for t in _PROTOTXT],
        ),
        'caffemodel': Kind(networks.caffemodels(), networks.read_caffemodel, '.caffemodel'),
        'uff': Kind(networks.uffs(), networks.read_uff, '.uff'),
        'frozen_graph': Kind(networks.frozen_graphs(), networks.read_frozen_graph, '.pb'),
        'mcap': Kind(bags.mcap_files(), bags.read_bag, '.mcap'),
        'db3': Kind(bags.sqlite_files(), bags.read_bag, '.db3'),
        'mcap.zstd': Kind(bags.compressed_files(), bags.read_bag, '.mcap.zstd'),
        'bag_yaml': Kind(bags.descriptions(), bags.read_description, '.yaml', yaml_tokens),
        'data_yaml': Kind(
            [b'path: x\nnc: 2\nnames: [cat, dog]\n', b'names:\n  0: cat\n  1: dog\n'],
            load_labels,
            '.yaml',
            yaml_tokens,
        ),
        'config_json': Kind(
            [b'{"id2label": {"0": "cat", "1": "dog"}}', b'{"label_names": ["cat", "dog"]}'],
            load_labels,
            '.json',
            _FOREIGN,
        ),
        'coco': Kind(datasets.coco(), datasets.read_as_data_set, '.json', _FOREIGN),
        'coco_masks': Kind(datasets.coco(), datasets.read_outlines, '.json', _FOREIGN),
        'cvat': Kind(datasets.cvat(), datasets.read_cvat, '.xml', _XML),
        'label_studio': Kind(
            datasets.label_studio(), datasets.read_as_data_set, '.json', _FOREIGN
        ),
        'voc': Kind(datasets.voc(), datasets.read_as_data_set, '.xml', _XML),
        'yolo_labels': Kind(
            datasets.yolo_labels(), datasets.read_as_data_set, '.txt', [b'nan', b'inf', b'1e308']
        ),
        'yolo_data': Kind(
            datasets.yolo_configurations(), datasets.read_as_data_set, '.yaml', yaml_tokens
        ),
        'mask': Kind(datasets.masks(), datasets.read_as_mask, '.png'),
        **{
            name: Kind([data], _archive_reader(name), f'.{name}', [b'../', b'/etc/passwd'])
            for name, data in archives.items()
        },
    }


def _read_image(path: Path) -> None:
    data = np.frombuffer(path.read_bytes(), np.uint8)
    pixels_from_compressed(SimpleNamespace(format='', data=data), 2**20)


def _read_onnx(path: Path) -> None:
    labels_in_metadata(read_facts(path).metadata)
    onnx_files(path)
    card_from_file(path)


def _archive_reader(kind: Any) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        folder = Path(tempfile.mkdtemp(dir=path.parent))
        try:
            extract_members(path, kind, {'model': 'net.onnx', 'labels': 'labels.txt'}, folder)
        finally:
            shutil.rmtree(folder)

    return read


def _images() -> list[bytes]:
    rng = np.random.default_rng(0)
    picture = cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (40, 30))
    files = []
    for suffix, image, *options in (
        ('.jpg', picture),
        ('.jpg', picture, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        ('.jpg', picture, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
        ('.jpg', picture[..., 0]),
        ('.png', picture),
        ('.png', picture[..., 0].astype(np.uint16)),
    ):
        files.append(cv2.imencode(suffix, image, options)[1].tobytes())
    return files


def _networks() -> list[bytes]:
    weight = numpy_helper.from_array(np.ones((2, 3, 1, 1), np.float32), 'w')
    nodes = [
        helper.make_node('Conv', ['x', 'w'], ['c']),
        helper.make_node('GlobalAveragePool', ['c'], ['prob']),
    ]
    image = helper.make_tensor_value_info('x', TensorProto.FLOAT, [1, 3, 8, 8])
    prob = helper.make_tensor_value_info('prob', TensorProto.FLOAT, [1, 2, 1, 1])
    model = helper.make_model(helper.make_graph(nodes, 'net', [image], [prob], [weight]))
    helper.set_model_props(model, {'names': "{0: 'cat', 1: 'dog'}", 'task': 'classify'})
    other = onnx.ModelProto.FromString(model.SerializeToString())
    tensor = other.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, 'weights.bin', 0, 24)
    tensor.ClearField('raw_data')
    tensor.data_location = TensorProto.EXTERNAL
    return [model.SerializeToString(), other.SerializeToString()]


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('a/net.onnx', b'weights' * 50)
        archive.writestr('a/labels.txt', b'cat\n')
    return buffer.getvalue()


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w') as archive:
        for name, data in (('a/net.onnx', b'weights' * 50), ('a/labels.txt', b'cat\n')):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
