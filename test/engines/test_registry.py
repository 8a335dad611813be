# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the choice of a backend."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ros_deep_learning.engines.registry import BACKENDS, choose_backend
from ros_deep_learning.errors import BackendUnavailableError


@dataclass
class Backend:
    name: str
    reason: str | None = None

    def unavailable_reason(self):
        return self.reason


def backends(**reasons):
    return {name: lambda n=name, r=reason: Backend(n, r) for name, reason in reasons.items()}


def test_none_at_all():
    with pytest.raises(BackendUnavailableError, match='no backend can run on this machine'):
        choose_backend('auto', {})


def test_auto_takes_the_first_that_can_run():
    choice = choose_backend('auto', backends(fast=None, slow=None))
    assert choice.backend.name == 'fast'
    assert choice.passed_over == ()
    assert choice.reason == 'backend fast'


def test_auto_says_why_it_passed_the_better_ones_over():
    choice = choose_backend('auto', backends(fast='no GPU', odd='no module', slow=None))
    assert choice.backend.name == 'slow'
    assert choice.passed_over == (('fast', 'no GPU'), ('odd', 'no module'))
    assert (
        choice.reason == 'backend slow because fast cannot run: no GPU; odd cannot run: no module'
    )


def test_auto_with_nothing_that_can_run():
    with pytest.raises(BackendUnavailableError, match='fast: no GPU; slow: no module'):
        choose_backend('auto', backends(fast='no GPU', slow='no module'))


def test_an_explicit_choice_is_never_replaced():
    with pytest.raises(BackendUnavailableError, match='backend fast cannot run here: no GPU'):
        choose_backend('fast', backends(fast='no GPU', slow=None))
    assert choose_backend('slow', backends(fast=None, slow=None)).backend.name == 'slow'


def test_unknown_name_lists_the_known():
    with pytest.raises(
        BackendUnavailableError, match=r"no backend 'other'; expected one of auto, fast, slow"
    ):
        choose_backend('other', backends(fast=None, slow=None))


def test_the_packages_own():
    assert choose_backend('onnxruntime').backend.name == 'onnxruntime'
    for name, make in BACKENDS.items():
        assert make().name == name
