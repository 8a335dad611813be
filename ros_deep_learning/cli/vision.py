# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run imagenet, detectnet and segnet on their frames: infer, print, annotate, write."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cards.zoo import list_cards
from ..downloads.store import ModelStore
from ..errors import DeepLearningError, FetchError
from ..imaging.compressed import decode_jpeg
from ..imaging.pixels import Pixels
from ..networks.base import Network
from ..tasks.times import StageTimes
from ..video.cameras import StreamOptions
from ..video.sources import PictureFolder, open_frames
from .bar import progress_bar
from .logs import log_to_terminal, treat_sigterm_as_interrupt
from .next_command import PROGRAMS
from .sinks import open_sink
from .vision_arguments import loader_of, spelled

Look = Callable[[Pixels, NDArray[np.uint8]], tuple[Iterable[str], NDArray[np.uint8], StageTimes]]
"""Run the network on a frame, given the frame and a copy of it to draw on, (H, W, 3) uint8 BGR.

Returns the lines to print, the annotated picture, BGR, and the times of the stages.
"""

Open = Callable[[argparse.Namespace, dict[str, Any]], tuple[Network[Any], Look]]
"""Open the network, given the arguments and the keyword arguments that all networks take."""


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
    arguments = parser.parse_args(spelled(sys.argv[1:] if argv is None else argv))
    log_to_terminal(logging.INFO)
    treat_sigterm_as_interrupt()
    try:
        source = open_frames(arguments.input, StreamOptions(decode_jpeg=decode_jpeg))
        names = [p.name for p in source.paths] if isinstance(source, PictureFolder) else []
        count, times = 0, StageTimes()
        # Before the network, because its build may take minutes.
        with closing(open_sink(arguments.output, source)) as sink, ExitStack() as loaded:
            with progress_bar() as progress:
                options = {
                    'loader': loader_of(arguments),
                    'precision': arguments.precision,
                    'backend': arguments.backend,
                    'progress': progress,
                }
                network, look = open_network(arguments, options)
                loaded.callback(network.close)
                network.warm_up()
            print(_headline(network))
            for index, frame in enumerate(islice(source.frames(), arguments.limit)):
                lines, picture, times = look(Pixels(frame, 'bgr'), frame.copy())
                print(names[index] if index < len(names) else f'frame {index}')
                for line in lines:
                    print(f'  {line}')
                sink.write(picture)
                count += 1
            print(f'{count} frame{"s" * (count != 1)}; the last took {_times(times)}')
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


def _headline(network: Network[Any]) -> str:
    info = network.info
    return f'{network.card.name}: {info.backend}, {info.precision}, {len(network.labels)} classes'


def _times(times: StageTimes) -> str:
    total = times.preprocess_ms + times.inference_ms + times.postprocess_ms
    return f'{total:.1f} ms, the network {times.inference_ms:.1f} ms of it'
