# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a viewer of the live page may change while a program runs: threshold and classes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...errors import SettingsError


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Settings of the network that runs.

    Attributes:
        score_threshold: Least score 0..1; None where there is none to set.
        class_ids: The only classes to report, indices into the labels; empty is all, None where
            they cannot be chosen.
    """

    score_threshold: float | None = None
    class_ids: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """What stands beside the picture.

    Attributes:
        title: The network.
        source: Where the frames come from.
        labels: Name of each class.
        settings: The values at present.
    """

    title: str = ''
    source: str = ''
    labels: Sequence[str] = ()
    settings: LiveSettings = LiveSettings()

    def to_json(self) -> str:
        """Return the panel as the page reads it."""
        settings, ids = self.settings, self.settings.class_ids
        return json.dumps(
            {
                'title': self.title,
                'source': self.source,
                'labels': [] if ids is None else list(self.labels),
                'score_threshold': settings.score_threshold,
                'class_ids': None if ids is None else sorted(ids),
            }
        )

    def changed(self, wishes: dict[str, Any]) -> Panel:
        """Return the panel after a viewer's wishes.

        Args:
            wishes: ``score_threshold``, ``class_ids`` or both, as they came.

        Raises:
            SettingsError: A value is not possible, or there is no such setting here.
        """
        settings = self.settings
        if 'score_threshold' in wishes:
            score = wishes['score_threshold']
            if settings.score_threshold is None or not _is_share(score):
                msg = f'score_threshold: expected 0 to 1, got {str(score)[:40]!r}'
                raise SettingsError(msg)
            settings = replace(settings, score_threshold=float(score))
        if 'class_ids' in wishes:
            ids, count = wishes['class_ids'], len(self.labels)
            can = settings.class_ids is not None and isinstance(ids, list)
            if not can or not all(type(k) is int and 0 <= k < count for k in ids):
                msg = f'class_ids: expected a list of numbers below {count}'
                raise SettingsError(msg)
            settings = replace(settings, class_ids=frozenset(ids))
        return replace(self, settings=settings)


Change = Callable[[Panel], None]
"""Told what a viewer wants, in the thread of the page; must not wait.

The panel is the one that the viewer saw, with other settings: its labels say which classes the
numbers mean.
"""


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value <= 1
