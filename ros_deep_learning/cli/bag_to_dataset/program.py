# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Pick images of a bag for labelling: one of many, on change, where a network is unsure."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from ...bags.annotators import Annotator, NodeWish
from ...bags.cameras import choose_topics
from ...bags.frame_choice import FrameChoice
from ...bags.opening import open_bag
from ...bags.picking import Picker, PictureFolder, pick_bag
from ...collecting.triggers import Every, OnChange, Trigger, Unsure
from ...datasets.dataset import Dataset
from ...datasets.listing import UNLABELLED_FOLDER
from ...datasets.opening import FORMATS
from ...datasets.writing import USUAL, write_dataset
from ...errors import BagError, SettingsError
from ...files import move_whole_folder, scratch_folder
from ...paths import user_path
from ...text import disk_cause, printable
from ..annotate_bag.network import add_network_options, open_annotator
from ..annotate_bag.output import print_faults
from ..bar import progress_bar
from ..collect.arguments import read_range
from ..logs import run_command
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
    output = user_path(arguments.output)
    if output.exists():
        msg = f'{output} exists; to fix: name a new folder'
        raise BagError(msg)
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
    bag = open_bag(user_path(arguments.bag))
    topics = frozenset(choose_topics(bag.topics(), arguments.topics or ()))
    triggers: list[Callable[[], Trigger]] = [OnChange] if arguments.on_change else []
    if arguments.every is not None:
        period_s: float = arguments.every
        Every(period_s)
        triggers.append(lambda: Every(period_s))
    choice = FrameChoice(arguments.nth, triggers)
    with ExitStack() as stack:
        annotator = None
        if wish is not None:
            least = _LEAST_SCORE if wish.task == 'detection' else None
            annotator = stack.enter_context(open_annotator(wish, arguments, threshold=least))
        picker = Picker(topics, choice, annotator, arguments.unsure)
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            scratch = stack.enter_context(scratch_folder(output.parent, f'.{output.name}.part-'))
            pictures = scratch / 'pictures'
            pictures.mkdir()
            threshold = arguments.threshold
            folder = PictureFolder(pictures, _USUAL_THRESHOLD if threshold is None else threshold)
            with progress_bar() as progress:
                pick_bag(
                    picker,
                    bag.items(),
                    folder,
                    lambda: progress(f'reading {bag.path.name}', bag.share),
                    arguments.limit,
                )
            _write(folder, annotator, output, arguments.to)
        except OSError as err:
            msg = f'cannot write {output}: {disk_cause(err)}'
            raise BagError(msg) from err
    print(f'wrote {output}: {len(folder.samples)} of {picker.seen} images')
    for (topic, reason), number in picker.failed.most_common(_LISTED):
        print(f'  left out {number} of {topic}: {printable(reason)}')
    print_faults('bag-to-dataset', bag)
    return 1 if bag.faults() else 0


def _write(
    folder: PictureFolder, annotator: Annotator | None, output: Path, to: str | None
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
    with progress_bar() as progress:
        write_dataset(dataset, output, name, progress)
    folder.write_table(output / 'frames.csv')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='rdl bag-to-dataset', description=__doc__, allow_abbrev=False
    )
    add = parser.add_argument
    add('bag', type=Path, metavar='BAG', help='folder of rosbag2, or a .mcap or .db3 file')
    add('output', type=Path, metavar='FOLDER', help='a new folder')
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
    return parser


if __name__ == '__main__':
    sys.exit(main())
