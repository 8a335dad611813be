# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The results of an evaluation as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from ..datasets.dataset import Dataset, Problem
from .run import Run

_MOST_PROBLEMS = 1000


def as_json(dataset: Dataset, runs: Sequence[Run], failed: Mapping[str, str]) -> str:
    """Return everything as JSON; a figure that is not defined is null.

    Args:
        dataset: What was labelled.
        runs: What was evaluated.
        failed: Why a run failed, by its name.
    """
    content = {
        'dataset': {
            'folder': str(dataset.folder),
            'format': dataset.format,
            'task': dataset.task,
            'classes': list(dataset.classes),
            'splits': {name: len(samples) for name, samples in dataset.splits.items()},
            'problems': _problems(dataset.problems),
        },
        'runs': [_run(run) for run in runs],
        'failed': dict(failed),
    }
    return json.dumps(content, indent=1, allow_nan=False) + '\n'


def as_csv(runs: Sequence[Run]) -> str:
    """Return the figures as CSV, one a line; ``class`` is empty for the whole data set."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator='\n')
    writer.writerow(('model', 'backend', 'precision', 'class', 'metric', 'value'))
    for run in runs:
        named = (run.wish.model, run.backend, run.precision)
        whole = {**run.seen.scores.metrics, **asdict(run.cost), 'fps': run.cost.fps}
        for class_name, figures in {'': whole, **run.seen.scores.per_class}.items():
            for metric, value in figures.items():
                writer.writerow((*named, class_name, metric, '' if np.isnan(value) else value))
    return stream.getvalue()


def _run(run: Run) -> dict[str, Any]:
    scores = run.seen.scores
    rows, columns = scores.confusion_names
    return {
        'model': run.wish.model,
        'backend': run.backend,
        'precision': run.precision,
        'device': run.device,
        'pictures': len(run.seen.samples),
        'metrics': _numbers(scores.metrics),
        'cost': _numbers({**asdict(run.cost), 'fps': run.cost.fps}),
        'classes': {name: _numbers(row) for name, row in scores.per_class.items()},
        'confusion': {
            'truth': list(rows),
            'answer': list(columns),
            'counts': scores.confusion.tolist(),
        },
        'worst': [str(run.seen.samples[index].picture) for index in scores.worst[:100]],
        'problems': _problems(run.seen.problems),
        'notes': list(run.notes),
    }


def _numbers(figures: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else float(value) for name, value in figures.items()}


def _problems(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [
        {'kind': one.kind, 'path': str(one.path), 'text': one.text}
        for one in problems[:_MOST_PROBLEMS]
    ]
