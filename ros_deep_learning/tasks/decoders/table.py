# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Outputs that are a table of boxes by class scores, so that a device can pick candidates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import centre_to_edges

Edges = Callable[[NDArray[Any], NDArray[Any], tuple[int, int]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Table:
    """Where a decoder's candidates lie in its outputs, and how their boxes are read.

    Whoever picks the candidates at or above the threshold as this says, and takes their edges by
    ``edges``, finds what the decoder finds.

    Attributes:
        scores: Role of the tensor with the scores.
        boxes: Role of the tensor with a candidate's coordinates as its first four fields.
        edges: Reads picked candidates: coordinates of shape (N, 4); their rows in the table, shape
            (N,); width and height of the network's input. Gives pixel edges in that, (N, 4).
        fields_first: Whether there is a row a field; else a row a candidate.
        first_class: The score tensor's field of the first class; all after it are classes.
        objectness: The score tensor's field of a factor on a candidate's scores; None is none.
        best_only: Whether a candidate has its best class only; else each class is one of its own.
        background: A class that is no object.
        rows: How many rows there must be for an input's width and height; None is any number.
    """

    scores: str
    boxes: str
    edges: Edges
    fields_first: bool = False
    first_class: int = 0
    objectness: int | None = None
    best_only: bool = False
    background: int | None = None
    rows: Callable[[tuple[int, int]], int] | None = None


def as_edges(
    coordinates: NDArray[Any], rows: NDArray[Any], network_wh: tuple[int, int]
) -> NDArray[np.float32]:
    """Take edges in pixels as they are; see ``Table.edges``."""
    return coordinates.astype(np.float32)


def edges_of_centres(
    coordinates: NDArray[Any], rows: NDArray[Any], network_wh: tuple[int, int]
) -> NDArray[np.float32]:
    """Turn (cx, cy, w, h) in pixels into edges; see ``Table.edges``."""
    return centre_to_edges(coordinates)
