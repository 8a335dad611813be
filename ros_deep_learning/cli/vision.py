# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run imagenet, detectnet and segnet on their frames: infer, print, annotate, write."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cards.zoo import list_cards
from ..downloads.store import ModelStore
from ..errors import DeepLearningError, FetchError
from ..imaging.pixels import Pixels
from ..networks.base import Network
from ..tasks.times import StageTimes
from ..video.page.newest import Report
from ..video.page.panel import LiveSettings, Panel
from ..video.screens import WindowSink, is_page, is_screen
from ..video.sinks import PictureSink, VideoSink
from ..video.sources import SeveralPictures
from .bar import progress_bar
from .frames.inputs import named_frames, open_inputs, split_paths
from .frames.replay import replayed
from .frames.results import Results, Rows
from .frames.sinks import open_sink
from .frames.summary import Summary
from .logs import log_to_terminal, treat_sigterm_as_interrupt
from .next_command import PROGRAMS
from .vision_arguments import loader_of, refuse_gone, spelled


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a network found in a frame.

    Attributes:
        lines: To be printed.
        picture_bgr: The annotated picture, shape (H, W, 3), uint8.
        times: What the frame cost.
        labels: Of each object, or of the best class.
        rows: Everything that was found, for ``--results``.
    """

    lines: Sequence[str]
    picture_bgr: NDArray[np.uint8]
    times: StageTimes
    labels: Sequence[str] = ()
    rows: Rows = ()


Look = Callable[[Pixels, NDArray[np.uint8], LiveSettings], Seen]
"""Run the network on a frame, given a copy of it to draw on, (H, W, 3) uint8 BGR."""

Open = Callable[[argparse.Namespace, dict[str, Any]], tuple[Network[Any], Look, LiveSettings]]
"""Open the network, given the arguments and the keyword arguments that all networks take.

The settings are those of the arguments; a page may change them.
"""


def run_vision(
    parser: argparse.ArgumentParser, argv: Sequence[str] | None, open_network: Open
) -> int:
    """Run a program on its frames.

    Args:
        parser: A ``vision_parser`` with the arguments of the program.
        argv: Arguments; None is the command line's.
        open_network: Opens the network.

    Returns:
        Exit code: 0, 1 failed, 130 interrupted.
    """
    given = spelled(sys.argv[1:] if argv is None else argv)
    refuse_gone(parser, given)
    arguments = parser.parse_intermixed_args(given)
    log_to_terminal(logging.INFO)
    treat_sigterm_as_interrupt()
    try:
        inputs, output = split_paths(arguments.paths, arguments.output)
        source, summary = open_inputs(inputs), Summary()
        # Before the network, because its build may take minutes.
        sink = open_sink(output, source, force=arguments.force)
        page = sink if is_page(sink) else None
        if page is not None:
            print(f'open {page.url} in a browser; Ctrl-C ends', flush=True)
        results = Results(
            arguments.results, has_boxes=parser.prog == 'detectnet', force=arguments.force
        )
        with closing(results), closing(sink), ExitStack() as loaded:
            with progress_bar() as progress:
                options = {
                    'loader': loader_of(arguments),
                    'precision': arguments.precision,
                    'backend': arguments.backend,
                    'progress': progress,
                }
                network, look, settings = open_network(arguments, options)
                loaded.callback(network.close)
                network.warm_up()
            print(_headline(network))
            results.labels = network.labels
            frames = named_frames(source)
            if page is not None:
                page.set_panel(_panel(network, inputs, settings))
                once = arguments.results is not None
                frames = replayed(source, page.wait_for_change, once=once)
            summary.start()
            for index, name, frame in islice(frames, arguments.limit):
                taken_s = monotonic()
                if page is not None:
                    settings = page.settings
                seen = look(Pixels(frame, 'bgr'), frame.copy(), settings)
                print(name)
                for line in seen.lines:
                    print(f'  {line}')
                if isinstance(sink, PictureSink):
                    sink.index = index
                if page is not None:
                    page.show(seen.picture_bgr, Report(seen.rows, taken_s, seen.times.by_stage()))
                else:
                    sink.write(seen.picture_bgr)
                summary.add(seen.labels, seen.times)
                results.add(index, name, (frame.shape[1], frame.shape[0]), seen.rows)
                if isinstance(sink, WindowSink) and sink.closed:
                    break
        if isinstance(source, SeveralPictures):
            summary.left_out = source.left_out
        if stages := summary.stages():
            print(stages)
        # When the file is finished: one that is not whole was not written.
        wrote = None if is_screen(output or '') else output
        print(summary.line(wrote, sink.codec if isinstance(sink, VideoSink) else ''))
    except FetchError as err:
        print(f'{parser.prog}: {err}{_without_download(parser.prog)}', file=sys.stderr)
        return 1
    except (DeepLearningError, OSError) as err:
        print(f'{parser.prog}: {err}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _without_download(program: str) -> str:
    """Name the networks of a program's task that are on this machine."""
    store = ModelStore()
    names = [
        card.name
        for card in list_cards()
        if PROGRAMS[card.task] == program and store.is_here(card)
    ]
    return f'; here without a download: {", ".join(names)} (--network=NAME)' if names else ''


def _panel(network: Network[Any], inputs: Sequence[str], settings: LiveSettings) -> Panel:
    info = network.info
    source = inputs[0] if len(inputs) == 1 else f'{len(inputs)} inputs'
    # A camera's address may have a password.
    source = source.rpartition('@')[2] if '://' in source else Path(source).name
    source = f'{source}, {info.backend} {info.precision}'
    return Panel(network.card.name, source, network.labels, settings)


def _headline(network: Network[Any]) -> str:
    info = network.info
    return f'{network.card.name}: {info.backend}, {info.precision}, {len(network.labels)} classes'
