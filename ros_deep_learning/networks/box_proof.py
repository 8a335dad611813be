# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Check the boxes that a detector finds in one real picture, before its first frame.

Boxes that are written in another way than they are read betray themselves by where they lie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CardError
from ..tasks.decoders.registry import Decoder
from ..tasks.detection import Candidates
from .fit import is_background
from .proof import MANY, check_range, refuse_not_finite

LEAST = 0.05
"""Least score of the boxes that are looked at."""
_MOST = 100
"""Most boxes that are looked at: those with the best scores."""
_SURE = 0.6
"""Score that hardly any row of a picture has; rows of untrained weights are at 0.5."""
_SOME = 10
_WHOLE = 0.01
"""What a class number may be off by rounding."""
_AFTER_PERSON = ('bicycle', 'pottedplant', 'potted plant')
"""Classes after "person" in COCO and VOC, for which nobody is taken."""
_WHERE = 'parameter, argument or key of the card: decoder'
_FAR = 0.6
"""Share of a side behind which no box is as long as its centre is far from 0."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of how the boxes are written.

    Attributes:
        is_decided: Whether the package chose the decoder, not the user or a card.
        is_guess: Whether it was chosen by the shapes of the outputs alone.
        is_near_cells: Whether the cells of a grid have proved it; see ``check_grid``.
    """

    is_decided: bool = False
    is_guess: bool = False
    is_near_cells: bool = False


def check_candidates(
    candidates: Candidates,
    network_wh: tuple[int, int],
    labels: Sequence[str],
    decoder: Decoder,
    name: str = '',
    proof: Proof = Proof(),
) -> tuple[str, ...]:
    """Check the boxes of a detector.

    Args:
        candidates: All that its decoder reads, whatever the score.
        network_wh: Size of its input in pixels.
        labels: Its labels.
        decoder: What reads them.
        name: Its name.
        proof: What is known of how the boxes are written.

    Returns:
        What is unlikely about them.

    Raises:
        CardError: They cannot be the boxes of a detector, or they may as well be written in
            another way and only their shape tells; the message has the numbers.
    """
    boxes, scores, ids = candidates.boxes_xyxy, candidates.scores, candidates.class_ids
    refuse_not_finite('scores', scores)
    try:
        check_range('scores', scores)
    except CardError as err:
        if name != 'nanodet_plus' or labels[0] != '0':
            raise
        msg = (
            f'{err}; without labels, eight logits an edge are assumed; to fix: --labels '
            '(parameter class_labels_path)'
        )
        raise CardError(msg) from err
    found = np.flatnonzero(scores >= LEAST)
    best = found[np.argsort(-scores[found], kind='stable')][:_MOST]
    if len(best):
        _check_classes(ids[best], labels, decoder)
        refuse_not_finite('boxes', boxes[best])
        _check_places(boxes[best], np.array(network_wh, np.float32), decoder)
    if decoder.boxes == 'edges':
        _check_order(boxes, boxes[best])
        if proof.is_guess and not proof.is_near_cells:
            _check_only_edges(boxes[best], np.array(network_wh, np.float32), name)
    elif decoder.boxes == 'centres':
        _check_centres(boxes, np.array(network_wh, np.float32))
    sure = int((scores >= _SURE).sum())
    if len(scores) >= MANY and sure > 0.9 * len(scores):
        msg = f'{sure} of {len(scores)} boxes have a score over {_SURE:g}'
        counts = np.bincount(ids[scores >= _SURE], minlength=len(labels))
        if decoder.background and counts[-1] > 0.9 * sure:
            msg += (
                f', and class {len(labels) - 1}: it seems to be the background, which has to be '
                'class 0; to fix: train and export it with the background first'
            )
        elif name == 'rtdetr' and counts[-1] > 0.9 * sure:
            msg += (
                f', and class {len(labels) - 1}: it seems to be the "no object" of a softmax; to '
                f'fix: --decoder detr ({_WHERE})'
            )
        raise CardError(msg)
    unlikely = []
    centres = (boxes[best, :2] + boxes[best, 2:]) / 2
    if len(best) >= MANY and np.ptp(centres, axis=0).max() < 0.5:
        x, y = centres[0]
        unlikely.append(f'all {len(best)} boxes are around one point ({x:.0f}, {y:.0f})')
    if decoder.boxes == 'centres' and not proof.is_near_cells:
        one_side = _reach_to_one_side(boxes, np.array(network_wh, np.float32))
        if one_side and proof.is_decided:
            msg = (
                f'{one_side[0]}; to fix: export it with centres, or --decoder {name} if it has '
                f'them ({_WHERE})'
            )
            raise CardError(msg)
        unlikely += one_side
    if decoder.boxes == 'edges' and proof.is_guess and not len(best):
        unlikely.append('nothing is found, so that nothing proves how its boxes are written')
    return tuple(unlikely) + _look_for_the_person(candidates, labels, proof)


