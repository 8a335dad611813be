# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Create the fields of cards for network files that are converted to ONNX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..cards.card import Format, InputSpec, Task
from ..cards.decision import GIVEN, Decision
from ..errors import CardError
from .conventions import caffe_preprocessing
from .hints import Hints
from .usual import PLUS_MINUS_ONE

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
        ConversionError: The prototxt cannot be read, or has no output of a given name.
    """
    from ..importers import caffe_input_shapes, check_caffe_outputs

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
    depth, height, width = shapes[name][1:]
    if depth not in (1, 3):
        msg = (
            f'{path}: its input {name!r} takes {depth} channels, which this package does not run; '
            'it runs networks for colour images (3) and grey ones (1)'
        )
        raise CardError(msg)
    outputs = _CAFFE_OUTPUTS[task]
    given = [value for value in hints.outputs.values() if value]
    if task == 'detection':
        outputs = outputs | {k: v for k, v in hints.outputs.items() if k in outputs and v}
    elif given:
        outputs = {next(iter(outputs)): given[0]}
    if given:
        check_caffe_outputs(hints.prototxt, given)
    preprocessing = caffe_preprocessing(task, path.stem, hints.mean_pixel)
    spec = replace(InputSpec(width, height, name=name), **preprocessing)
    if depth == 1:
        # DIGITS scales grey images in the network; the means of ImageNet are those of colours.
        spec = replace(spec, channels='grey', mean=(hints.mean_pixel,) * 3)
    decided = [Decision('task', task, GIVEN)]
    if task == 'detection':
        by = 'outputs of coverage and boxes, as of DIGITS'
        decided.append(Decision('decoder', 'detectnet', by))
    decided.append(Decision('input_size', (width, height), 'the prototxt'))
    return {
        'task': task,
        'format': 'caffe',
        **_with_given(spec, hints, decided, 'Caffe networks of jetson-inference', is_guess=True),
        'outputs': MappingProxyType(outputs),
        'decoder': 'detectnet' if task == 'detection' else None,
    }


def ssd_fields(
    form: Format, size_wh: tuple[int, int], hints: Hints, *, size_by: str = ''
) -> dict[str, Any]:
    """Return the fields of the card of a TensorFlow SSD, except for its name and files.

    Args:
        form: Format of the file.
        size_wh: Width and height of its input in pixels.
        hints: What the user says.
        size_by: What tells the size; empty if it is a guess.
    """
    spec = replace(InputSpec(*size_wh, name='images'), **PLUS_MINUS_ONE)
    by = "the converter of TensorFlow's SSD"
    decided = [Decision('task', 'detection', by), Decision('decoder', 'ssd', by)]
    usual_size = Decision('input_size', size_wh, "usual for TensorFlow's SSD", guess=True)
    decided.append(Decision('input_size', size_wh, size_by) if size_by else usual_size)
    return {
        'task': 'detection',
        'format': form,
        **_with_given(spec, hints, decided, by, is_guess=False),
        'outputs': MappingProxyType({'boxes': 'boxes', 'scores': 'scores'}),
        'decoder': 'ssd',
    }


def _with_given(
    spec: InputSpec, hints: Hints, decided: list[Decision], by: str, *, is_guess: bool
) -> dict[str, Any]:
    """Return a card's input with the user's values, and its decisions with those on the input."""
    given = hints.input_values()
    spec = replace(spec, **given)
    known = set(given)
    if hints.mean_pixel and spec.mean == (hints.mean_pixel,) * 3:
        known.add('mean')
    reason = f'usual for {by}' if is_guess else by
    for key in ('resize', 'channels', 'scale', 'mean', 'std'):
        value = getattr(spec, key)
        if key == 'channels' and spec.channels == 'grey' and key not in given:
            decided.append(Decision(key, value, 'the input has one channel'))
        elif key in known:
            decided.append(Decision(key, value, GIVEN))
        else:
            decided.append(Decision(key, value, reason, is_guess))
    return {'input': spec, 'decisions': tuple(decided)}
