# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What imagenet, detectnet and segnet do with their frames: look, print, annotate, write."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import DeepLearningError
from ..imaging.pixels import Pixels
from ..networks.base import Network
from ..progress import Progress
from ..tasks.times import StageTimes
from ..video.sources import PictureFolder, open_frames
from .bar import progress_bar
from .logs import log_to_terminal
from .sinks import open_sink

_NetworkT = TypeVar('_NetworkT', bound=Network[Any])

Look = Callable[
    [_NetworkT, Pixels, NDArray[np.uint8]],
    tuple[Iterable[str], NDArray[np.uint8], StageTimes],
]
"""Called with the network, the frame, and a copy of it, (H, W, 3) uint8 bgr, that may be drawn on.

Returns the lines to print, the annotated picture, bgr, and what the frame cost.
"""


def run_vision(
    arguments: argparse.Namespace,
    prog: str,
    open_network: Callable[[Progress], _NetworkT],
    look: Look[_NetworkT],
) -> int:
    """Run a program on its frames.

    Args:
        arguments: The common ones.
        prog: The program's name, for messages.
        open_network: Loads the network.
        look: What is done with a frame.

    Returns:
        Exit code: 0, 1 failed, 130 interrupted.
    """
    log_to_terminal(logging.INFO)
    try:
        source = open_frames(arguments.input)
        names = [p.name for p in source.paths] if isinstance(source, PictureFolder) else []
        count, times = 0, StageTimes()
        # Before the network, whose build may take minutes.
        with closing(open_sink(arguments.output, source)) as sink, ExitStack() as loaded:
            with progress_bar() as progress:
                network = open_network(progress)
                loaded.callback(network.close)
            print(_headline(network))
            for index, frame in enumerate(islice(source.frames(), arguments.limit)):
                lines, picture, times = look(network, Pixels(frame, 'bgr'), frame.copy())
                print(names[index] if index < len(names) else f'frame {index}')
                for line in lines:
                    print(f'  {line}')
                sink.write(picture)
                count += 1
            print(f'{count} frame{"s" * (count != 1)}; the last took {_times(times)}')
    except (DeepLearningError, OSError) as err:
        print(f'{prog}: {err}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _headline(network: Network[Any]) -> str:
    info = network.info
    return f'{network.card.name}: {info.backend}, {info.precision}, {len(network.labels)} classes'


def _times(times: StageTimes) -> str:
    total = times.preprocess_ms + times.inference_ms + times.postprocess_ms
    return f'{total:.1f} ms, the network {times.inference_ms:.1f} ms of it'
