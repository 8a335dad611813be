# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""MMDeploy's exports of MMDetection, known by the outputs dets and labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..evidence import Evidence, Family, Finding, is_number, mean_and_std
from ..usual import TOP_LEFT

_GUESSED: dict[str, Any] = {
    'mean': (123.675, 116.28, 103.53),
    'std': (58.395, 57.12, 57.375),
    'rounding': 'half_up',
} | TOP_LEFT


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by the outputs; preprocessing is read from pipeline.json beside the file."""
    outputs = evidence.outputs
    if not {'dets', 'labels'} <= set(outputs) or outputs['dets'].shape[-1:] != (5,):
        return None
    by = 'the outputs dets and labels of MMDeploy'
    stated = _stated(evidence.beside('pipeline.json'))
    if stated:
        by += ' and pipeline.json'
    guessed = {key: value for key, value in _GUESSED.items() if key not in stated}
    roles = {'boxes': 'dets', 'classes': 'labels'}
    return Finding(by, 'detection', 'mmdeploy', roles, stated, guessed)


def _stated(pipeline: Mapping[str, Any]) -> dict[str, Any]:
    """Read the resize, padding and normalisation of a ``pipeline.json``."""
    stated: dict[str, Any] = {}
    steps = list(_steps(pipeline))
    if steps:
        # Without a step for it, images stay as OpenCV loads them.
        stated = {'channels': 'bgr', 'mean': (0.0,) * 3, 'std': (1.0,) * 3, 'scale': 1.0}
    for step in steps:
        kind = step.get('type')
        if kind == 'Resize':
            stated['resize'] = 'letterbox' if step.get('keep_ratio') else 'stretch'
        elif kind == 'Normalize':
            stated['channels'] = 'rgb' if step.get('to_rgb', True) else 'bgr'
            stated |= mean_and_std(step)
        elif kind == 'Pad':
            value = step.get('pad_val', 0)
            value = value.get('img', 0) if isinstance(value, dict) else value
            value = value[0] if isinstance(value, list) and value else value
            stated['pad_value'] = int(value) if is_number(value) else 0
    return stated


def _steps(pipeline: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    inner = pipeline.get('pipeline')
    tasks = inner.get('tasks') if isinstance(inner, dict) else None
    for task in tasks if isinstance(tasks, list) else ():
        steps = task.get('transforms') if isinstance(task, dict) else None
        for step in steps if isinstance(steps, list) else ():
            if isinstance(step, dict):
                yield step


FAMILY = Family('MMDeploy', recognise)
