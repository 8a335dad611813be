# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What was decided about a network whose file does not state it, and by which evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

GIVEN = 'given'
"""Evidence of what the user gave."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A key of a card that was decided by evidence.

    Attributes:
        key: ``task``, ``decoder``, ``scores`` (what a classifier's output is), ``input_size``,
            ``classes``, ``labels``, or a key of the card's input, such as ``resize`` or ``mean``.
        value: The value, as the card has it.
        evidence: What it was decided by, in words.
        guess: Whether nothing in the file or beside it states the value.
    """

    key: str
    value: Any
    evidence: str
    guess: bool = False

    @property
    def text(self) -> str:
        """The key and its value."""
        value = self.value
        if isinstance(value, tuple):
            joint = 'x' if self.key == 'input_size' else ', '
            value = joint.join(f'{part:g}' for part in value)
        elif isinstance(value, float):
            value = f'{value:g}'
        return f'{self.key} {value}'

    @property
    def reason(self) -> str:
        """The evidence, marked if the value is a guess."""
        return f'a guess: {self.evidence}' if self.guess else self.evidence

    def __str__(self) -> str:
        """Describe it in a few words."""
        return f'{self.text} ({self.reason})'


def guesses(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the decisions that are guesses."""
    return tuple(decision for decision in decisions if decision.guess)


def by_reason(decisions: Iterable[Decision]) -> tuple[str, ...]:
    """Return one text for each reason: the keys and values that it decided, and the reason."""
    texts: dict[str, list[str]] = {}
    for decision in decisions:
        texts.setdefault(decision.reason, []).append(decision.text)
    return tuple(f'{"; ".join(values)} ({reason})' for reason, values in texts.items())
