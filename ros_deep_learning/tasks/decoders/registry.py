# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The decoders by the names that cards call them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from numpy.typing import NDArray

from ...cards.box_table import BoxTable
from ...errors import DecodeError
from ..detection import Candidates
from . import (
    centerface,
    centernet,
    detectnet,
    detectnet_v2,
    detr,
    end_to_end,
    labelled_boxes,
    nanodet,
    pytorch_ssd,
    ssd,
    tensorflow_ssd,
    yolov5,
    yolov8,
    yolox,
)
from .shapes import Pattern, class_count

Decode = Callable[
    [Mapping[str, NDArray[Any]], Mapping[str, str], tuple[int, int], float], Candidates
]


@dataclass(frozen=True, slots=True)
class Decoder:
    """How one family of detectors writes down what it found.

    Attributes:
        roles: The roles of outputs that it reads; a card's ``outputs`` names a tensor for each.
        decode: Reads one image: arrays by tensor name, without their batch axis; tensor names by
            role; width and height of the network's input; least score. Raises DecodeError where
            an array is not of its form.
        class_count: Reads the number of classes from the shapes of the outputs by role, without
            their batch axis and -1 where open; None where they do not tell.
        table: What a device needs to know to pick the candidates itself; None where it cannot.
    """

    roles: tuple[str, ...]
    decode: Decode
    class_count: Callable[[Mapping[str, tuple[int, ...]]], int | None]
    table: BoxTable | None = None


def _decoder(
    decode: Decode, shapes: Mapping[str, Pattern], table: BoxTable | None = None
) -> Decoder:
    return Decoder(tuple(shapes), decode, partial(class_count, patterns=shapes), table)


DECODERS: dict[str, Decoder] = {
    'centerface': _decoder(centerface.decode, centerface.SHAPES),
    'centernet': _decoder(centernet.decode, centernet.SHAPES),
    'centernet_raw': _decoder(centernet.decode_raw, centernet.SHAPES),
    'detectnet': _decoder(detectnet.decode, detectnet.SHAPES),
    'detectnet_v2': _decoder(detectnet_v2.decode, detectnet_v2.SHAPES),
    'detr': _decoder(detr.decode_softmax, detr.SOFTMAX_SHAPES),
    'end_to_end': _decoder(end_to_end.decode, end_to_end.SHAPES),
    'labelled_boxes': _decoder(labelled_boxes.decode, labelled_boxes.SHAPES),
    'nanodet': _decoder(nanodet.decode, nanodet.SHAPES, nanodet.TABLE),
    'nanodet_raw': _decoder(nanodet.decode_raw, nanodet.RAW_SHAPES),
    'pytorch_ssd': _decoder(pytorch_ssd.decode, pytorch_ssd.SHAPES, pytorch_ssd.TABLE),
    'rtdetr': _decoder(detr.decode_focal, detr.FOCAL_SHAPES),
    'ssd': Decoder(ssd.ROLES, ssd.decode, ssd.class_count, ssd.TABLE),
    'tensorflow_ssd': _decoder(tensorflow_ssd.decode, tensorflow_ssd.SHAPES),
    'yolov5': _decoder(yolov5.decode, yolov5.SHAPES, yolov5.TABLE),
    'yolov8': _decoder(yolov8.decode, yolov8.SHAPES, yolov8.TABLE),
    'yolox': _decoder(yolox.decode, yolox.SHAPES, yolox.TABLE),
}


def find_decoder(name: str) -> Decoder:
    """Find a decoder by its name.

    Raises:
        DecodeError: There is none; the message lists those there are.
    """
    if name not in DECODERS:
        msg = f'no decoder {name!r}; it is one of {", ".join(sorted(DECODERS))}'
        raise DecodeError(msg)
    return DECODERS[name]
