# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameter page of the docs says what the nodes declare."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / 'dev'


def test_the_page_is_the_nodes_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    import parameter_reference

    assert parameter_reference.PAGE.read_text() == parameter_reference.page(), (
        'run dev/parameter_reference.py'
    )
    sys.modules.pop('parameter_reference')
