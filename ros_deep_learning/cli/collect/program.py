# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Collect pictures, and say how many."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from ...collecting.folder import CollectedFolder
from ...collecting.headless import Keeper, collect_headless
from ...collecting.suggestions import open_suggester
from ...collecting.triggers import Every, OnChange, Trigger, Unsure
from ...datasets.listing import UNLABELLED_FOLDER
from ...errors import CameraError, DeepLearningError
from ...imaging.compressed import decode_jpeg
from ...paths import user_path
from ...video.options import VideoOptions
from ...video.play import play
from ...video.sources import FrameSource, open_frames
from ..bar import progress_bar
from ..logs import log_to_terminal, treat_sigterm_as_interrupt
from .arguments import parse, read_classes

_PATIENCE_S = 30.0
_PERIOD_S = 2.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, also where Ctrl-C ended it, or 1 failed.
    """
    arguments = parse(None if argv is None else list(argv))
    log_to_terminal()
    treat_sigterm_as_interrupt()
    try:
        with ExitStack() as cleanup:
            _collect(arguments, cleanup)
    except DeepLearningError as err:
        print(f'rdl collect: {err}', file=sys.stderr)
        return 1
    return 0


def _collect(arguments: argparse.Namespace, cleanup: ExitStack) -> None:
    source = open_frames(arguments.source, VideoOptions(decode_jpeg=decode_jpeg))
    folder = CollectedFolder(
        user_path(arguments.folder), arguments.task, read_classes(arguments.classes)
    )
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
    with progress_bar() as progress:
        suggester = open_suggester(
            arguments.model, arguments.task, folder.classes, progress=progress
        )
    cleanup.callback(suggester.close)
    return Unsure(suggester.scores, *arguments.unsure)


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
