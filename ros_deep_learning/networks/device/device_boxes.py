# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Candidates that an engine picks on its device: what it is told, and what comes back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...cards.box_table import BoxTable
from ...engines.base import EngineInfo
from ...engines.on_device import DeviceCandidates
from ...tasks.detection import Candidates, as_candidates
from ..reader import Reader

_MOST_PICKED = 1 << 21
"""Candidates of a run up to which a device has room (64 MiB) for all that it may pick."""


def find_box_table(reader: Reader, info: EngineInfo, max_batch: int) -> BoxTable | None:
    """Return the decoder's table with the names of the network's tensors, if a device can use it.

    Args:
        reader: What reads the outputs otherwise.
        info: What was loaded.
        max_batch: Most images in one run.

    Returns:
        None if the outputs hold no such table, their sizes are open, or there are too many rows.
    """
    table = reader.decoder.table
    if table is None:
        return None
    by_name = {tensor.name: tensor for tensor in info.outputs}
    names = [reader.roles.get(role) for role in (table.scores, table.boxes)]
    tensors = [by_name[name] for name in names if name in by_name]
    if len(tensors) != 2:
        return None
    shapes = [tensor.shape[1:] for tensor in tensors]
    if any(len(shape) != 2 or -1 in shape for shape in shapes) or any(
        tensor.dtype.name not in ('float32', 'float16') for tensor in tensors
    ):
        return None
    (rows, fields), (box_rows, box_fields) = (
        shape[::-1] if table.fields_first else shape for shape in shapes
    )
    classes = fields - table.first_class
    fits = table.rows is None or table.rows(reader.network_wh) == rows
    most = max_batch * rows * (min(classes, 1) if table.best_only else classes)
    if not fits or rows != box_rows or box_fields < 4 or not 1 <= most <= _MOST_PICKED:
        return None
    return replace(table, scores=tensors[0].name, boxes=tensors[1].name)


def least_score(table: BoxTable, info: EngineInfo, score_threshold: float) -> float:
    """Round a threshold as NumPy does where it compares scores of half precision with it."""
    scores = next(tensor for tensor in info.outputs if tensor.name == table.scores)
    if table.objectness is not None:
        return score_threshold
    return float(np.asarray(score_threshold, scores.dtype))


def read_picked(found: DeviceCandidates, reader: Reader) -> Candidates:
    """Read the candidates that a device has picked by the table of a reader's decoder."""
    table = reader.decoder.table
    assert table is not None
    edges = table.edges(found.coordinates, found.rows, reader.network_wh)
    return as_candidates(edges, found.scores, found.class_ids)
