# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what is said about a decision."""

from __future__ import annotations

from ros_deep_learning.cards.decision import Decision, by_reason, guesses


def test_a_decision_says_value_evidence_and_guess() -> None:
    stated = Decision('input_size', (640, 480), 'the input')
    guessed = Decision('mean', (0.5, 0.25, 1.0), 'usual for keras', guess=True)
    assert str(stated) == 'input_size 640x480 (the input)'
    assert str(guessed) == 'mean 0.5, 0.25, 1 (a guess: usual for keras)'
    assert str(Decision('scale', 1 / 255, 'given')) == 'scale 0.00392157 (given)'
    assert guesses([stated, guessed]) == (guessed,)
    both = Decision('scale', 2.0, 'usual for keras', guess=True)
    assert by_reason([guessed, stated, both]) == (
        'mean 0.5, 0.25, 1; scale 2 (a guess: usual for keras)',
        'input_size 640x480 (the input)',
    )
