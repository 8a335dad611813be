# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Make an int8 network of a float one with frames, and say what it loses and gains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cards.card import ModelCard
from ..cards.embedded_card import card_metadata
from ..downloads.own_cards import refuse_foreign_card, write_card_beside
from ..engines.speed import Speed, compare_speed
from ..errors import SettingsError
from ..imaging.pixels import Pixels
from ..onnx_tools.facts import read_facts
from ..onnx_tools.quantize import Method, Quantised, judged, quantize, run_exactly
from ..progress import Progress
from ..tasks.preprocess import placement, preprocess
from .agreement import Agreement, agreement, answers_kept

GOAL = 0.995
"""Share of the answers on calibration frames that int8 must keep."""

HELD_OUT = 0.2
"""Share of the frames that are kept to check with."""

_LEAST_FRAMES = 2


@dataclass(frozen=True, slots=True)
class Int8Network:
    """An int8 network.

    Attributes:
        made: Its layers.
        report: How far it agrees with the float one on frames that it was not calibrated with.
        speed: Of both on this CPU.
        card: Its card, which is written beside it.
    """

    made: Quantised
    report: Agreement
    speed: Speed
    card: ModelCard

    def describe(self) -> list[str]:
        """Return what was made, one line for people each."""
        names = f': {", ".join(self.made.floats)}' if self.made.floats else ''
        return [
            f'{self.made.int8} layers in int8, {len(self.made.floats)} kept in float{names}',
            f'against the float network on frames it was not calibrated with: {self.report}',
            str(self.speed),
        ]


def make_int8(
    card: ModelCard,
    labels: Sequence[str] | None,
    onnx_path: Path,
    frames: Iterable[Pixels],
    output: Path,
    *,
    method: Method = 'entropy',
    goal: float = GOAL,
    held_out: float = HELD_OUT,
    progress: Progress,
) -> Int8Network:
    """Calibrate with most of the frames, and compare on the others.

    Args:
        card: Of the float network.
        labels: Its labels; None if it has none.
        onnx_path: Its file.
        frames: Of the kind that it will see; each is prepared for the network and let go, since
            hundreds of photographs need gigabytes.
        output: The file to write, which gets a card beside it.
        method: How to choose the range of a tensor.
        goal: Share of the answers on calibration frames that must stay; 0 = all layers in int8.
        held_out: Share of the frames to compare on.
        progress: Told how far it is.

    Raises:
        SettingsError: There are fewer than two frames.
        CardError: Another file is where the card belongs.
        BuildError: The network cannot be quantised, or the file not written.
        DeepLearningError: One of the networks failed.
    """
    refuse_foreign_card(output)
    name = card.input.name or next(iter(read_facts(onnx_path).inputs))
    placements, feeds = [], []
    for frame in frames:
        placements.append(placement(frame.size_wh, card.input))
        feeds.append({name: preprocess([frame], card.input)})
    if len(feeds) < _LEAST_FRAMES:
        msg = f'calibration and check need one each, but there are {len(feeds)} frames'
        raise SettingsError(msg)
    # What was measured with the float network says nothing of this one.
    made_of = replace(
        card, accuracy=None, checked=None, family=None, notes=f'Int8, made of {card.name}.'
    )
    held = held_out_frames(len(feeds), held_out)
    seen = [index for index in range(len(feeds)) if index not in held]
    kept = answers_kept(card, [placements[seen[i]] for i in judged(len(seen))], goal)
    made = quantize(
        onnx_path,
        output,
        [feeds[index] for index in seen],
        method=method,
        goal=kept if goal else None,
        metadata=card_metadata(made_of, labels),
        progress=progress,
    )
    progress('comparing with the float network', None)
    check: list[dict[str, NDArray[Any]]] = [feeds[index] for index in sorted(held)]
    report = agreement(
        card,
        [placements[index] for index in sorted(held)],
        run_exactly(onnx_path, check),
        run_exactly(output, check),
    )
    progress('measuring the speed', None)
    speed = compare_speed(onnx_path, output, feeds[0], card.input)
    return Int8Network(made, report, speed, write_card_beside(made_of, output))


def held_out_frames(count: int, share: float) -> set[int]:
    """Return the indices of the frames to check with, evenly spread: at least one, never all."""
    wanted = min(max(round(count * share), 1), count - 1)
    return {int(i) for i in np.linspace(0, count - 1, wanted).round()}
