# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Copy a bag and add what networks find in its images."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast, get_args

from ...bags.annotation import BagAnnotation, Tally
from ...bags.annotators import ANNOTATORS, Annotator, DetectAnnotator, NodeWish
from ...bags.cameras import choose_topics
from ...bags.opening import Bag, open_bag
from ...bags.target import Target
from ...errors import BagError, SettingsError
from ...fleet.job import Outcome
from ...paths import user_path
from ...progress import Progress
from ...tasks.tracking.tracker import TrackerKind, TrackingSettings
from ...text import printable
from ..bar import progress_bar
from ..fleet.many_inputs import MANY, add_fleet_options, is_fleet, run_fleet
from ..fleet.network_facts import engine_facts, fingerprint
from ..logs import run_command
from ..parser import Parser
from .network import add_network_options, open_annotator
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
    _outputs(arguments.outputs, wishes)
    if is_fleet(arguments, arguments.bags, arguments.output):
        return run_fleet(
            'annotate-bag',
            arguments,
            arguments.bags,
            arguments.output,
            open_work,
            of=('bags', 'output'),
            suffix='.mcap',
        )
    bag = open_bag(user_path(arguments.bags[0]))
    output = user_path(arguments.output)
    _check_output(output, bag, force=arguments.force)
    target = Target(output, bag.suffix, arguments.compression or bag.compression)
    if arguments.restart:
        target.discard()
    # What does not go together is said before a network is loaded.
    choose_topics(bag.topics(), arguments.topics or ())
    with open_work(arguments) as work:
        if target.is_begun:
            print(f'goes on with what is in {target.part}')
        started = time.monotonic()
        with progress_bar() as progress:
            tally = work.annotate(bag, target, progress)
    _print_end(bag, output, tally, time.monotonic() - started)
    return 1 if bag.faults() else 0


def _check_output(output: Path, bag: Bag, *, force: bool) -> None:
    """Raise BagError if an output would replace its input, or what is no bag."""
    place = output.resolve()
    inputs = [path.resolve() for path in (bag.path, *bag.paths)]
    if place in inputs:
        msg = f'{output} is the bag itself; to fix: name another output'
        raise BagError(msg)
    if any(place in path.parents for path in inputs):
        msg = f'{output} is a folder with the bag in it; to fix: name another output'
        raise BagError(msg)
    if output.exists() and not force:
        msg = f'{output} exists; to fix: --force'
        raise BagError(msg)
    if output.is_dir() and any(output.iterdir()):
        try:
            open_bag(output)
        except BagError as err:
            msg = f'{output} is a folder and no bag, so it is kept; to fix: name another output'
            raise BagError(msg) from err


class AnnotationWork:
    """Annotates one bag after the other with the same networks.

    Args:
        arguments: Those of the program.
        annotators: Its networks.
    """

    def __init__(self, arguments: argparse.Namespace, annotators: Sequence[Annotator]) -> None:
        self._arguments = arguments
        self._annotators = annotators
        self.models = [fingerprint(one.network) for one in annotators]
        self.engines = [engine_facts(one.network) for one in annotators]

    def do(self, source: Path, output: Path, progress: Progress) -> Outcome:
        """See ``Work`` of the fleet."""
        bag = open_bag(source)
        bag.topics()
        target = Target(output, bag.suffix, self._arguments.compression or bag.compression)
        if self._arguments.restart:
            target.discard()
        tally = self.annotate(bag, target, progress)
        text = f'{tally.copied} messages copied, {tally.images} images, {tally.results} results'
        figures = {
            'messages': tally.copied,
            'images': tally.images,
            'results': tally.results,
        }
        return Outcome(text, tuple(bag.faults()), figures, tuple(_reasons(tally)))

    def annotate(self, bag: Bag, target: Target, progress: Progress) -> Tally:
        """Write a bag; go on with what an earlier run has left of it."""
        topics = bag.topics()
        images = choose_topics(topics, self._arguments.topics or ())
        annotation = BagAnnotation(self._annotators, topics, images)
        with target.writing(self._settings(bag), bag.description(), progress) as writer:

            def report() -> None:
                progress(f'annotating {bag.path.name}', bag.share)

            return annotation.copy(bag.items(), writer, target.notes, report)

    def _settings(self, bag: Bag) -> dict[str, Any]:
        """Return what the result depends on, so that a part is continued in the same way only."""
        arguments = self._arguments
        facts = [(path.name, path.stat()) for path in bag.paths]
        return {
            'bag': [(name, fact.st_size, fact.st_mtime_ns) for name, fact in facts],
            'nodes': arguments.node,
            'topics': arguments.topics,
            'outputs': arguments.outputs,
            'threshold': arguments.threshold,
            'max-batch': arguments.max_batch,
            'compression': arguments.compression,
            'tracking': arguments.tracking,
            'models': self.models,
            'engines': self.engines,
        }


@contextmanager
def open_work(arguments: argparse.Namespace) -> Iterator[AnnotationWork]:
    """Load the networks of the program, and close them at the end.

    Raises:
        DeepLearningError: One cannot be loaded.
    """
    wishes = [NodeWish.parse(text) for text in arguments.node]
    outputs = _outputs(arguments.outputs, wishes)
    with ExitStack() as stack:
        annotators = [stack.enter_context(open_annotator(w, arguments, outputs)) for w in wishes]
        if arguments.tracking:
            _follow(annotators, arguments.tracking)
        yield AnnotationWork(arguments, annotators)


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


def _print_end(bag: Bag, output: Path, tally: Tally, seconds: float) -> None:
    rate = f' ({tally.frames / seconds:.1f} fps)' if seconds > 0 else ''
    copied = f'{tally.copied} messages copied, {tally.frames} images in {seconds:.1f} s{rate}'
    print(f'wrote {output}: {copied}')
    for line in _reasons(tally):
        print(f'  {line}')
    if tally.left_out:
        print(f'  left out: {tally.left_out} attachments and metadata, which only MCAP can hold')
    print_faults('annotate-bag', bag)


def _reasons(tally: Tally) -> list[str]:
    return [
        f'no result for {count} of {topic}: {printable(reason)}'
        for (topic, reason), count in tally.failed.most_common(_LISTED)
    ]


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog='rdl annotate-bag', description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add('bags', nargs='+', metavar='BAG', help=f'folder of rosbag2, .mcap or .db3 file; {MANY}')
    add(
        'output',
        metavar='OUTPUT',
        help='the new bag: .mcap or .db3, or a folder; of many bags the folder of the new ones',
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
    add_fleet_options(parser, force='overwrite the output')
    return parser


if __name__ == '__main__':
    sys.exit(main())
