# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Detector outputs that are a table of boxes and class scores, which a device can search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Edges = Callable[[NDArray[Any], NDArray[Any], tuple[int, int]], NDArray[np.float32]]


def as_edges(
    coordinates: NDArray[Any], rows: NDArray[Any], network_wh: tuple[int, int]
) -> NDArray[np.float32]:
    """Take edges in pixels as they are; see ``BoxTable.edges``."""
    return coordinates.astype(np.float32)


@dataclass(frozen=True, slots=True)
class BoxTable:
    """How a detector's outputs hold a box and class scores for each of many candidates.

    The candidates that reach a threshold, with the edges that ``edges`` makes of their
    coordinates, are those that the decoder finds.

    Attributes:
        scores: The tensor with the scores: its role in a decoder, its name in a network.
        boxes: The tensor with the four coordinates as its first four fields, likewise.
        edges: Reads picked candidates: coordinates of shape (N, 4); their rows in the table, shape
            (N,); width and height of the network's input. Gives pixel edges in that, (N, 4).
        fields_first: Whether there is a row a field; else a row a candidate.
        first_class: The score tensor's field of the first class; all after it are classes.
        objectness: The score tensor's field of a factor on a candidate's scores; None is none.
        best_only: Whether a candidate has its best class only; else each class is one of its own.
        background: A class that is never given.
        rows: How many rows there must be for an input's width and height; None is any number.
    """

    scores: str
    boxes: str
    edges: Edges = as_edges
    fields_first: bool = False
    first_class: int = 0
    objectness: int | None = None
    best_only: bool = False
    background: int | None = None
    rows: Callable[[tuple[int, int]], int] | None = None
