# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Collect pictures, with a page or without."""

from __future__ import annotations

import argparse
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
from ...errors import CameraError, UsageError
from ...imaging.compressed import decode_jpeg
from ...paths import user_path
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
_PERIOD_S = 2.0
_POLL_S = 0.02


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, also where Ctrl-C ended it, or 1 failed.
    """
    arguments = parse(None if argv is None else list(argv))
    return run_command(
        'rdl collect', lambda: _run(arguments), interrupted='what is written is whole'
    )


def _run(arguments: argparse.Namespace) -> int:
    with ExitStack() as cleanup:
        _collect(arguments, cleanup)
    return 0


def _collect(arguments: argparse.Namespace, cleanup: ExitStack) -> None:
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
        return
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
    try:
        _serve(None if pictures else source, page, keeper)
    except KeyboardInterrupt:
        print()
    total = sum(count[-1] for count in folder.counts().values())
    print(f'{total} pictures in {top}, {len(folder.waiting())} wait for a label')
    if total:
        print(f'next: rdl train {top} --output runs/{top.name}')


def _serve(source: FrameSource | None, page: CollectPage, keeper: Keeper | None) -> None:
    """Show the frames of a source until Ctrl-C.

    A video is played again and again, and stands still while somebody has a picture in hand.
    """
    due_s = time.monotonic()
    while source is not None:
        for frame in _frames(source):
            page.show(frame)
            if keeper is not None:
                keeper.offer(frame, time.monotonic())
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
            _frames(source),
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


def _frames(source: FrameSource) -> Iterator[NDArray[np.uint8]]:
    def complain(err: CameraError) -> None:
        print(f'rdl collect: {err}; waiting for it', file=sys.stderr)

    frames = play(
        source,
        VideoOptions(),
        stopped=threading.Event(),
        on_absence=complain,
        patience_s=_PATIENCE_S,
    )
    return (frame.image_bgr for frame in frames)


if __name__ == '__main__':
    sys.exit(main())