def _check_classes(ids: NDArray[np.int32], labels: Sequence[str], decoder: Decoder) -> None:
    if (highest := int(ids.max())) >= len(labels):
        msg = (
            f'a box has class {highest}, but there are labels for {len(labels)}; to fix: labels '
            'of all classes (--labels, parameter class_labels_path), or another --decoder '
            f'({_WHERE})'
        )
        raise CardError(msg)
    if decoder.from_0 and ids.min() == 0 and is_background(labels[0]):
        msg = (
            f'a box has class 0, the background; to fix: --decoder {decoder.from_0} (parameter, '
            'argument or key of the card: decoder) if it was trained with class 0'
        )
        raise CardError(msg)


def check_class_numbers(
    found: Mapping[str, NDArray[Any]], roles: Mapping[str, str], column: int | None
) -> None:
    """Check that the classes of finished boxes are whole numbers, and so no scores.

    Args:
        found: Arrays by tensor name.
        roles: Tensor names by role.
        column: Column of the class in ``predictions``; None = the role ``classes``, if any.

    Raises:
        CardError: One is not; the message has it.
    """
    if column is not None:
        classes = found[roles['predictions']][:, column]
    elif 'classes' in roles:
        classes = found[roles['classes']].reshape(-1)
        if roles.get('count') in found:
            # What lies behind is padding.
            classes = classes[: int(found[roles['count']].reshape(-1)[:1].sum())]
    else:
        return
    numbers = classes[np.isfinite(classes)].astype(np.float64)
    broken = numbers[np.abs(numbers - np.rint(numbers)) > _WHOLE]
    if len(broken):
        msg = (
            f'{len(broken)} of {len(numbers)} classes are no whole numbers, such as '
            f'{broken[0]:.4g}, as if scores were read as classes'
        )
        raise CardError(msg)


def check_broken(candidates: Candidates, decoder: Decoder) -> None:
    """Raise CardError where boxes with a score have an edge that is NaN or infinite."""
    if candidates.broken:
        count = candidates.broken + len(candidates.scores)
        msg = (
            f'{candidates.broken} of {count} boxes have an edge or score that is NaN or infinite'
            f'{_other_unit(decoder)}'
        )
        raise CardError(msg)


def _other_unit(decoder: Decoder) -> str:
    return f'; to fix: --decoder {decoder.other_unit} ({_WHERE})' if decoder.other_unit else ''


def _check_places(
    boxes_xyxy: NDArray[np.float32], network_wh: NDArray[np.float32], decoder: Decoder
) -> None:
    fix = _other_unit(decoder)
    width, height = network_wh
    first = ', '.join(f'{edge:.4g}' for edge in boxes_xyxy[0])
    sizes = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]
    if sizes.max() < 2 and np.abs(boxes_xyxy).max() <= 2:
        msg = (
            f'the edges of {len(boxes_xyxy)} boxes are from {boxes_xyxy.min():.2g} to '
            f'{boxes_xyxy.max():.2g}, such as ({first}): they are shares of the input, not its '
            f'pixels{fix or "; to fix: export it with boxes in pixels"}'
        )
        raise CardError(msg)
    centres = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2
    margin = 0.25 * network_wh
    inside = ((centres > -margin) & (centres < network_wh + margin)).all(axis=1)
    outside = len(boxes_xyxy) - int(np.count_nonzero(inside))
    if outside > 0.5 * len(boxes_xyxy):
        msg = (
            f'{outside} of {len(boxes_xyxy)} boxes are outside the input of '
            f'{width:.0f}x{height:.0f} pixels, such as ({first}){fix}'
        )
        raise CardError(msg)
    if sizes.max() < 2:
        msg = f'the largest side of a box is {sizes.max():.2g} pixels, such as in ({first})'
        raise CardError(msg)


