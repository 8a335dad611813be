# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""COCO's two numberings: 80 classes in a row, or category numbers up to 90 with holes.

Annotations of COCO number 80 categories from 1 to 90. YOLO and others count them from 0 to 79;
TensorFlow, torchvision, DETR and RF-DETR keep the category numbers, with 0 for the background or
for nothing. A list of 80 names would be wrong for them from the first hole on.
"""

from __future__ import annotations

from collections.abc import Sequence

# Source: the categories of annotations/instances_val2017.json.
_HOLES = frozenset((12, 26, 29, 30, 45, 66, 68, 69, 71, 83))
_LAST = 90
_COUNTS = (_LAST, _LAST + 1)
_DENSE = _LAST - len(_HOLES)
WITH_NOTHING = _LAST + 2
"""Logits of a softmax over all category numbers, 0 and "no object", as DETR has them."""


def is_coco(labels: Sequence[str]) -> bool:
    """Return whether labels are COCO's: 80, or 90 by number, or 91 with one for number 0."""
    first = 1 if len(labels) == _LAST + 1 else 0
    return (
        len(labels) in (_DENSE, *_COUNTS)
        and labels[first].casefold() == 'person'
        and labels[-1].casefold() == 'toothbrush'
    )


def by_category(labels: Sequence[str], count: int) -> tuple[str, ...]:
    """Return COCO's labels for a network that uses its category numbers.

    Args:
        labels: For which ``is_coco`` is true.
        count: 90, where class 0 is category 1; or 91, where class 0 is none.

    Returns:
        So many labels; a number without a category is its own label.
    """
    named = iter(labels)
    if len(labels) == _LAST + 1:
        whole = list(labels)
    elif len(labels) == _LAST:
        whole = ['background', *labels]
    else:
        whole = ['background'] + [
            str(k) if k in _HOLES else next(named) for k in range(1, _LAST + 1)
        ]
    return tuple(whole[_LAST + 1 - count :])


def uses_categories(labels: Sequence[str], count: int | None) -> bool:
    """Return whether a number of classes is that of COCO's categories, by COCO's labels."""
    return count in _COUNTS and is_coco(labels)


def leaves_out_none(labels: Sequence[str], logits: int) -> bool:
    """Return whether a network has a logit for each of COCO's labels, and one for number 0."""
    return logits == _LAST + 1 != len(labels) and is_coco(labels)
