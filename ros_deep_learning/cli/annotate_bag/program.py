# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Copy a bag and add what networks find in its images."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast, get_args

from ...bags.annotation import BagAnnotation, Tally
from ...bags.annotators import ANNOTATORS, Annotator, DetectAnnotator, NodeWish
from ...bags.cameras import choose_topics
from ...bags.opening import Bag, open_bag
from ...bags.target import Target
from ...errors import BagError, SettingsError
from ...paths import user_path
from ...tasks.tracking.tracker import TrackerKind, TrackingSettings
from ...text import printable
from ..bar import progress_bar
from ..logs import run_command
from .network import add_network_options, fingerprint, open_annotator
from .output import print_faults

_OUTPUTS = tuple(name for kind in ANNOTATORS.values() for name in kind.outputs)
_LISTED = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, 1 failed or not everything could be read, 130 interrupted.
    """
    arguments = _parser().parse_args(argv)
    return run_command(
        'rdl annotate-bag',
        lambda: _run(arguments),
        interrupted='the same command goes on',
    )


def _run(arguments: argparse.Namespace) -> int:
    wishes = [NodeWish.parse(text) for text in arguments.node]
    outputs = _outputs(arguments.outputs, wishes)
    bag = open_bag(user_path(arguments.bag))
    output = user_path(arguments.output)
    if output.resolve() in {path.resolve() for path in (bag.path, *bag.paths)}:
        msg = f'{output} is the bag itself; to fix: name another output'
        raise BagError(msg)
    if output.exists() and not arguments.force:
        msg = f'{output} exists; to fix: --force'
        raise BagError(msg)
    topics = bag.topics()
    target = Target(output, bag.suffix, arguments.compression or bag.compression)
    if arguments.restart:
        target.discard()
    images = choose_topics(topics, arguments.topics or ())
    with ExitStack() as stack:
        annotators = [stack.enter_context(open_annotator(w, arguments, outputs)) for w in wishes]
        if arguments.tracking:
            _follow(annotators, arguments.tracking)
        annotation = BagAnnotation(annotators, topics, images)
        settings = _settings(bag, arguments, annotators)
        if target.is_begun:
            print(f'goes on with what is in {target.part}')
        progress = stack.enter_context(progress_bar())
        writer = stack.enter_context(target.writing(settings, bag.description(), progress))

        started = time.monotonic()

        def report() -> None:
            progress(f'annotating {bag.path.name}', bag.share)

        tally = annotation.copy(bag.items(), writer, target.notes, report)
    _print_end(bag, output, tally, time.monotonic() - started)
    return 1 if bag.faults() else 0


def _outputs(texts: Sequence[str] | None, wishes: Sequence[NodeWish]) -> tuple[str, ...]:
    known = [name for wish in wishes for name in ANNOTATORS[wish.task].outputs]
    unknown = [text for text in texts or () if text not in known]
    if unknown:
        msg = f'--outputs: expected some of {", ".join(known)}, got {unknown[0]!r}'
        raise SettingsError(msg)
    return tuple(texts or ())


def _follow(annotators: Sequence[Annotator], kind: str) -> None:
    """Have the objects of all detectors followed."""
    detectors = [one for one in annotators if isinstance(one, DetectAnnotator)]
    if not detectors:
        msg = '--tracking: objects are those of detectnet, and no --node is one'
        raise SettingsError(msg)
    for one in detectors:
        one.follow(TrackingSettings(kind=cast('TrackerKind', kind)))


def _settings(
    bag: Bag, arguments: argparse.Namespace, annotators: Sequence[Annotator]
) -> dict[str, Any]:
    """Return what the result depends on, so that a part is continued in the same way only."""
    facts = [(path.name, path.stat()) for path in bag.paths]
    engines = [annotator.network.info for annotator in annotators]
    return {
        'bag': [(name, fact.st_size, fact.st_mtime_ns) for name, fact in facts],
        'nodes': arguments.node,
        'topics': arguments.topics,
        'outputs': arguments.outputs,
        'threshold': arguments.threshold,
        'max-batch': arguments.max_batch,
        'compression': arguments.compression,
        'tracking': arguments.tracking,
        'models': [fingerprint(annotator.network) for annotator in annotators],
        'engines': [(one.backend, one.version, one.precision, one.device) for one in engines],
    }


def _print_end(bag: Bag, output: Path, tally: Tally, seconds: float) -> None:
    rate = f' ({tally.frames / seconds:.1f} fps)' if seconds > 0 else ''
    copied = f'{tally.copied} messages copied, {tally.frames} images in {seconds:.1f} s{rate}'
    print(f'wrote {output}: {copied}')
    for (topic, reason), count in tally.failed.most_common(_LISTED):
        print(f'  no result for {count} of {topic}: {printable(reason)}')
    if tally.left_out:
        print(f'  left out: {tally.left_out} attachments and metadata, which only MCAP can hold')
    print_faults('annotate-bag', bag)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='rdl annotate-bag', description=__doc__, allow_abbrev=False
    )
    add = parser.add_argument
    add('bag', type=Path, metavar='BAG', help='folder of rosbag2, or a .mcap or .db3 file')
    add(
        'output',
        type=Path,
        metavar='OUTPUT',
        help='the new bag: .mcap or .db3, or a folder',
    )
    add(
        '--node',
        action='append',
        required=True,
        metavar='NODE:MODEL',
        help='such as detectnet:ssd-mobilenet-v2; also NAME=NODE:MODEL; may be given again',
    )
    add('--topics', nargs='+', metavar='TOPIC', help='image topics (all)')
    add('--outputs', nargs='+', metavar='OUTPUT', help=f'some of {", ".join(_OUTPUTS)}')
    add(
        '--tracking',
        choices=get_args(TrackerKind),
        help='follow the objects of detectnet over the images of a topic, and number them',
    )
    add_network_options(parser)
    add('--compression', choices=('none', 'lz4', 'zstd'), help="of MCAP's chunks (the bag's own)")
    add('--restart', action='store_true', help='drop what an interrupted run has done')
    add('--force', action='store_true', help='overwrite the output')
    return parser


if __name__ == '__main__':
    sys.exit(main())
