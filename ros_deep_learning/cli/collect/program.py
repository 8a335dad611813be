# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Collect pictures, with a page or without."""

from __future__ import annotations

import argparse
import math
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...cards.card import Task
from ...collecting.folder import CollectedFolder
from ...collecting.headless import Keeper, collect_headless
from ...collecting.layouts import LAYOUTS, task_of
from ...collecting.suggestions import Suggester, open_suggester
from ...collecting.triggers import Every, OnChange, Trigger, Unsure
from ...datasets.listing import UNLABELLED_FOLDER
from ...errors import DatasetError, UsageError
from ...imaging.compressed import decode_jpeg
from ...paths import user_path
from ...text import for_terminal
from ...video.options import VideoOptions
from ...video.play import play
from ...video.sources import FrameSource, SeveralPictures, open_frames
from ...video.streams.addresses import without_password
from ..bar import progress_bar
from ..logs import run_command
from .arguments import parse, read_classes

if TYPE_CHECKING:
    from ...collecting.page.page import CollectPage

_PATIENCE_S = 30.0
_COMPLAINT_PERIOD_S = 30.0
_PERIOD_S = 2.0
_POLL_S = 0.02


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, also where Ctrl-C ended it, or 1 failed or not all pictures were kept.
    """
    arguments = parse(None if argv is None else list(argv))
    return run_command(
        'rdl collect', lambda: _run(arguments), interrupted='what is written is whole'
    )


def _run(arguments: argparse.Namespace) -> int:
    with ExitStack() as cleanup:
        return _collect(arguments, cleanup)


def _collect(arguments: argparse.Namespace, cleanup: ExitStack) -> int:
    top, classes = user_path(arguments.folder), read_classes(arguments.classes)
    source = None
    if arguments.source is not None:
        source = open_frames(arguments.source, VideoOptions(decode_jpeg=decode_jpeg))
    task = arguments.task or task_of(top)
    known = LAYOUTS[task](top).read_classes() if task is not None else ()
    if not (known or classes or arguments.headless):
        msg = f'{top} has no classes yet; to fix: --classes cat,dog'
        raise UsageError(msg)
    suggester = None
    if arguments.suggest is not None and not arguments.headless:
        suggester = _suggester(
            arguments.suggest, task, (*known, *classes), cleanup, arguments.threshold
        )
        task = suggester.task
    folder = CollectedFolder(top, task, classes)
    if source is not None and arguments.headless:
        _collect_headless(arguments, source, folder, cleanup)
        return 0
    keeper = None
    if arguments.every is not None or arguments.on_change or arguments.unsure is not None:
        keeper = Keeper(folder, _trigger(arguments, folder, cleanup))
    pictures = source.paths if isinstance(source, SeveralPictures) else ()
    name = '' if source is None or pictures else without_password(arguments.source)
    # It needs aiohttp.
    from ...collecting.page.page import CollectPage

    page = CollectPage(
        arguments.address, folder, pictures=pictures, suggester=suggester, source=name
    )
    cleanup.callback(page.close)
    print(f'open {page.url} in a browser; Ctrl-C ends', flush=True)
    lost = _Complaints()
    try:
        _serve(None if pictures else source, page, keeper, lost)
    except KeyboardInterrupt:
        print()
    total = sum(count[-1] for count in folder.counts().values())
    print(f'{total} pictures in {top}, {len(folder.waiting())} wait for a label')
    if total:
        print(f'next: rdl train {top} --output runs/{top.name}')
    return 1 if lost.count else 0


class _Complaints:
    """Prints what goes wrong again and again, one line in half a minute.

    Attributes:
        count: How often it went wrong.
    """

    def __init__(self) -> None:
        self.count = 0
        self._due_s = -math.inf

    def add(self, text: str) -> None:
        self.count += 1
        if time.monotonic() >= self._due_s:
            self._due_s = time.monotonic() + _COMPLAINT_PERIOD_S
            print(f'rdl collect: {for_terminal(text)}', file=sys.stderr)


def _serve(
    source: FrameSource | None, page: CollectPage, keeper: Keeper | None, lost: _Complaints
) -> None:
    """Show the frames of a source until Ctrl-C, whatever becomes of the camera and the disk.

    A video is played again and again, and stands still while somebody has a picture in hand.
    """
    due_s = time.monotonic()
    while source is not None:
        for frame in _frames(source, math.inf):
            page.show(frame)
            if keeper is not None:
                try:
                    keeper.offer(frame, time.monotonic())
                except DatasetError as err:
                    lost.add(f'left out a picture: {err}')
            if not source.live:
                due_s = max(due_s + 1 / source.rate_hz, time.monotonic())
                while page.is_busy or time.monotonic() < due_s:
                    time.sleep(_POLL_S)
        keeper = None
    threading.Event().wait()


def _collect_headless(
    arguments: argparse.Namespace,
    source: FrameSource,
    folder: CollectedFolder,
    cleanup: ExitStack,
) -> None:
    keeper = Keeper(folder, _trigger(arguments, folder, cleanup))
    try:
        collect_headless(
            _frames(source, _PATIENCE_S),
            keeper,
            rate_hz=None if source.live else source.rate_hz,
            count=arguments.count,
            say=print,
        )
    except KeyboardInterrupt:
        print()
    finally:
        equal = keeper.equal
        why = f', {equal} left out in which nothing had changed' if equal else ''
        print(f'{keeper.kept} pictures kept in {folder.top / UNLABELLED_FOLDER}{why}')


def _trigger(
    arguments: argparse.Namespace, folder: CollectedFolder, cleanup: ExitStack
) -> Trigger:
    if arguments.on_change:
        return OnChange()
    if arguments.unsure is None:
        return Every(_PERIOD_S if arguments.every is None else arguments.every)
    suggester = _suggester(arguments.model, arguments.task, folder.classes, cleanup)
    return Unsure(suggester.scores, *arguments.unsure)


def _suggester(
    model: str,
    task: Task | None,
    classes: Sequence[str],
    cleanup: ExitStack,
    threshold: float | None = None,
) -> Suggester:
    with progress_bar() as progress:
        suggester = open_suggester(model, task, classes, threshold=threshold, progress=progress)
    cleanup.callback(suggester.close)
    return suggester


def _frames(source: FrameSource, patience_s: float) -> Iterator[NDArray[np.uint8]]:
    absences = _Complaints()
    frames = play(
        source,
        VideoOptions(),
        stopped=threading.Event(),
        on_absence=lambda err: absences.add(f'{err}; waiting for it'),
        patience_s=patience_s,
    )
    return (frame.image_bgr for frame in frames)


if __name__ == '__main__':
    sys.exit(main())
