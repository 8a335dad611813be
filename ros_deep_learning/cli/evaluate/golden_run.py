# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run networks on the kept picture, and print how far they are from the kept answers."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ...cards.card import ModelCard
from ...downloads.store import ModelStore
from ...engines.loader import EngineLoader
from ...engines.registry import BACKENDS, choose_backend
from ...errors import BackendUnavailableError, DeepLearningError
from ...evaluation.golden import GoldenAnswers, load_answers
from ...evaluation.run import Wish, open_network
from ..bar import progress_bar
from ..models_tables import table


def run_networks(cards: Sequence[ModelCard], *, all_backends: bool, say_absent: bool) -> int:
    """Run networks whose files are here, and print a table; nothing is downloaded.

    Args:
        cards: The networks.
        all_backends: Whether each runs on all backends of this machine, or on the best one.
        say_absent: Whether networks with a kept answer that are not among them are named.

    Returns:
        How many answers were wrong or missing.
    """
    answers = load_answers()
    backends = _usable_backends() if all_backends else ['auto']
    loader = EngineLoader(ModelStore(offline=True))
    rows, wrong = [], 0
    for card in cards:
        if card.name not in answers.by_name:
            rows.append([card.name, '-', '-', '-', 'no kept answer'])
            continue
        for backend in backends:
            try:
                row, is_right = _run(answers, Wish(card.name, card, backend), loader)
            except DeepLearningError as err:
                print(f'rdl models: {card.name}: {err}', file=sys.stderr)
                row, is_right = [card.name, backend, '-', 'FAILED', 'see above'], False
            rows.append(row)
            wrong += not is_right
    if rows:
        print(table(['NETWORK', 'BACKEND', 'PRECISION', 'RESULT', 'DIFFERENCE'], rows))
    names = {card.name for card in cards}
    absent = [name for name in answers.by_name if name not in names]
    if say_absent and absent:
        print(f'not here, so not run: {", ".join(absent)} (rdl models download NAME)')
    return wrong


def _run(answers: GoldenAnswers, wish: Wish, loader: EngineLoader) -> tuple[list[str], bool]:
    with progress_bar() as progress, open_network(wish, loader, progress) as network:
        info = network.info
        verdict = answers.compare(network)
    result = 'right' if verdict.is_right else 'WRONG'
    return [wish.model, info.backend, info.precision, result, verdict.text], verdict.is_right


def _usable_backends() -> list[str]:
    """Return the backends that can run here, and print why others cannot."""
    usable = []
    for name in BACKENDS:
        try:
            choose_backend(name)
        except BackendUnavailableError as err:
            print(err)
        else:
            usable.append(name)
    return usable
