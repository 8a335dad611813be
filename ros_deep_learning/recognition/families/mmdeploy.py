# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""MMDeploy's exports of MMDetection, known by the outputs dets and labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..evidence import Evidence, Family, Finding, is_number, levels, mean_and_std
from ..usual import TOP_LEFT

_GUESSED: dict[str, Any] = {
    'mean': (123.675, 116.28, 103.53),
    'std': (58.395, 57.12, 57.375),
    'rounding': 'half_up',
} | TOP_LEFT
_CENTRED: dict[str, Any] = {'resize': 'letterbox', 'align': 'centre', 'rounding': 'nearest'}


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by the outputs; preprocessing is read from pipeline.json beside the file."""
    outputs = evidence.outputs
    if not {'dets', 'labels'} <= set(outputs) or outputs['dets'].shape[-1:] != (5,):
        return None
    by = 'the outputs dets and labels of MMDeploy'
    if len(outputs) > 2:
        by += ' (boxes only)'
    stated = _stated(evidence.beside('pipeline.json'))
    if stated:
        by += ' and pipeline.json'
    guessed = {key: value for key, value in _GUESSED.items() if key not in stated}
    roles = {'boxes': 'dets', 'classes': 'labels'}
    return Finding(by, 'detection', 'mmdeploy', roles, stated, guessed)


def _stated(pipeline: Mapping[str, Any]) -> dict[str, Any]:
    """Read the resize, padding and normalisation of a ``pipeline.json``.

    MMDeploy puts the normalisation of the network and a padding to multiples of a size behind the
    steps of the configuration, of which one may pad before it, as RTMDet's. MMYOLO's
    ``LetterResize`` pads on both sides.
    """
    stated: dict[str, Any] = {}
    is_normalised = False
    steps = list(_steps(pipeline))
    if steps:
        # Without a step for it, images stay as OpenCV loads them.
        stated = {'channels': 'bgr', 'mean': (0.0,) * 3, 'std': (1.0,) * 3, 'scale': 1.0}
    for step in steps:
        kind = str(step.get('type')).removeprefix('mmdet.')
        if kind == 'Resize':
            stated['resize'] = 'letterbox' if step.get('keep_ratio') else 'stretch'
        elif kind == 'LetterResize':
            stated |= _CENTRED | {'pad_value': _pad_value(step)}
        elif kind == 'Normalize':
            stated['channels'] = 'rgb' if step.get('to_rgb', True) else 'bgr'
            stated |= mean_and_std(step)
            is_normalised = True
        elif kind == 'Pad' and 'pad_value' not in stated:
            # The second pads to a multiple of a size that the input has already.
            stated['pad_value'] = _pad_value(step)
            if is_normalised:
                pairs = zip(stated['mean'], stated['std'], strict=True)
                means = [mean + stated['pad_value'] * std for mean, std in pairs]
                stated['pad_value'] = levels(means)
    return stated


def _pad_value(step: Mapping[str, Any]) -> int:
    value = step.get('pad_val', 0)
    value = value.get('img', 0) if isinstance(value, dict) else value
    value = value[0] if isinstance(value, list) and value else value
    return min(255, max(0, int(value))) if is_number(value) else 0


def _steps(pipeline: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    inner = pipeline.get('pipeline')
    tasks = inner.get('tasks') if isinstance(inner, dict) else None
    for task in tasks if isinstance(tasks, list) else ():
        steps = task.get('transforms') if isinstance(task, dict) else None
        for step in steps if isinstance(steps, list) else ():
            if isinstance(step, dict):
                yield step


FAMILY = Family('MMDeploy', recognise)
