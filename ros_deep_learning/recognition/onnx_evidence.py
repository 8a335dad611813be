# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read what an ONNX file tells of itself before anything is decided."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..cards.card import Layout
from ..cards.labels import labels_in_configuration, labels_in_metadata, load_labels
from ..errors import CardError
from ..onnx_tools.facts import OnnxFacts, TensorFacts, read_facts
from ..text import shape_text
from .evidence import Evidence, path_beside, read_configuration
from .hints import Hints
from .unsupported import refuse_unsupported

# Files with labels, and whether one beside a network belongs to it: that of transformers or timm,
# and that of PaddleDetection.
_WITH_LABELS: dict[str, Callable[[OnnxFacts, Mapping[str, Any]], bool]] = {
    'config.json': lambda facts, config: (
        'pixel_values' in facts.inputs or 'pretrained_cfg' in config
    ),
    'infer_cfg.yml': lambda facts, _: 'scale_factor' in facts.inputs,
}

_MOST_CHANNELS = 16
_LEAST_SIDE = 17


def read_evidence(path: Path, hints: Hints) -> Evidence:
    """Read the evidence of an ONNX file.

    Raises:
        CardError: It is known and not supported, has no input for images or several, takes
            images that are neither grey nor in colour, or has no output that a hint names.
        OnnxError: It cannot be read.
    """
    facts = read_facts(path)
    refuse_unsupported(facts)
    name, tensor = _image_input(path, facts, hints)
    layout, depth, size_wh = _layout(path, name, tensor)
    outputs = dict(facts.outputs)
    named = [value for value in hints.outputs.values() if value]
    if unknown := [value for value in named if value not in outputs]:
        msg = f'{path} has no output {unknown[0]!r}; it has {", ".join(outputs)}'
        raise CardError(msg)
    if named:
        outputs = {key: outputs[key] for key in named}
    labels, labels_path = _labels(path, facts, hints)
    return Evidence(
        path, facts, name, tensor, layout, depth, size_wh, outputs, labels, labels_path
    )


def _labels(path: Path, facts: OnnxFacts, hints: Hints) -> tuple[tuple[str, ...], Path | None]:
    """Return the class names, and the file that they are from; None = the metadata."""
    labels = labels_in_metadata(facts.metadata)
    if hints.labels is not None:
        # A file that is not there is reported where the network is loaded.
        return (load_labels(hints.labels) if hints.labels.is_file() else labels), hints.labels
    if labels:
        return labels, None
    for name, is_of in _WITH_LABELS.items():
        beside = path_beside(path, name)
        config = read_configuration(beside)
        if is_of(facts, config) and labels_in_configuration(config):
            return load_labels(beside), beside.absolute()
    return (), None


def exported_size(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    """Read the size that Ultralytics writes as ``[height, width]``."""
    try:
        height, width = map(int, ast.literal_eval(metadata.get('imgsz', '')))
        return (width, height) if min(width, height) > 0 else None
    except (
        ValueError,
        SyntaxError,
        TypeError,
        OverflowError,
        MemoryError,
        RecursionError,
    ):
        return None


def _image_input(path: Path, facts: OnnxFacts, hints: Hints) -> tuple[str, TensorFacts]:
    images = {k: t for k, t in facts.inputs.items() if len(t.shape) == 4} or {
        k: t
        for k, t in facts.inputs.items()
        if len(t.shape) == 3 and (t.shape[0] in (1, 3) or t.shape[2] in (1, 3))
    }
    if hints.input_name is not None:
        images = {k: t for k, t in images.items() if k == hints.input_name}
    if len(images) != 1:
        given = ', '.join(f'{k} {t.shape}' for k, t in facts.inputs.items())
        name = f' {hints.input_name!r}' if hints.input_name else ''
        msg = f'{path}: expected one input{name} with four axes, got {given}'
        raise CardError(msg)
    return next(iter(images.items()))


def _layout(path: Path, name: str, tensor: TensorFacts) -> tuple[Layout, int, tuple[int, int]]:
    """Return layout, number of channels, and width and height, -1 where open."""
    first, *_, last = shape = tensor.shape[-3:]
    channels_last = last in (1, 3) and first not in (1, 3)
    if not channels_last and first not in (1, 3):
        # Neither is a colour picture: the smaller number counts the channels.
        channels_last = 0 < last <= _MOST_CHANNELS and (first >= _LEAST_SIDE or first < 1)
    depth = last if channels_last else first
    if depth not in (1, 3, -1):
        msg = (
            f'{path}: its input {name!r} takes {depth} channels ({shape_text(tensor.shape)}), '
            'which this package does not run; it runs networks for colour images (3) and grey '
            'ones (1)'
        )
        raise CardError(msg)
    height, width = shape[:2] if channels_last else shape[1:]
    return 'nhwc' if channels_last else 'nchw', depth if depth > 0 else 3, (width, height)
