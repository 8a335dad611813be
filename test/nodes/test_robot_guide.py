# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""docs/robot.md as a new user follows it: every command, in its order, as it stands."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

CHECKOUT = Path(__file__).parents[2]
GUIDE = CHECKOUT / 'docs' / 'robot.md'
STEP_S = 180
ANSWER_S = 30
TRIES = 40
NOT_YET = (
    'not appear to be published yet',
    'Node not found',
    'Unable to find node',
    'does not answer',
)


class Block(NamedTuple):
    """A fenced block: how it is marked, and what is in it."""

    kind: str
    lines: list[str]


def blocks() -> Iterator[Block]:
    for kind, text in re.findall(
        r'^```(sh terminal|sh|text)\n(.*?)^```$', GUIDE.read_text(), re.M | re.S
    ):
        yield Block(kind, text.splitlines())


def test_the_guide_has_commands_and_says_what_they_print() -> None:
    kinds = [block.kind for block in blocks()]
    assert kinds.count('sh terminal') >= 5
    assert kinds.count('sh') >= 8
    assert all(before == 'sh' for before, kind in pairwise(kinds) if kind == 'text')


def test_word_by_word(
    tmp_path: Path,
    ros_domain: int,
    program_type: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    # What the guide writes goes elsewhere; what it reads is the checkout's.
    for name in ('docs', 'models'):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    running: list[Any] = []
    printed = ''
    try:
        for block in blocks():
            if block.kind == 'text':
                absent = [line for line in block.lines if line not in printed]
                assert not absent, f'{absent} not in what was printed:\n{printed}'
                continue
            if block.kind == 'sh':
                printed = ''.join(step(line) for line in block.lines)
                continue
            (line,) = block.lines
            log = tmp_path / f'terminal.{len(running)}.log'
            running.append(program_type(['bash', '-c', f'exec {line}'], log))
    finally:
        subprocess.run(['ros2', 'daemon', 'stop'], timeout=60, check=False)
        codes = [program.stop() for program in reversed(running)]
    logs = '\n'.join(program.text() for program in running)
    assert 'Traceback' not in logs
    assert set(codes) <= {0, -2, 130}, logs


def step(line: str) -> str:
    """Run a command, again while what it is about is not there yet, as a person would.

    A call is made again too where DDS lost the answer, as the guide says: rmw_fastrtps drops the
    answer to a client that it has not matched within 100 ms.
    """
    is_call = line.startswith(('ros2 service call', 'ros2 lifecycle'))
    printed = ''
    for _ in range(TRIES):
        try:
            done = subprocess.run(
                ['bash', '-c', line],
                capture_output=True,
                text=True,
                timeout=ANSWER_S if is_call else STEP_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            if not is_call:
                raise
            continue
        printed = done.stdout + done.stderr
        if not any(words in printed for words in NOT_YET):
            return printed
        time.sleep(1)
    pytest.fail(f'{line}: {printed}')