def _check_order(boxes_xyxy: NDArray[np.float32], best: NDArray[np.float32]) -> None:
    """Refuse (cx, cy, w, h) and (x, y, w, h) that were read as (x1, y1, x2, y2)."""
    for seen, share in ((best, 0.1), (boxes_xyxy if len(boxes_xyxy) >= MANY else best, 0.25)):
        swapped = (seen[:, 2:] < seen[:, :2] - 1).any(axis=1)
        count = int(np.count_nonzero(swapped))
        if count > share * len(seen):
            first = ', '.join(f'{edge:.4g}' for edge in seen[swapped][0])
            msg = (
                f'{count} of {len(seen)} boxes end before they begin, such as ({first}), as if '
                'centre or corner, width and height were read as edges'
            )
            raise CardError(msg)


def _check_centres(boxes_xyxy: NDArray[np.float32], network_wh: NDArray[np.float32]) -> None:
    """Refuse (x1, y1, x2, y2) that were read as (cx, cy, w, h).

    Each side is then as long as the second edge is far from 0, so longer than the centre is; of
    boxes in a picture, those behind its middle would all reach outside it.
    """
    centres = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2
    sides = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]
    far = (centres > _FAR * network_wh) & (centres < network_wh)
    if np.count_nonzero(far) < MANY:
        return
    places = (centres / network_wh)[far]
    longer = int(np.count_nonzero((sides >= centres)[far]))
    if np.ptp(places) > 0.2 and longer > 0.95 * len(places):
        msg = (
            f'{longer} of {len(places)} boxes behind the middle of the picture reach outside it, '
            'as if edges were read as centre, width and height'
        )
        raise CardError(msg)


def _check_only_edges(
    boxes_xyxy: NDArray[np.float32], network_wh: NDArray[np.float32], name: str
) -> None:
    """Refuse boxes that lie in the picture as well if they are (x, y, w, h) or (cx, cy, w, h)."""
    first, second = boxes_xyxy[:, :2], boxes_xyxy[:, 2:]
    ways: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {
        'corner, width and height': (first, first + second),
        'centre, width and height': (first - second / 2, first + second / 2),
    }
    slack = 0.02 * network_wh
    for way, (low, high) in ways.items():
        if not len(boxes_xyxy) or ((low < -slack) | (high > network_wh + slack)).any():
            continue
        edges = ', '.join(f'{edge:.4g}' for edge in boxes_xyxy[0])
        msg = (
            f'the numbers of all {len(boxes_xyxy)} boxes, such as ({edges}), can be edges or '
            f'{way}, and only the shape of the outputs tells; to fix: --decoder {name} if they '
            f'are edges ({_WHERE}), else export it with edges'
        )
        raise CardError(msg)


def _look_for_the_person(
    candidates: Candidates, labels: Sequence[str], proof: Proof
) -> tuple[str, ...]:
    """Look for the person in the picture, if the labels have one.

    Raises:
        CardError: The person has the next class, as if classes were counted from 1.
    """
    if 'person' not in labels or not len(candidates.scores):
        return ()
    person = labels.index('person')
    of_persons = candidates.scores[candidates.class_ids == person]
    score = float(of_persons.max(initial=0.0))
    best = int(candidates.scores.argmax())
    if score < LEAST and candidates.scores[best] >= 0.5:
        other = int(candidates.class_ids[best])
        if other == person + 1 and labels[other] in _AFTER_PERSON:
            msg = (
                f'the person is taken for {labels[other]!r} ({candidates.scores[best]:.0%}), as '
                'if the classes of the network were counted from 1; to fix: labels with a line '
                'more at the top (--labels, parameter class_labels_path)'
            )
            if proof.is_decided:
                raise CardError(msg)
            return (msg,)
    if score >= 0.2:
        return ()
    return (f'no person is found, although there is one; the best score is {score:.2g}',)


def _reach_to_one_side(
    boxes_xyxy: NDArray[np.float32], network_wh: NDArray[np.float32]
) -> list[str]:
    """Find (x, y, w, h) that were read as (cx, cy, w, h): half a box too far left and up."""
    slack = 0.02 * network_wh
    before = np.count_nonzero(boxes_xyxy[:, :2] < -slack, axis=0)
    behind = np.count_nonzero(boxes_xyxy[:, 2:] > network_wh + slack, axis=0)
    if min(before) < _SOME or max(behind) > 0:
        return []
    return [
        f'{before[0]} boxes reach outside at the left and {before[1]} at the top, but none at the '
        'right or bottom, as if corners were read as centres'
    ]
