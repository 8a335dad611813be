# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Pick images of a bag for labelling: one of many, on change, where a network is unsure."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ...bags.annotators import Annotator, NodeWish
from ...bags.cameras import choose_topics
from ...bags.frame_choice import FrameChoice
from ...bags.opening import Bag, open_bag
from ...bags.picking import Picker, PictureFolder, pick_bag
from ...collecting.triggers import Every, OnChange, Trigger, Unsure
from ...datasets.dataset import Dataset
from ...datasets.listing import UNLABELLED_FOLDER
from ...datasets.opening import FORMATS
from ...datasets.writing import USUAL, write_dataset
from ...errors import BagError, SettingsError
from ...files import move_whole_folder, scratch_folder
from ...fleet.job import Outcome
from ...paths import user_path
from ...progress import Progress
from ...text import disk_cause, printable
from ..annotate_bag.network import add_network_options, open_annotator
from ..annotate_bag.output import print_faults
from ..bar import progress_bar
from ..collect.arguments import read_range
from ..fleet.many_inputs import MANY, add_fleet_options, is_fleet, run_fleet
from ..fleet.network_facts import engine_facts, fingerprint
from ..logs import run_command
from ..parser import Parser
from ..vision_arguments import count

_LISTED = 10
_LEAST_SCORE = 0.05
"""Objects below the threshold are reasons for doubt too."""
_USUAL_THRESHOLD = 0.5


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, 1 failed or not everything could be read, 130 interrupted.
    """
    arguments = _parser().parse_args(argv)
    return run_command(
        'rdl bag-to-dataset',
        lambda: _run(arguments),
        interrupted='nothing was written',
    )


def _run(arguments: argparse.Namespace) -> int:
    if arguments.node is None and (arguments.unsure is not None or arguments.to):
        msg = '--unsure and --to need a network; to fix: --node NODE:MODEL'
        raise SettingsError(msg)
    wish = None if arguments.node is None else NodeWish.parse(arguments.node)
    if wish and arguments.to and FORMATS[arguments.to].task != wish.task:
        msg = f'--to {arguments.to} is for {FORMATS[arguments.to].task}, not for {wish.task}'
        raise SettingsError(msg)
    if arguments.unsure is not None:
        # Only for its check of the two.
        Unsure(lambda _: (), *arguments.unsure)
    _triggers(arguments)
    if is_fleet(arguments, arguments.bags, arguments.output):
        return run_fleet(
            'bag-to-dataset',
            arguments,
            arguments.bags,
            arguments.output,
            open_work,
            of=('bags', 'output'),
        )
    output = user_path(arguments.output)
    if output.exists():
        msg = f'{output} exists; to fix: name a new folder'
        raise BagError(msg)
    bag = open_bag(user_path(arguments.bags[0]))
    # What does not go together is said before a network is loaded.
    choose_topics(bag.topics(), arguments.topics or ())
    with open_work(arguments) as work, progress_bar() as progress:
        folder, picker = work.pick(bag, output, progress)
    print(f'wrote {output}: {len(folder.samples)} of {picker.seen} images')
    for line in _left_out(picker):
        print(f'  {line}')
    print_faults('bag-to-dataset', bag)
    return 1 if bag.faults() else 0


class PickingWork:
    """Picks images of one bag after the other with the same network.

    Args:
        arguments: Those of the program.
        annotator: Its network; None without one.
    """

    def __init__(self, arguments: argparse.Namespace, annotator: Annotator | None) -> None:
        self._arguments = arguments
        self._annotator = annotator
        networks = [] if annotator is None else [annotator.network]
        self.models = [fingerprint(network) for network in networks]
        self.engines = [engine_facts(network) for network in networks]

    def do(self, source: Path, output: Path, progress: Progress) -> Outcome:
        """See ``Work`` of the fleet."""
        bag = open_bag(source)
        folder, picker = self.pick(bag, output, progress)
        text = f'{len(folder.samples)} of {picker.seen} images'
        figures = {'images': picker.seen, 'pictures': len(folder.samples)}
        return Outcome(text, tuple(bag.faults()), figures, tuple(_left_out(picker)))

    def pick(self, bag: Bag, output: Path, progress: Progress) -> tuple[PictureFolder, Picker]:
        """Write the pictures of a bag into a new folder."""
        arguments = self._arguments
        topics = frozenset(choose_topics(bag.topics(), arguments.topics or ()))
        choice = FrameChoice(arguments.nth, _triggers(arguments))
        picker = Picker(topics, choice, self._annotator, arguments.unsure)
        threshold = arguments.threshold
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            with scratch_folder(output.parent, f'.{output.name}.part-') as scratch:
                pictures = scratch / 'pictures'
                pictures.mkdir()
                folder = PictureFolder(
                    pictures, _USUAL_THRESHOLD if threshold is None else threshold
                )
                pick_bag(
                    picker,
                    bag.items(),
                    folder,
                    lambda: progress(f'reading {bag.path.name}', bag.share),
                    arguments.limit,
                )
                _write(folder, self._annotator, output, arguments.to, progress)
        except OSError as err:
            msg = f'cannot write {output}: {disk_cause(err)}'
            raise BagError(msg) from err
        return folder, picker


@contextmanager
def open_work(arguments: argparse.Namespace) -> Iterator[PickingWork]:
    """Load the network of the program if it has one, and close it at the end.

    Raises:
        DeepLearningError: It cannot be loaded.
    """
    if arguments.node is None:
        yield PickingWork(arguments, None)
        return
    wish = NodeWish.parse(arguments.node)
    least = _LEAST_SCORE if wish.task == 'detection' else None
    with open_annotator(wish, arguments, threshold=least) as annotator:
        yield PickingWork(arguments, annotator)


def _triggers(arguments: argparse.Namespace) -> list[Callable[[], Trigger]]:
    triggers: list[Callable[[], Trigger]] = [OnChange] if arguments.on_change else []
    if arguments.every is not None:
        period_s: float = arguments.every
        Every(period_s)
        triggers.append(lambda: Every(period_s))
    return triggers


def _left_out(picker: Picker) -> list[str]:
    return [
        f'left out {number} of {topic}: {printable(reason)}'
        for (topic, reason), number in picker.failed.most_common(_LISTED)
    ]


def _write(
    folder: PictureFolder,
    annotator: Annotator | None,
    output: Path,
    to: str | None,
    progress: Progress,
) -> None:
    """Write the pictures without labels, or as a data set with those of the network."""
    if annotator is None:
        top = folder.folder.parent / 'new'
        top.mkdir()
        folder.folder.rename(top / UNLABELLED_FOLDER)
        folder.write_table(top / 'frames.csv')
        move_whole_folder(top, output)
        return
    task = annotator.wish.task
    name = to or USUAL[task]
    samples = {'train': tuple(folder.samples)}
    dataset = Dataset(folder.folder, name, task, annotator.network.labels, samples)
    write_dataset(dataset, output, name, progress)
    folder.write_table(output / 'frames.csv')


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog='rdl bag-to-dataset', description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add('bags', nargs='+', metavar='BAG', help=f'folder of rosbag2, .mcap or .db3 file; {MANY}')
    add('output', metavar='FOLDER', help='a new folder; of many bags it has one for each')
    add('--topics', nargs='+', metavar='TOPIC', help='image topics (all)')
    add('--nth', type=count, default=1, metavar='N', help='one of N images of a topic (1)')
    add('--every', type=float, metavar='SECONDS', help='an image every so many seconds')
    add('--on-change', action='store_true', help='images that differ from the last one')
    add('--node', metavar='NODE:MODEL', help='a network, whose results become the first labels')
    add(
        '--unsure',
        type=read_range,
        metavar='LOW,HIGH',
        help='images in which a score of the network lies between the two, such as 0.3,0.6',
    )
    add('--limit', type=count, metavar='N', help='most pictures')
    add('--to', choices=FORMATS, help='format of the data set (coco, folder or masks)')
    add_network_options(parser)
    add_fleet_options(parser)
    return parser


if __name__ == '__main__':
    sys.exit(main())
