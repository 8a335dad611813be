# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Snapshots of NVIDIA DIGITS: an archive with all that a network needs.

DIGITS (digits/model/views.py, tasks/caffe_train.py) packs the caffemodel, ``deploy.prototxt``,
``train_val.prototxt``, ``mean.binaryproto``, ``labels.txt`` where there are labels, and
``info.json``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from ..cards.card import Channels, Resize, Task
from ..cards.foreign_files import parse_foreign
from ..cards.names import card_name
from ..cards.source import Archive
from ..downloads.archives import extract_members, member_names
from ..errors import CardError

if TYPE_CHECKING:
    from ..importers import DataTransform

_ARCHIVES: Mapping[str, Archive] = {
    '.tar.gz': 'tar.gz',
    '.tgz': 'tar.gz',
    '.tar': 'tar',
    '.zip': 'zip',
}
_File = Literal['model', 'prototxt', 'labels', 'mean', 'training', 'info']
_FILES: Mapping[_File, str] = {
    'prototxt': 'deploy.prototxt',
    'labels': 'labels.txt',
    'mean': 'mean.binaryproto',
    'training': 'train_val.prototxt',
    'info': 'info.json',
}

# DIGITS fills with noise at the sides, crops half, or crops; digits/utils/image.py.
_RESIZES: Mapping[str, Resize] = {
    'squash': 'stretch',
    'crop': 'crop',
    'fill': 'letterbox',
    'half_crop': 'stretch',
}
_ITERATION = re.compile(r'_iter_(\d+)')
_MAX_TEXT = 1 << 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An unpacked snapshot.

    Attributes:
        model: The caffemodel.
        prototxt: The deployed network.
        labels: The labels, one a line; None where the snapshot has none.
        name: Name for its card.
        task: What it does, by its outputs.
        output: Output blob; None for a detector, which has two.
        channels: Channel order of its input.
        resize: How DIGITS fitted images into the input.
        mean: Subtracted from the pixel values 0..255 in the network's channel order; None where
            the snapshot does not tell.
        scale: Factor on what is left of the pixel values.
        decisions: What was decided and why, one sentence each.
    """

    model: Path
    prototxt: Path
    labels: Path | None
    name: str
    task: Task
    output: str | None
    channels: Channels
    resize: Resize
    mean: tuple[float, float, float] | None
    scale: float
    decisions: tuple[str, ...]

    def options(self) -> dict[str, Any]:
        """Return what is beside the caffemodel as values of the options of `rdl models add`."""
        # A card's mean is subtracted after the scale, Caffe's before it.
        mean = self.mean and ','.join(repr(value * self.scale) for value in self.mean)
        return {
            'prototxt': self.prototxt,
            'labels': self.labels,
            'name': self.name,
            'task': self.task,
            'output_blob': self.output,
            'resize': self.resize,
            'channels': self.channels,
            'scale': repr(self.scale),
            'mean': mean,
            'std': '1',
        }


def is_snapshot(path: Path) -> bool:
    """Return whether a file has the suffix of an archive."""
    return _kind(path) is not None


def unpack_snapshot(path: Path, folder: Path) -> Snapshot:
    """Unpack a snapshot, and find out what its network does.

    Args:
        path: The archive: .tar.gz, .tgz, .tar or .zip.
        folder: Folder for its files; private to the caller, and empty.

    Raises:
        CardError: It is no archive, or lacks a file.
        FetchError: The archive is damaged or hostile.
        ConversionError: Its prototxt or its mean cannot be read.
    """
    kind = _kind(path)
    if kind is None or not path.is_file():
        msg = f'{path} is no snapshot: expected a file {", ".join(_ARCHIVES)}'
        raise CardError(msg)
    names = member_names(path, kind)
    models = [name for name in names if name.endswith('.caffemodel')]
    if not models:
        msg = (
            f'{path} holds no .caffemodel, so it is no snapshot of a Caffe network of DIGITS; it '
            f'holds {", ".join(names[:20]) or "nothing"}'
        )
        raise CardError(msg)
    newest = PurePosixPath(max(models, key=_iteration)).name
    files = extract_members(path, kind, {'model': newest, **_FILES}, folder)
    info = _read_info(files['info']) if 'info' in files else {}
    task, output, why = _task(files['prototxt'])
    transform = _transform(files)
    mean, source = _mean(files, transform, task)
    scale = 1.0 if transform is None else _checked_scale(transform.scale)
    channels = _channels(files['prototxt'])
    mode = str(info.get('image resize mode', 'squash'))
    resize = _RESIZES.get(mode, 'stretch')
    name = card_name(Path(str(info.get('name') or path.name.partition('.')[0])))
    labels = files.get('labels')
    decisions = (
        f'task: {task} ({why})',
        f'snapshot: {newest}',
        f'resize: {resize} (DIGITS: {mode})',
        f'mean: {source}',
        *([f'scale: {scale:g}, of transform_param in train_val.prototxt'] * (scale != 1)),
        f'labels: {"labels.txt" if labels else "none in the snapshot; to fix: --labels FILE"}',
    )
    return Snapshot(
        files['model'],
        files['prototxt'],
        labels,
        name,
        task,
        output,
        channels,
        resize,
        mean,
        scale,
        decisions,
    )


def _kind(path: Path) -> Archive | None:
    name = path.name.lower()
    return next((kind for ending, kind in _ARCHIVES.items() if name.endswith(ending)), None)


def _iteration(name: str) -> int:
    match = _ITERATION.search(name)
    return int(match[1]) if match else -1


def _read_info(path: Path) -> dict[str, Any]:
    try:
        info = parse_foreign(_text(path), is_json=True)
    except ValueError as err:
        msg = f'info.json of the snapshot is no JSON: {err}'
        raise CardError(msg) from err
    return info if isinstance(info, dict) else {}


def _task(prototxt: Path) -> tuple[Task, str | None, str]:
    """Return the task of a network, its output blob, and why."""
    from ..importers import caffe_ends

    ends = caffe_ends(prototxt)
    # DetectNet's own clustering is a layer in Python, which reads both.
    if {'coverage', 'bboxes'} <= set(ends) or 'Python' in ends.values():
        return 'detection', None, 'it gives coverage and bboxes, as DetectNet'
    if len(ends) != 1:
        msg = (
            f'{prototxt.name} of the snapshot has the outputs {", ".join(ends) or "none"}; to '
            'fix: unpack it, and add the caffemodel with --prototxt, --task and --output-blob'
        )
        raise CardError(msg)
    ((output, kind),) = ends.items()
    if kind in ('Softmax', 'InnerProduct'):
        return 'classification', output, f'it ends with {kind}'
    return 'segmentation', output, f'it ends with {kind}'


def _channels(prototxt: Path) -> Channels:
    from ..importers import caffe_input_shapes

    (shape, *_) = caffe_input_shapes(prototxt).values() or ((),)
    return 'grey' if shape[1:2] == (1,) else 'bgr'


def _transform(files: Mapping[_File, Path]) -> DataTransform | None:
    """Return what the data layers of the training do to pixels; None if that is not known."""
    from ..importers import caffe_data_transform

    if 'training' not in files:
        return None
    return caffe_data_transform(files['training'], files['prototxt'])


def _mean(
    files: Mapping[_File, Path], transform: DataTransform | None, task: Task
) -> tuple[tuple[float, float, float] | None, str]:
    """Return what was subtracted in training, and where that is written."""
    if transform is not None and transform.mean:
        return _three(transform.mean), 'mean_value in train_val.prototxt'
    # Old snapshots lack the training network: classifiers of DIGITS subtract a mean by default.
    uses_file = task == 'classification' if transform is None else bool(transform.mean_file)
    if uses_file and 'mean' in files:
        from ..importers import caffe_mean

        return _three(caffe_mean(files['mean'])), 'the mean pixel of mean.binaryproto'
    if uses_file and task == 'classification':
        return None, "that of ImageNet, as jetson-inference's: the snapshot has none"
    if uses_file:
        return (
            0.0,
            0.0,
            0.0,
        ), 'not known, mean.binaryproto is missing; to fix: --mean'
    return (0.0, 0.0, 0.0), 'none, as in training'


def _checked_scale(scale: float) -> float:
    if not 0 < scale < math.inf:
        msg = (
            'scale in train_val.prototxt of the snapshot: expected a finite number above 0, got '
            f'{scale}'
        )
        raise CardError(msg)
    return scale


def _three(values: tuple[float, ...]) -> tuple[float, float, float]:
    if len(values) not in (1, 3):
        msg = f'the mean of the snapshot has {len(values)} channels; expected 1 or 3'
        raise CardError(msg)
    first, second, third = values * (3 // len(values))
    return first, second, third


def _text(path: Path) -> str:
    return path.read_bytes()[:_MAX_TEXT].decode('utf-8', 'replace')
