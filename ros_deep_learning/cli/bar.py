# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Progress of long work as a bar in the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..progress import Progress

_BAR = '{desc}: {percentage:3.0f}%|{bar:30}| {elapsed}, {remaining} left'


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Yield a progress callback that writes to the standard error.

    On a terminal it draws one tqdm bar a stage, elsewhere it writes one line a stage.
    """
    from tqdm import tqdm

    bar: Any = None
    current = ''

    def report(stage: str, share: float | None) -> None:
        nonlocal bar, current
        if stage != current:
            if bar is not None:
                bar.close()
            current, bar = stage, None
            if not sys.stderr.isatty():
                print(f'{stage} ...', file=sys.stderr, flush=True)
        if not sys.stderr.isatty():
            return
        if bar is None:
            form = '{desc}: {elapsed}' if share is None else _BAR
            bar = tqdm(
                total=1.0,
                # Work that goes on where it was ended tells nothing about its speed by that.
                initial=share or 0.0,
                desc=stage,
                file=sys.stderr,
                bar_format=form,
                mininterval=0.1,
            )
        if share is not None:
            bar.update(share - bar.n)

    try:
        yield report
    finally:
        if bar is not None:
            bar.close()


@contextmanager
def frame_bar(total: int | None) -> Iterator[Callable[[str], None]]:
    """Yield a function that prints the text of a frame and counts the frame.

    On a terminal a bar below the texts shows the frames and the time left, on the standard error.
    Elsewhere, and for one frame, there is no bar.

    Args:
        total: Number of frames; None if it is unknown, which leaves out the time.
    """
    if total == 1 or not sys.stderr.isatty():
        yield print
        return
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    bar = tqdm(total=total, unit=' frames', file=sys.stderr, leave=False, dynamic_ncols=True)

    def report(text: str) -> None:
        bar.write(text, file=sys.stdout)
        bar.update()

    with bar, logging_redirect_tqdm():
        yield report
