# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Create the fields of cards for network files that are converted to ONNX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..cards.card import Format, InputSpec, Task
from ..errors import CardError
from .conventions import caffe_preprocessing
from .hints import Hints

# The usual names of the outputs, as in jetson-inference.
_CAFFE_OUTPUTS: dict[Task, dict[str, str]] = {
    'classification': {'scores': 'prob'},
    'detection': {'coverage': 'coverage', 'boxes': 'bboxes'},
    'segmentation': {'scores': 'score_fr_21classes'},
}


def caffe_fields(path: Path, task: Task | None, hints: Hints) -> dict[str, Any]:
    """Return the fields of a caffemodel's card, except for its name and files.

    Raises:
        CardError: The prototxt or the task is missing, or the input is not an image.
        ConversionError: The prototxt cannot be read.
    """
    from ..importers import caffe_input_shapes

    if hints.prototxt is None or task is None:
        missing = 'its prototxt (prototxt_path, --prototxt)'
        if hints.prototxt is not None:
            missing = 'its task (--task)'
        msg = f'{path}: a Caffe network also needs {missing}'
        raise CardError(msg)
    shapes = caffe_input_shapes(hints.prototxt)
    name = hints.input_name or next(iter(shapes), '')
    if len(shapes.get(name, ())) != 4:
        msg = f'{hints.prototxt}: expected an input {name!r} with four axes, got {shapes}'
        raise CardError(msg)
    height, width = shapes[name][2:]
    outputs = _CAFFE_OUTPUTS[task]
    given = [value for value in hints.outputs.values() if value]
    if task == 'detection':
        outputs = outputs | {k: v for k, v in hints.outputs.items() if k in outputs and v}
    elif given:
        outputs = {next(iter(outputs)): given[0]}
    preprocessing = caffe_preprocessing(task, path.stem, hints.mean_pixel)
    return {
        'task': task,
        'format': 'caffe',
        'input': replace(InputSpec(width, height, name=name), **preprocessing),
        'outputs': MappingProxyType(outputs),
        'decoder': 'detectnet' if task == 'detection' else None,
    }


def ssd_fields(form: Format, size_wh: tuple[int, int]) -> dict[str, Any]:
    """Return the fields of the card of a TensorFlow SSD, except for its name and files."""
    spec = InputSpec(*size_wh, name='images')
    return {
        'task': 'detection',
        'format': form,
        'input': replace(spec, scale=1 / 127.5, mean=(1.0, 1.0, 1.0)),
        'outputs': MappingProxyType({'boxes': 'boxes', 'scores': 'scores'}),
        'decoder': 'ssd',
    }
