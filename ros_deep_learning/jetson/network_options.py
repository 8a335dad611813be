# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the three networks share: how they are named, opened and timed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..cards.card import ModelCard, Task
from ..downloads.store import ModelStore
from ..errors import FetchError, SettingsError
from ..networks.base import Network
from ..recognition.choice import choose_card
from ..recognition.hints import Hints
from ..tasks.times import NOT_TIMED, StageTimes
from .log import Log

_NetworkT = TypeVar('_NetworkT', bound=Network[Any])


class NetworkOptions(argparse.ArgumentParser):
    """The options of a network that a script passes on with ``sys.argv``.

    Options may have ``_`` for ``-``; all others are ignored.
    """

    def __init__(self, title: str, network: str) -> None:
        """Make the options that all networks have.

        Args:
            title: Heading in a program's help.
            network: Name of the default network.
        """
        super().__init__(prog=title, add_help=False, allow_abbrev=False)
        add = self.add_argument
        add('--network', default=network, help='name of a network, or path of a card')
        add('--model', default='', help='network file: .onnx, .caffemodel, .uff or .pb')
        add('--prototxt', default='', help='prototxt of a caffemodel')
        add('--labels', '--class-labels', default='', help='file of one label a line')
        add('--colors', '--class-colors', default='', help='file of one colour a line')
        add('--input-blob', default='', help='input tensor')
        add('--output-blob', default='', help='output tensor')

    def read(self, argv: Sequence[str] | None, **given: Any) -> argparse.Namespace:
        """Read options; those of the command line win over the arguments that are not None.

        Args:
            argv: The command line, with the program's name first; None is an empty one.
            given: Values by name; empty texts are not given.
        """
        self.set_defaults(**{k: v for k, v in given.items() if v not in (None, '')})
        words = []
        for word in list(argv or ())[1:]:
            name, equals, value = word.partition('=')
            words.append((name.replace('_', '-') if name[:2] == '--' else name) + equals + value)
        return self.parse_known_args(words)[0]

    def described(self) -> str:
        """Return the text for a program's help."""
        lines = self.format_help().partition('\n\n')[2]
        return f'{self.prog} {lines}\n'


def chosen_card(
    options: argparse.Namespace, task: Task, outputs: dict[str, str] | None = None
) -> ModelCard:
    """Find the card of the network that the options name; a model file wins over a name.

    Raises:
        DeepLearningError: There is no such network, or its file leaves too much open.
    """
    named = {role: tensor for role, tensor in (outputs or {}).items() if tensor}
    if options.output_blob:
        named = {'scores': options.output_blob}
    hints = Hints(
        prototxt=_path(options.prototxt),
        labels=_path(options.labels),
        colors=_path(options.colors),
        input_name=options.input_blob or None,
        outputs=named,
    )
    return choose_card(options.model or options.network, task, hints)


@contextmanager
def told_what_is_here(name: str, task: Task) -> Iterator[None]:
    """Add to the error of a download the networks of a task that need none.

    Args:
        name: Name of the class, such as ``imageNet``.
        task: Its task.

    Raises:
        FetchError: The network cannot be downloaded.
    """
    try:
        yield
    except FetchError as err:
        calls = ', '.join(f'{name}({one!r})' for one in ModelStore().names_here(task))
        msg = f'{err}; here without a download: {calls}' if calls else str(err)
        raise FetchError(msg) from err


def _path(text: str) -> Path | None:
    return Path(text) if text else None


class NamedNetwork(Generic[_NetworkT]):
    """A network under the names of jetson-inference.

    Attributes:
        network: The network of ``ros_deep_learning`` that does the work.
    """

    network: _NetworkT
    _times: StageTimes = NOT_TIMED

    def GetNetworkName(self) -> str:
        """Return the name of the network."""
        return self.network.card.name

    def GetNumClasses(self) -> int:
        """Return the number of classes."""
        return len(self.network.labels)

    def GetClassDesc(self, class_id: int) -> str:
        """Return the name of a class; ``none`` for -1, which ``Classify`` returns for nothing.

        Raises:
            SettingsError: There are not so many classes.
        """
        return self.network.labels[self._known(class_id)] if class_id >= 0 else 'none'

    def GetClassLabel(self, class_id: int) -> str:
        """Return the name of a class, as ``GetClassDesc``."""
        return self.GetClassDesc(class_id)

    def _known(self, class_id: int) -> int:
        """Return the number of a class, or raise SettingsError if there is none of it."""
        count = self.GetNumClasses()
        if not 0 <= class_id < count:
            name = self.GetNetworkName()
            msg = f'class_id: {name} has the classes 0 to {count - 1}, not {class_id}'
            raise SettingsError(msg)
        return class_id

    def GetNetworkTime(self) -> float:
        """Return how long the network took for the last image, in milliseconds."""
        return self._times.inference_ms

    def GetNetworkFPS(self) -> float:
        """Return how many images a second the network alone could run, by the last image."""
        took_ms = self.GetNetworkTime()
        return 1e3 / took_ms if took_ms > 0 else 0.0

    def PrintProfilerTimes(self) -> None:
        """Log the times of the last image."""
        times = self._times
        Log.Info(
            f'{self.GetNetworkName()}: pre-process {times.preprocess_ms:.1f} ms, network '
            f'{times.inference_ms:.1f} ms, post-process {times.postprocess_ms:.1f} ms'
        )
