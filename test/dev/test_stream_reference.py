# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/streams.md, compared with the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from ros_deep_learning.video.cameras import LIVE_SCHEMES, is_live
from ros_deep_learning.video.schemes import SINKS, SOURCES
from ros_deep_learning.video.sinks import _STREAMS

TOOLS = Path(__file__).parents[2] / 'dev'


def test_the_tables_are_those_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    import stream_reference

    text = stream_reference.PAGE.read_text()
    assert text == stream_reference.page(text), 'run dev/stream_reference.py'


def test_every_scheme_has_its_row() -> None:
    written = ' '.join(row.form for row in SOURCES)
    # The encrypted ones are read as the others.
    assert [s for s in LIVE_SCHEMES if f'{s.removesuffix("s")}://' not in written] == []
    for form in written.replace(',', '').split():
        is_live(form)
    assert [s for s in _STREAMS if not any(row.form.startswith(f'{s}://') for row in SINKS)] == []
