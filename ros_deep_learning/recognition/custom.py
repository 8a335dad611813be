# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Create a card for a network file from the file itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..cards.card import InputSpec, InputType, ModelCard, Task
from ..cards.decision import GIVEN, Decision
from ..cards.names import card_name
from ..cards.source import SourceSpec
from ..cards.zoo import CARD_SUFFIXES
from ..errors import CardError
from ..paths import user_path
from .class_count import classes_of_graph, is_untold, unnamed
from .converted import caffe_fields, ssd_fields
from .evidence import Evidence, Finding
from .hints import Hints
from .input_scale import settle_scale
from .onnx_evidence import exported_size, read_evidence
from .recognise import recognise

_DTYPES: dict[str, InputType] = {'uint8': 'uint8', 'float16': 'float16'}
_LICENCE = re.compile(r'\b(A?GPL-[23]\.0|Apache-2\.0|MIT|BSD-[23]-Clause|CC0-1\.0)\b')
CAFFE_SUFFIXES = ('.caffemodel', '.caffe')
"""Suffixes of the weights of a Caffe network; its layers are in a prototxt."""

_READABLE = ('.onnx', *CAFFE_SUFFIXES, '.pb', '.uff')
_EXPECTED = 'expected .onnx, .caffemodel with its prototxt, .pb or .uff'
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


def refuse_other_file(model: str | Path) -> None:
    """Check that what is not a network file is not a file of another kind than a card.

    Raises:
        CardError: It is one, such as a picture or a network of TensorFlow Lite.
    """
    suffix = Path(model).suffix.lower()
    if suffix and suffix not in CARD_SUFFIXES and user_path(model).is_file():
        msg = f'{model} is not a network file: {_EXPECTED}, or a card (.yaml)'
        raise CardError(msg)


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
        fields = ssd_fields(
            'tensorflow-ssd',
            hints.size_wh or (300, 300),
            hints,
            size_by=GIVEN if hints.size_wh else '',
        )
    elif suffix == '.uff':
        from ..importers import uff_input_size

        fields = ssd_fields('uff-ssd', uff_input_size(path), hints, size_by='the file')
    else:
        msg = f'{path} is not a network file: {_EXPECTED}'
        raise CardError(msg)
    return ModelCard(
        name=card_name(path),
        source=SourceSpec(file=path.absolute(), prototxt=hints.prototxt),
        licence=fields.pop('licence', 'LicenseRef-not-stated'),
        folder=path.parent.absolute(),
        colors=hints.colors,
        **{'labels': hints.labels, **fields},
    )


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else user_path(path).absolute()


def _onnx_fields(path: Path, task: Task | None, hints: Hints) -> dict[str, Any]:
    evidence = read_evidence(path, hints)
    found = settle_scale(evidence, recognise(evidence, task, hints), hints)
    size_wh, by, is_guess = _size(evidence, found, hints)
    evidence = replace(evidence, size_wh=size_wh)
    tensor = evidence.image
    dtype: InputType = _DTYPES.get(str(tensor.dtype), 'float32')
    spec = InputSpec(*size_wh, name=evidence.input_name, layout=evidence.layout, dtype=dtype)
    spec = replace(spec, **{**found.guessed, **found.stated})
    if evidence.depth == 1:
        spec = replace(spec, channels='grey')
    if dtype == 'uint8':
        # A type of whole numbers means that the network normalises images itself.
        spec = replace(spec, scale=1.0, mean=(0.0,) * 3, std=(1.0,) * 3)
    spec = replace(spec, **hints.input_values())
    decisions = [Decision('task', found.task, GIVEN if task else found.by)]
    if found.decoder is not None:
        given = hints.decoder is not None
        decoder_by = GIVEN if given else found.by
        sure = given or found.is_sure
        decisions.append(Decision('decoder', found.decoder, decoder_by, guess=not sure))
    if found.task == 'classification':
        role = next(iter(found.roles))
        scores_by = found.by if role == 'sigmoid_logits' else 'the end of the graph'
        decisions.append(Decision('scores', role, scores_by, guess=role == 'scores'))
    decisions.append(Decision('input_size', size_wh, by, is_guess))
    untold = is_untold(evidence, found)
    of_graph = classes_of_graph(evidence, found) if untold else None
    if evidence.labels:
        source = 'names in the metadata'
        if evidence.labels_path is not None:
            beside = evidence.labels_path.name
            source = 'the labels' if hints.labels is not None else f'the labels in {beside}'
        is_guess = untold and of_graph is None
        if is_guess:
            source += '; nothing in the network tells how many there are'
        decisions.append(Decision('classes', len(evidence.labels), source, is_guess))
    else:
        if of_graph is not None:
            decisions.append(of_graph)
        decisions += unnamed(found)
    decisions += _input_decisions(spec, found, hints, evidence)
    return {
        'task': found.task,
        'format': 'onnx',
        'input': spec,
        'outputs': MappingProxyType(dict(found.roles)),
        'decoder': found.decoder,
        'classes': None if of_graph is None else of_graph.value,
        'labels': evidence.labels_path,
        'decisions': tuple(decisions),
        'licence': _licence(evidence.metadata),
    }


def _licence(metadata: Mapping[str, str]) -> str:
    """Return the SPDX name in the metadata, as Ultralytics writes it."""
    stated = metadata.get('license', metadata.get('licence', ''))
    match = _LICENCE.search(stated)
    return match[0] if match else 'LicenseRef-not-stated'


def _input_decisions(
    spec: InputSpec, found: Finding, hints: Hints, evidence: Evidence
) -> list[Decision]:
    given, decisions = hints.input_values(), []
    for key in ('resize', 'channels', 'scale', 'mean', 'std'):
        value = getattr(spec, key)
        if key in given:
            decisions.append(Decision(key, value, GIVEN))
        elif key == 'channels' and evidence.depth == 1:
            decisions.append(Decision(key, value, 'the input has one channel'))
        elif key in ('scale', 'mean', 'std') and spec.dtype == 'uint8':
            decisions.append(Decision(key, value, 'the input has the type uint8'))
        elif key in found.stated or (found.stated and key not in found.guessed):
            decisions.append(Decision(key, value, found.by))
        else:
            decisions.append(Decision(key, value, f'usual for {found.by}', guess=True))
    return decisions


def _size(evidence: Evidence, found: Finding, hints: Hints) -> tuple[tuple[int, int], str, bool]:
    """Return width and height, how they were decided, and whether they are a guess."""
    if min(evidence.size_wh) > 0:
        return evidence.size_wh, 'the input', False
    if hints.size_wh is not None:
        return hints.size_wh, GIVEN, False
    stated = exported_size(evidence.metadata)
    if stated is not None:
        return _filled(evidence.size_wh, stated), 'imgsz in the metadata', False
    if found.size_wh is not None:
        size_wh = _filled(evidence.size_wh, found.size_wh)
        if found.states_size:
            return size_wh, found.by, False
        return size_wh, f'the input is open; usual for {found.by}', True
    msg = (
        f'{evidence.path}: the size of its input {evidence.input_name!r} is open; to fix: '
        '--input-size WxH (parameter or argument input_size)'
    )
    raise CardError(msg)


def _filled(own_wh: tuple[int, int], other_wh: tuple[int, int]) -> tuple[int, int]:
    """Return a size whose open sides are those of another."""
    width, height = (
        own if own > 0 else other for own, other in zip(own_wh, other_wh, strict=True)
    )
    return width, height
