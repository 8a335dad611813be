# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run imagenet, detectnet and segnet on their frames: infer, print, annotate, write."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cards.zoo import zoo_folder
from ..downloads.store import ModelStore
from ..engines.backend import EngineOptions
from ..errors import DeepLearningError, FetchError, SettingsError
from ..imaging.pixels import Pixels
from ..networks.base import Network
from ..tasks.times import StageTimes
from ..text import for_terminal
from ..video.arguments import output_options, source_options
from ..video.page.panel import LiveSettings, Panel
from ..video.screens import is_page, is_page_output, is_screen
from ..video.sinks import VideoSink
from ..video.streams.addresses import without_password
from .bar import progress_bar
from .frames.benchmark import DEFAULT_RUNS, MOST_FRAMES, benchmark
from .frames.crops import Crops
from .frames.inputs import named_frames, open_inputs, split_paths
from .frames.play import Player, StartLook
from .frames.results import Results
from .frames.sinks import open_sinks, seen_output
from .frames.summary import Summary
from .logs import log_to_terminal, treat_sigterm_as_interrupt
from .next_command import PROGRAMS
from .serving.arguments import remote_options
from .vision_arguments import loader_of, refuse_gone, spelled

Open = Callable[[argparse.Namespace, dict[str, Any]], tuple[Network[Any], StartLook, LiveSettings]]
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
    if not (arguments.paths or arguments.benchmark):
        parser.error('the following arguments are required: INPUT')
    log_to_terminal(logging.INFO)
    treat_sigterm_as_interrupt()
    try:
        if arguments.benchmark:
            _benchmark(arguments, open_network)
        else:
            _play(arguments, open_network, has_boxes=parser.prog == 'detectnet')
    except FetchError as err:
        text = f'{err}{_without_download(parser.prog)}'
        print(f'{parser.prog}: {for_terminal(text)}', file=sys.stderr)
        return 1
    except (DeepLearningError, OSError) as err:
        print(f'{parser.prog}: {for_terminal(str(err))}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _play(arguments: argparse.Namespace, open_network: Open, *, has_boxes: bool) -> None:
    inputs, output = split_paths(arguments.paths, arguments.output)
    output = seen_output(output, headless=arguments.headless)
    force = arguments.force
    # A page plays a file for ever, unless each of its frames is wanted once.
    forever = is_page_output(output) and arguments.results is None
    options = source_options(arguments, loop=-1 if forever else 0)
    sources = open_inputs(inputs, options)
    # Before the network, because its build may take minutes.
    sinks = open_sinks(output, sources, output_options(arguments), force=force)
    page = sinks[0] if is_page(sinks[0]) else None
    if page is not None:
        print(f'open {page.url} in a browser; Ctrl-C ends', flush=True)
    results = Results(arguments.results, has_boxes=has_boxes, force=force)
    crops = Crops(getattr(arguments, 'save_crops', None), force=force)
    player = Player(sources, sinks, results, crops, Summary(), options, arguments.limit)
    with closing(results), ExitStack() as closed:
        for sink in sinks:
            closed.enter_context(closing(sink))
        network, start_look, settings = closed.enter_context(_opened(arguments, open_network))
        results.labels = network.labels
        if page is not None:
            page.set_panel(_panel(network, inputs, settings))
        interrupted = False
        try:
            player.play(start_look, settings)
        except KeyboardInterrupt:
            # It is how a camera ends, so that what was written is told too.
            interrupted = True
    if stages := player.summary.stages(of_one=arguments.profile):
        print(stages)
    # When the files are finished: one that is not whole was not written.
    codecs = {sink.codec for sink in sinks if isinstance(sink, VideoSink)}
    has_written = output and not is_screen(output) and player.summary.frames
    wrote = without_password(output) if output and has_written else None
    print(player.summary.line(wrote, ', '.join(sorted(codecs))))
    if interrupted:
        raise KeyboardInterrupt


def _benchmark(arguments: argparse.Namespace, open_network: Open) -> None:
    for name in ('output', 'results', 'save_crops'):
        if getattr(arguments, name, None) is not None:
            msg = f'--benchmark writes nothing: leave out --{name.replace("_", "-")}'
            raise SettingsError(msg)
    runs = arguments.limit or DEFAULT_RUNS
    inputs = arguments.paths or [str(zoo_folder() / 'pictures' / 'astronaut.jpg')]
    asked = source_options(arguments)
    sources = open_inputs(inputs, asked)
    played = chain.from_iterable(named_frames(source, asked) for source in sources)
    frames = [one.frame_bgr for one in islice(played, min(runs, MOST_FRAMES))]
    with _opened(arguments, open_network) as (_, start_look, settings):
        look = start_look()

        def infer(frame: NDArray[np.uint8]) -> StageTimes:
            return look(Pixels(frame, 'bgr'), frame.copy(), settings).times

        lines = benchmark(infer, frames, runs)
    print('\n'.join(lines))


@contextmanager
def _opened(
    arguments: argparse.Namespace, open_network: Open
) -> Iterator[tuple[Network[Any], StartLook, LiveSettings]]:
    """Open and warm up the network, say which it is, and close it at the end."""
    with ExitStack() as loaded:
        with progress_bar() as progress:
            options = {
                'loader': loader_of(arguments),
                'precision': arguments.precision,
                'backend': arguments.backend,
                'options': EngineOptions(remote=remote_options(arguments)),
                'progress': progress,
            }
            network, start_look, settings = open_network(arguments, options)
            loaded.callback(network.close)
            network.warm_up()
        print(_headline(network))
        yield network, start_look, settings


def _without_download(program: str) -> str:
    """Name the networks on this machine of a program's task, or say that there is none."""
    task = next(task for task, name in PROGRAMS.items() if name == program)
    names = ModelStore().names_here(task)
    if not names:
        return (
            f'; no network for {program} is here without a download but a file of yours: --model'
        )
    return f'; here without a download: {", ".join(names)} (--network=NAME)'


def _panel(network: Network[Any], inputs: Sequence[str], settings: LiveSettings) -> Panel:
    info = network.info
    source = inputs[0] if len(inputs) == 1 else f'{len(inputs)} inputs'
    # A camera's address may have a password.
    source = source.rpartition('@')[2] if '://' in source else Path(source).name
    source = f'{source}, {info.backend} {info.precision}'
    return Panel(network.card.name, source, network.labels, settings)


def _headline(network: Network[Any]) -> str:
    info = network.info
    return f'{network.card.name}: {info.backend}, {info.precision}, {network.class_count_text}'
