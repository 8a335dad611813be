# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What outputs of programs depend on: which network ran, and on what."""

from __future__ import annotations

import hashlib
from typing import Any

from ...downloads.store import ModelStore
from ...engines.registry import REMOTE
from ...engines.tensorrt.plans.plan_key import hash_onnx
from ...onnx_tools.facts import read_facts


def fingerprint(network: Any) -> str:
    """Return what tells a network from another: its file, how it is read, and its classes.

    Raises:
        DeepLearningError: The file is gone.
    """
    card = network.card
    reading = (card.input, sorted(card.outputs.items()), card.decoder, network.labels)
    if network.info.backend == REMOTE:
        # Its file is on the server.
        file = f'{network.info.device} {network.info.version}'
    else:
        file = hash_onnx(read_facts(ModelStore(offline=True).onnx_path(card)))
    text = f'{file} {reading!r} {network.colors_rgb.tolist()}'
    return hashlib.sha256(text.encode()).hexdigest()


def engine_facts(network: Any) -> tuple[str, str, str, str]:
    """Return backend, version, precision and device of a network, which its numbers depend on."""
    info = network.info
    return info.backend, info.version, info.precision, info.device
