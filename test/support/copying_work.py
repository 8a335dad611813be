# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Work for jobs that needs no network: it copies a file in capitals, and counts what it did."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ros_deep_learning.errors import BagError
from ros_deep_learning.fleet.job import Outcome


class CopyingWork:
    """Does a file whose content is a word; some words make it fail."""

    def __init__(self, model: str = 'one') -> None:
        self.models = [model]
        self.engines = ['CPU']
        self.done: list[str] = []

    def do(self, source, output, progress) -> Outcome:
        word = source.read_text()
        if word == 'broken':
            msg = 'it is broken'
            raise BagError(msg)
        if word == 'interrupt':
            raise KeyboardInterrupt
        if word == 'deadly':
            os.kill(os.getpid(), signal.SIGKILL)
        progress('copying', 0.5)
        self.done.append(word)
        if output.suffix:
            output.write_text(word.upper())
        else:
            (output / 'deeper').mkdir(parents=True)
            (output / 'deeper' / 'word.txt').write_text(word.upper())
        faults = ('half of it',) if word == 'half' else ()
        return Outcome(f'{len(word)} letters', faults, {'images': len(word)})


@contextmanager
def open_copying() -> Iterator[CopyingWork]:
    yield CopyingWork()


def write_words(folder: Path, *words: str) -> list[str]:
    """Write a file a word; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for word in words:
        (folder / f'{word}.txt').write_text(word)
    return [str(folder / f'{word}.txt') for word in words]
