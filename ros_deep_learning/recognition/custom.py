# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Create a card for a network file from the file itself."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..cards.card import InputSpec, InputType, ModelCard, Task
from ..cards.decision import Decision
from ..cards.labels import load_labels
from ..cards.names import card_name
from ..cards.source import SourceSpec
from ..errors import CardError, DecodeError
from ..onnx_tools.facts import OnnxFacts, TensorFacts, read_facts
from ..paths import user_path
from .conventions import is_ultralytics, onnx_preprocessing
from .converted import caffe_fields, ssd_fields
from .decoder_choice import choose
from .hints import Hints, input_decisions

_TASKS: dict[str, Task] = {
    'classify': 'classification',
    'detect': 'detection',
    'semantic': 'segmentation',
}
CAFFE_SUFFIXES = ('.caffemodel', '.caffe')
"""Suffixes of the weights of a Caffe network; its layers are in a prototxt."""

_READABLE = ('.onnx', *CAFFE_SUFFIXES, '.pb', '.uff')
_ENGINE = (
    'an engine does not describe its input images; to fix: give the ONNX file that it was built '
    'from, or a card (.yaml) with it as source.file, with trust_engine_file (docs/engines.md)'
)
_UNREADABLE = {
    '.engine': _ENGINE,
    '.plan': _ENGINE,
    '.trt': _ENGINE,
    '.etlt': 'encrypted TAO files cannot be read; to fix: export ONNX with a current TAO Toolkit',
    '.pt': 'PyTorch files can execute any code; to fix: export the network to ONNX',
    '.pth': 'PyTorch files can execute any code; to fix: export the network to ONNX',
}


def is_network_file(model: str | Path) -> bool:
    """Return whether a name has the suffix of a network file."""
    suffix = Path(model).suffix.lower()
    return suffix in _READABLE or suffix in _UNREADABLE


def card_from_file(path: Path, task: Task | None = None, hints: Hints | None = None) -> ModelCard:
    """Create a card for a network file.

    Args:
        path: An ``.onnx`` file, a ``.caffemodel`` with its prototxt, or the ``.pb`` or ``.uff``
            file of an SSD.
        task: Task of the network; None = recognise it, which is possible for ONNX files only.
        hints: Facts that override what is recognised.

    Raises:
        CardError: The file is not a network file, or lacks information; the message has what is
            missing.
        ConversionError: The prototxt or the UFF file cannot be read.
    """
    path, hints = user_path(path), hints or Hints()
    suffix = path.suffix.lower()
    if suffix in _UNREADABLE:
        msg = f'{path}: {_UNREADABLE[suffix]}'
        raise CardError(msg)
    if not path.is_file():
        msg = f'there is no network file {path}'
        raise CardError(msg)
    fields: dict[str, Any]
    hints = replace(
        hints,
        prototxt=_absolute(hints.prototxt),
        labels=_absolute(hints.labels),
        colors=_absolute(hints.colors),
    )
    if suffix == '.onnx':
        fields = _onnx_fields(path, task, hints)
    elif suffix in CAFFE_SUFFIXES:
        fields = caffe_fields(path, task, hints)
    elif suffix == '.pb':
        fields = ssd_fields('tensorflow-ssd', hints.size_wh or (300, 300))
    elif suffix == '.uff':
        from ..importers import uff_input_size

        fields = ssd_fields('uff-ssd', uff_input_size(path))
    else:
        msg = (
            f'{path} is not a network file: expected .onnx, .caffemodel with its prototxt, .pb or '
            '.uff'
        )
        raise CardError(msg)
    return ModelCard(
        name=card_name(path),
        source=SourceSpec(file=path.absolute(), prototxt=hints.prototxt),
        licence='LicenseRef-not-stated',
        folder=path.parent.absolute(),
        labels=hints.labels,
        colors=hints.colors,
        **fields,
    )


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else user_path(path).absolute()


