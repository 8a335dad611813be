# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a test reads on /diagnostics."""

from __future__ import annotations

from typing import Any

import pytest
from diagnostic_msgs.msg import DiagnosticStatus


class Health:
    """The newest status of each name."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.node = 'imagenet'
        self.newest: dict[str, DiagnosticStatus] = graph.statuses()

    def values(self, name: str) -> dict[str, str]:
        return {pair.key: pair.value for pair in self.newest[f'{self.node}: {name}'].values}

    def wait(self, name: str, level: bytes, text: str) -> str:
        def there() -> str:
            status = self.newest.get(f'{self.node}: {name}', DiagnosticStatus())
            return str(status.message) if status.level == level and text in status.message else ''

        try:
            return str(self.graph.wait_until(f'{name}: {level!r} {text}', there, 30.0))
        except BaseException:
            print({name: (s.level, s.message) for name, s in self.newest.items()})
            raise


@pytest.fixture
def health(graph: Any) -> Health:
    return Health(graph)
