# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Check the mask that a segmentation network makes of one real picture, before its first frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CardError
from ..imaging.palettes import UNLABELLED


def check_mask(class_ids: NDArray[np.uint8], labels: Sequence[str]) -> None:
    """Check that each class of a mask has a label.

    Args:
        class_ids: Shape (h, w); UNLABELLED is no class.
        labels: Name of each class.

    Raises:
        CardError: One has none.
    """
    highest = int(class_ids[class_ids != UNLABELLED].max(initial=0))
    if highest >= len(labels):
        msg = (
            f'a pixel has class {highest}, but there are labels for {len(labels)}; to fix: labels '
            'of all classes (--labels, parameter class_labels_path)'
        )
        raise CardError(msg)


def check_plane(output: NDArray[Any], name: str) -> None:
    """Check that a single plane holds scores, not the numbers of classes as floats.

    Args:
        output: Shape (h, w), or (C, h, w) or (h, w, C), whose C may be 1.
        name: Its name.

    Raises:
        CardError: All are whole numbers of 0 and more, and one is above 1.
    """
    if output.ndim == 3 and 1 not in (output.shape[0], output.shape[2]):
        return
    whole = np.isfinite(output).all() and (output == np.rint(output)).all()
    if whole and output.min() >= 0 and output.max() > 1:
        msg = (
            f'all of {name!r} are whole numbers from {output.min():.0f} to {output.max():.0f}, so '
            f'classes, not scores; to fix: outputs: class_ids: {name} in a card, and labels '
            '(rdl models inspect FILE --write CARD)'
        )
        raise CardError(msg)
