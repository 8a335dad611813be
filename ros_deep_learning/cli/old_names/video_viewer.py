# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Show or record a picture, video, camera or stream, without a network."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from contextlib import closing
from itertools import islice
from time import perf_counter

from ...errors import DeepLearningError
from ...video.arguments import (
    add_output_arguments,
    add_source_arguments,
    output_options,
    source_options,
)
from ...video.screens import WindowSink
from ...video.streams.addresses import without_password
from ..bar import frame_bar
from ..frames.inputs import frame_total, named_frames, open_inputs
from ..frames.replay import replayed, watchers_wait
from ..frames.sinks import frame_writer, open_sink, seen_output
from ..logs import log_to_terminal, treat_sigterm_as_interrupt
from ..parser import Parser
from ..vision_arguments import count, refuse_gone, spelled


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, 1 failed, 130 interrupted.
    """
    parser = _parser()
    given = spelled(sys.argv[1:] if argv is None else argv)
    refuse_gone(parser, given)
    arguments = parser.parse_intermixed_args(given)
    log_to_terminal(logging.INFO)
    treat_sigterm_as_interrupt()
    code, count, start = 0, 0, perf_counter()
    try:
        output = seen_output(arguments.sink, headless=arguments.headless)
        options = source_options(arguments)
        (source,) = open_inputs([arguments.source], options)
        sink = open_sink(output, source, output_options(arguments), force=arguments.force)
        frames, wait = named_frames(source, options), watchers_wait(sink)
        if wait is not None and not source.live:
            frames = replayed(frames, options.rate_hz or source.rate_hz, wait)
        total = arguments.limit or frame_total(source, options)
        with closing(sink), frame_bar(total) as report:
            write = frame_writer(source, sink)
            try:
                for one in islice(frames, arguments.limit):
                    report(one.name)
                    write(one.index, one.frame_bgr)
                    count += 1
                    if isinstance(sink, WindowSink) and sink.closed:
                        break
            except KeyboardInterrupt:
                # It is how a camera ends, so that what was written is told too.
                code = 130
        seconds = perf_counter() - start
        where = without_password(output or 'nowhere')
        print(f'{where}: {count} frames in {seconds:.1f} s')
    except (DeepLearningError, OSError) as err:
        print(f'video-viewer: {err}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog='video-viewer', description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add('source', help='picture, folder, video, camera or stream')
    add('sink', nargs='?', default='display://0', help='picture, folder, video, stream or window')
    add('--force', action='store_true', help='overwrite files that are there')
    add_source_arguments(parser)
    add_output_arguments(parser)
    add('--headless', action='store_true', help='open no window')
    add('--limit', type=count, help='stop after so many frames')
    return parser


if __name__ == '__main__':
    sys.exit(main())
