# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The wheel of distributions: downloaded once, and never taken half."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from underlay import UnderlayError, wheel
from underlay.runner import Runner

DOWNLOAD = """
echo "$@" >> {asked}
while [ "$1" != -d ]; do shift; done
mkdir -p "$2"
printf x > "$2/x.whl"
exit {status}
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return tmp_path


def environment(folder: Path, status: int) -> Path:
    python = folder / 'bin' / 'python3'
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text('#!/bin/sh' + DOWNLOAD.format(asked=folder / 'asked', status=status))
    python.chmod(0o755)
    return folder


def test_it_is_downloaded_once(cache: Path) -> None:
    folder, runner = environment(cache / 'venv', 0), Runner(cache / 'logs', io.StringIO())
    first = wheel.fetch(folder, runner)
    assert first.read_text() == 'x'
    assert wheel.fetch(folder, runner) == first
    assert (folder / 'asked').read_text().count('-m pip download') == 1


def test_a_broken_download_is_not_taken_for_the_wheel(cache: Path) -> None:
    folder, runner = environment(cache / 'venv', 1), Runner(cache / 'logs', io.StringIO())
    with pytest.raises(UnderlayError, match='wheel failed'):
        wheel.fetch(folder, runner)
    environment(folder, 0)
    assert wheel.fetch(folder, runner).read_text() == 'x'
    assert (folder / 'asked').read_text().count('-m pip download') == 2
