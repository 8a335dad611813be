# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what is counted as lost, by numbers of messages and by events."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ros_deep_learning.nodes.stream.losses import Losses


def after(numbers: Iterable[int | None]) -> Losses:
    losses = Losses()
    for number in numbers:
        losses.delivered.append(number)
    return losses


def test_the_gaps_in_the_numbers_of_one_publisher_are_lost_messages() -> None:
    # Those before the first one were sent before anybody listened.
    losses = after([41, 42, 45, 46])
    assert losses.settle(['camera']) == 2
    assert losses.settle(['camera']) == 0
    losses.delivered.append(50)
    assert losses.settle(['camera']) == 3


def test_with_numbers_an_event_does_not_count_a_loss_again() -> None:
    losses = after([1])
    losses.reported(3)
    assert losses.settle(['camera']) == 0
    losses.delivered.append(5)
    assert losses.settle(['camera']) == 3


@pytest.mark.parametrize(
    ('numbers', 'before', 'now'),
    [
        ([7, 1000, 1001], ['camera'], ['camera', 'stray']),
        ([7, 1000, 1001], ['camera', 'stray'], ['camera']),
        ([7, 1000, 1001], ['camera'], ['its successor']),
        ([1000, 1, 1001], ['camera'], ['camera']),
        ([7, 1000], ['camera'], []),
    ],
)
def test_numbers_of_several_publishers_are_no_gaps(
    numbers: list[int], before: list[str], now: list[str]
) -> None:
    losses = after(numbers[:1])
    losses.settle(before)
    for number in numbers[1:]:
        losses.delivered.append(number)
    losses.reported(4)
    assert losses.settle(now) == 4


def test_a_publisher_that_begins_anew_has_lost_nothing() -> None:
    losses = after([998, 999])
    assert losses.settle(['camera']) == 0
    losses.delivered.append(1)
    assert losses.settle(['its successor']) == 0
    losses.delivered.append(3)
    assert losses.settle(['its successor']) == 1


def test_without_numbers_the_events_are_counted_and_that_is_said() -> None:
    losses = after([None, None])
    losses.reported(2)
    losses.reported(1)
    assert losses.settle(['camera']) == 3
    assert losses.settle(['camera']) == 0
    assert 'without those that a newer one replaced' in losses.counted_by
    losses.delivered.append(1)
    losses.settle(['camera'])
    assert losses.counted_by == 'the numbers of the messages'
