# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of the collect node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .parameter_table import parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectSettings:
    """The parameters of collect."""

    NEVER_CHANGES: ClassVar[bool] = True

    folder: str = parameter(
        'collected',
        'The data set; pictures wait in its folder unlabelled/ for rdl collect or rdl autolabel.',
    )
    topic: str = parameter('', 'The images; empty is ~/image_in.')
    every: float = parameter(
        2.0,
        'Seconds between two pictures; 0 takes none by time. One in which nothing has changed '
        'since the last is left out.',
        minimum=0.0,
        maximum=86400.0,
    )
    on_change: bool = parameter(
        False, 'Whether to take a picture when it has changed since the last, in place of every.'
    )
    last_seconds: float = parameter(
        10.0,
        'Seconds that ~/keep_last writes; 0 holds none of them in memory.',
        minimum=0.0,
        maximum=600.0,
    )
    last_rate: float = parameter(
        5.0, 'Pictures a second that are held for ~/keep_last.', minimum=0.1, maximum=60.0
    )
