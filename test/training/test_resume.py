# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A training that is killed and continued ends as one that was not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.training]

PROGRAM = """
import sys
import torchvision_ops
torchvision_ops.define()
from ros_deep_learning.cli.rdl import main
sys.exit(main(sys.argv[1:]))
"""
# Has dropout, whose random numbers belong to what must be the same.
WANTED = ('--network', 'mobilenet_v3_small', '--size', '32', '--batch', '8', '--weights', 'none')


def start(*arguments, log):
    support = str(Path(__file__).parents[1] / 'support')
    path = os.pathsep.join([support, os.environ.get('PYTHONPATH', '')])
    with log.open('w') as stream:
        return subprocess.Popen(
            [sys.executable, '-c', PROGRAM, 'train', *map(str, arguments)],
            env={**os.environ, 'PYTHONPATH': path},
            stderr=stream,
            stdout=subprocess.DEVNULL,
        )


def wait_for(text, log, process):
    while text not in log.read_text() and process.poll() is None:
        time.sleep(0.02)


def tensors(value):
    """List the tensors within a state, in an order of their names."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value, key=str) for leaf in tensors(value[key])]
    if isinstance(value, (list, tuple)):
        return [leaf for one in value for leaf in tensors(one)]
    return [value] if hasattr(value, 'dtype') else []


@pytest.mark.parametrize(('kills', 'epochs'), [(2, 4), (20, 24)])
def test_killed_at_random_points_it_reaches_the_same_state_bit_for_bit(
    libraries, class_folders, tmp_path, kills, epochs
):
    import torch

    log, arguments = tmp_path / 'log', (*WANTED, '--epochs', epochs, '--patience', 0)
    whole = start(class_folders, '-o', tmp_path / 'whole', *arguments, log=log)
    assert whole.wait() == 0, log.read_text()
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for number, epoch in enumerate(sorted(chance.sample(range(1, epochs), kills))):
        again = ['--resume'] if number else [class_folders, *arguments]
        process = start(*again, '-o', tmp_path / 'killed', log=log)
        wait_for(f'epoch {epoch} of', log, process)
        time.sleep(chance.uniform(0, 0.5))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, log.read_text()
    # Continued by the line that began it.
    process = start(class_folders, *arguments, '--resume', '-o', tmp_path / 'killed', log=log)
    assert process.wait() == 0, log.read_text()
    for name in ('last.ckpt', 'best.ckpt'):
        one, other = (
            torch.load(tmp_path / run / name, weights_only=True) for run in ('whole', 'killed')
        )
        assert one['callbacks']['Curves'] == other['callbacks']['Curves'], f'seed {seed}'
        parts = ('state_dict', 'current_model_state', 'averaging_state', 'optimizer_states')
        for part in parts:
            assert len(tensors(one[part])) == len(tensors(other[part])) > 0
            same = map(torch.equal, tensors(one[part]), tensors(other[part]))
            assert all(same), f'{part} of {name}, seed {seed}'
