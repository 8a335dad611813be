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
from ...video.screens import WindowSink
from ...video.sinks import PictureSink
from ..bar import frame_bar
from ..frames.inputs import frame_total, named_frames, open_inputs
from ..frames.sinks import open_sink
from ..logs import log_to_terminal, treat_sigterm_as_interrupt
from ..vision_arguments import frame_count, refuse_gone, spelled


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
    arguments = parser.parse_args(given)
    log_to_terminal(logging.INFO)
    treat_sigterm_as_interrupt()
    count, start = 0, perf_counter()
    try:
        (source,) = open_inputs([arguments.source])
        sink = open_sink(arguments.sink, source, force=arguments.force)
        with closing(sink), frame_bar(arguments.limit or frame_total(source)) as report:
            for one in islice(named_frames(source), arguments.limit):
                report(one.name)
                if isinstance(sink, PictureSink):
                    sink.index = one.index
                sink.write(one.frame_bgr)
                count += 1
                if isinstance(sink, WindowSink) and sink.closed:
                    break
        seconds = perf_counter() - start
        print(f'{arguments.sink}: {count} frames in {seconds:.1f} s')
    except (DeepLearningError, OSError) as err:
        print(f'video-viewer: {err}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='video-viewer', description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add('source', help='picture, folder, video, camera or stream')
    add('sink', nargs='?', default='display://0', help='picture, folder, video, stream or window')
    add('--force', action='store_true', help='overwrite files that are there')
    add('--limit', type=frame_count, help='stop after so many frames')
    return parser


if __name__ == '__main__':
    sys.exit(main())
