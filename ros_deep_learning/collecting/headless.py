# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Collect pictures that wait for their labels, without a person."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .folder import CollectedFolder
from .measures import changed_share
from .naming import encode_picture, new_name
from .triggers import Trigger


@dataclass(slots=True)
class Keeper:
    """Keeps the frames that a trigger wants, unless nothing has changed since the last.

    Attributes:
        folder: Takes the pictures.
        trigger: Says which frames.
        kept: How many were kept.
        equal: How many were left out, since nothing had changed.
    """

    folder: CollectedFolder
    trigger: Trigger
    kept: int = 0
    equal: int = 0
    _last_bgr: NDArray[np.uint8] | None = None

    def offer(self, frame_bgr: NDArray[np.uint8], now_s: float) -> str | None:
        """Keep a frame if it is wanted, shape (H, W, 3); return its name, None if it is not.

        Raises:
            DeepLearningError: It cannot be written, or the network of the trigger has failed.
        """
        if not self.trigger.wants(frame_bgr, now_s):
            return None
        if self._last_bgr is not None and changed_share(self._last_bgr, frame_bgr) == 0:
            self.equal += 1
            return None
        name = new_name()
        self.folder.keep(name, encode_picture(frame_bgr))
        self._last_bgr = frame_bgr.copy()
        self.kept += 1
        return name


def collect_headless(
    frames: Iterable[NDArray[np.uint8]],
    keeper: Keeper,
    *,
    rate_hz: float | None,
    count: int | None,
    say: Callable[[str], None],
) -> None:
    """Keep the frames of a source until it ends.

    Args:
        frames: Shape (H, W, 3), uint8, BGR.
        keeper: Takes them.
        rate_hz: Of a file, whose time is that of its frames; None for a camera.
        count: Most pictures to keep; None is all.
        say: Told the name of each picture that is kept.

    Raises:
        DeepLearningError: The source, the folder or a network has failed.
    """
    for index, frame in enumerate(frames):
        now_s = time.monotonic() if rate_hz is None else index / rate_hz
        name = keeper.offer(frame, now_s)
        if name is not None:
            say(name)
        if count is not None and keeper.kept >= count:
            return
