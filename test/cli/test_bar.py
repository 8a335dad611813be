# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the progress bar."""

from __future__ import annotations

import sys

import pytest

from ros_deep_learning.cli.bar import frame_bar, progress_bar


def test_no_work_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar():
        pass
    assert capsys.readouterr() == ('', '')


def test_a_log_gets_one_line_a_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as progress:
        for share in (0.0, 0.5, 1.0):
            progress('downloading', share)
        progress('converting', None)
    assert capsys.readouterr().err == 'downloading ...\nconverting ...\n'


def test_a_terminal_gets_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, 'isatty', lambda: True)
    with progress_bar() as progress:
        for share in (0.0, 0.5, 1.0):
            progress('downloading', share)
        progress('waiting', None)
    text = capsys.readouterr().err
    assert 'downloading: 100%' in text
    assert ' left' in text
    assert 'waiting:' in text


def test_a_bar_of_frames_has_the_time_left_and_only_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with frame_bar(2) as report:
        report('a.jpg')
    assert capsys.readouterr() == ('a.jpg\n', '')
    monkeypatch.setattr(sys.stderr, 'isatty', lambda: True)
    with frame_bar(2) as report:
        report('a.jpg')
        report('b.jpg')
    shown = capsys.readouterr()
    assert shown.out.replace('\r', '').split() == ['a.jpg', 'b.jpg']
    assert '0/2 [00:00<?' in shown.err
    with frame_bar(1) as report:
        report('a.jpg')
    assert capsys.readouterr() == ('a.jpg\n', '')