def _onnx_fields(path: Path, task: Task | None, hints: Hints) -> dict[str, Any]:
    facts = read_facts(path)
    name, tensor = _image_input(path, facts, hints)
    layout, size_wh = _size(path, name, tensor, facts, hints)
    tensors = facts.outputs
    named = [value for value in hints.outputs.values() if value]
    if unknown := [value for value in named if value not in tensors]:
        msg = f'{path} has no output {unknown[0]!r}; it has {", ".join(tensors)}'
        raise CardError(msg)
    if named:
        tensors = {key: tensors[key] for key in named}
    shapes = {key: value.shape[1:] for key, value in tensors.items()}
    known = task or _TASKS.get(facts.metadata.get('task', ''))
    task = known or _task_of(tensors)
    decoder, outputs = None, _outputs_of(path, task, shapes)
    if task == 'detection':
        labels = load_labels(hints.labels) if hints.labels else ()
        try:
            choice = choose(
                shapes, size_wh, decoder=hints.decoder, labels=labels, metadata=facts.metadata
            )
        except DecodeError as err:
            fix = '; if it is not a detector, set its task (--task)' if known is None else ''
            msg = f'{path}: {err}{fix}'
            raise CardError(msg) from err
        decoder, outputs = choice.decoder, dict(choice.roles)
    dtype: InputType = 'uint8' if tensor.dtype == 'uint8' else 'float32'
    spec = InputSpec(*size_wh, name=name, layout=layout, dtype=dtype)
    preprocessing = onnx_preprocessing(task, decoder, facts.metadata)
    if dtype == 'uint8':
        preprocessing = {k: v for k, v in preprocessing.items() if k in ('resize', 'pad_value')}
    spec = replace(replace(spec, **preprocessing), **hints.input_values())
    by = 'the file' if known else 'the shapes of the outputs'
    decisions = [Decision('task', task, by)]
    if decoder is not None:
        by = 'given' if hints.decoder else 'the shapes and names of the outputs'
        decisions.append(Decision('decoder', decoder, by))
    if is_ultralytics(facts.metadata):
        decisions += input_decisions(spec, hints, 'exported by Ultralytics', guess=False)
    else:
        usual = f'usual for {decoder or task}'
        decisions += input_decisions(spec, hints, usual, guess=True)
    return {
        'task': task,
        'format': 'onnx',
        'input': spec,
        'outputs': MappingProxyType(outputs),
        'decoder': decoder,
        'decisions': tuple(decisions),
    }


def _image_input(path: Path, facts: OnnxFacts, hints: Hints) -> tuple[str, TensorFacts]:
    images = {k: t for k, t in facts.inputs.items() if len(t.shape) == 4}
    if hints.input_name is not None:
        images = {k: t for k, t in images.items() if k == hints.input_name}
    if len(images) != 1:
        given = ', '.join(f'{k} {t.shape}' for k, t in facts.inputs.items())
        name = f' {hints.input_name!r}' if hints.input_name else ''
        msg = f'{path}: expected one input{name} with four axes, got {given}'
        raise CardError(msg)
    return next(iter(images.items()))


def _size(
    path: Path, name: str, tensor: TensorFacts, facts: OnnxFacts, hints: Hints
) -> tuple[Any, tuple[int, int]]:
    shape = tensor.shape
    layout = 'nhwc' if shape[3] == 3 and shape[1] != 3 else 'nchw'
    height, width = shape[2:] if layout == 'nchw' else shape[1:3]
    if height < 1 or width < 1:
        width, height = hints.size_wh or _exported_size(facts.metadata) or (0, 0)
    if height < 1 or width < 1:
        msg = (
            f'{path}: the size of its input {name!r} is open; to fix: --input-size WxH, or for a '
            'node a card (rdl models inspect --write)'
        )
        raise CardError(msg)
    return layout, (width, height)


def _exported_size(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    """Read the size that Ultralytics writes as ``[height, width]``."""
    try:
        height, width = ast.literal_eval(metadata.get('imgsz', ''))
        return int(width), int(height)
    except (
        ValueError,
        SyntaxError,
        TypeError,
        OverflowError,
        MemoryError,
        RecursionError,
    ):
        return None


def _task_of(outputs: Mapping[str, TensorFacts]) -> Task:
    """Recognise the task of a network by its outputs."""
    if len(outputs) == 1:
        (tensor,) = outputs.values()
        shape = tensor.shape[1:]
        long_axes = sum(size != 1 for size in shape)
        if max(shape, default=1) > 1 and long_axes == 1:
            return 'classification'
        if len(shape) == 3 and shape[1] != 1 and shape[2] != 1:
            return 'segmentation'
        # A mask of class numbers: the boxes and scores of a detector are floats.
        if long_axes == 2 and tensor.dtype is not None and tensor.dtype.kind in 'iub':
            return 'segmentation'
    return 'detection'


def _outputs_of(path: Path, task: Task, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    if task == 'detection':
        return {}
    if len(shapes) != 1:
        msg = f'{path} has the outputs {", ".join(shapes)}; to fix: choose one (output_blob)'
        raise CardError(msg)
    ((name, _),) = shapes.items()
    return {'scores': name}
