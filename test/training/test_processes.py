# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Trainings that share each batch: processes on the CPU stand for GPUs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from labelled_pictures import coco_folder, mask_folder

from ros_deep_learning.errors import TrainingError

pytestmark = [pytest.mark.slow, pytest.mark.training]

# The processes import it too.
PROGRAM = """
import sys
import torchvision_ops
torchvision_ops.define()
from ros_deep_learning.cli.rdl import main
if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
"""


def start(tmp_path, *arguments, patch=''):
    program = tmp_path / 'program.py'
    program.write_text(PROGRAM.replace('if __name__', f'{patch}\nif __name__'))
    support = str(Path(__file__).parents[1] / 'support')
    path = os.pathsep.join([support, os.environ.get('PYTHONPATH', '')])
    return subprocess.Popen(
        [sys.executable, program, 'train', *map(str, arguments), '--weights', 'none'],
        env={**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(tmp_path, *arguments, patch=''):
    process = start(tmp_path, *arguments, patch=patch)
    output, errors = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def wait_until(holds):
    latest_s = time.monotonic() + 200
    while not holds():
        assert time.monotonic() < latest_s
        time.sleep(0.1)


def test_two_processes_learn_what_one_learns(libraries, class_folders, tmp_path):
    """Of a network without batch statistics, whose batches they divide."""
    import torch

    wanted = ('--network', 'timm:convnext_atto', '--size', 32, '--batch', 8, '--epochs', 2)
    states = []
    for devices in (1, 2):
        folder = tmp_path / str(devices)
        ended = run(tmp_path, class_folders, '-o', folder, *wanted, '--devices', devices)
        assert ended.returncode == 0, ended.stderr
        states.append(torch.load(folder / 'last.ckpt', weights_only=True))
    one, two = states
    for name, row in enumerate(one['callbacks']['Curves']['rows']):
        assert two['callbacks']['Curves']['rows'][name] == pytest.approx(row, abs=1e-4)
    for name, value in one['state_dict'].items():
        torch.testing.assert_close(two['state_dict'][name], value, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    ('make', 'network'), [(coco_folder, 'dfine_n'), (mask_folder, 'lraspp_mobilenet_v3_large')]
)
def test_boxes_and_masks_are_judged_by_two_processes(
    libraries, chelsea, coffee, tmp_path, make, network
):
    data = make(tmp_path / 'data', {'cat': chelsea, 'coffee': coffee}, {'train': 16, 'val': 5})
    wanted = ('--network', network, '--size', 96, '--batch', 8, '--epochs', 1, '--devices', 2)
    ended = run(tmp_path, data, '-o', tmp_path / 'run', *wanted)
    assert ended.returncode == 0, ended.stderr
    assert '2 processes with 1 CPU threads' in ended.stdout
    assert (tmp_path / 'run/report.html').is_file()


LOADERS = """
from pathlib import Path
with Path({log!r}).open('a') as log:
    log.write(f'{{__name__}} ')
from ros_deep_learning.training import running
running._workers = lambda device, processes: 2
"""


def test_what_loads_pictures_does_not_import_the_program_again(libraries, class_folders, tmp_path):
    """As beside GPUs; each import of PyTorch takes seconds, one after the other."""
    log = tmp_path / 'log'
    wanted = ('--size', 32, '--batch', 8, '--epochs', 1, '--devices', 2)
    patch = LOADERS.format(log=str(log))
    ended = run(tmp_path, class_folders, '-o', tmp_path / 'run', *wanted, patch=patch)
    assert ended.returncode == 0, ended.stderr
    assert log.read_text().split() == ['__main__', '__mp_main__', '__mp_main__']
    stages = [line for line in ended.stderr.splitlines() if line.endswith(' ...')]
    assert stages[1:6] == [
        'starting 2 processes ...',
        'making the network ...',
        'waiting for the other processes ...',
        'loading the first pictures ...',
        'epoch 1 of 1 ...',
    ]


def test_a_process_that_dies_at_its_start_is_told(libraries, class_folders, tmp_path):
    dies = """
import os
from ros_deep_learning.training import processes
whole = processes.make_module
processes.make_module = lambda *given: (
    os._exit(7) if os.environ['LOCAL_RANK'] == '1' else whole(*given)
)
"""
    wanted = ('--size', 32, '--batch', 8, '--epochs', 1, '--devices', 2)
    ended = run(tmp_path, class_folders, '-o', tmp_path / 'run', *wanted, patch=dies)
    assert ended.returncode == 1
    assert 'rdl train: process 2 of 2 failed: ' in ended.stderr
    assert 'exit code 7' in ended.stderr


def test_a_process_that_hangs_at_its_start_is_told(libraries):
    from ros_deep_learning.training.processes import Starts

    starts = Starts(2, now=0.0)
    starts.heard(0, 'making the network', None, now=10.0)
    starts.heard(1, 'making the network', None, now=11.0)
    starts.heard(0, 'waiting for the other processes', None, now=12.0)
    starts.check(now=300.0)
    with pytest.raises(TrainingError, match=r"^process 2 of 2 has .* 300 s .* 'making the net"):
        starts.check(now=320.0)
    for rank in (0, 1):
        starts.heard(rank, 'epoch 1 of 9', 0.0, now=320.0)
    starts.check(now=10_000.0)


BREAKS = """
from ros_deep_learning.training.modules.classifier import Classifier
whole = Classifier.loss
def breaks(self, batch):
    {what}
    return whole(self, batch)
Classifier.loss = breaks
"""


def test_what_one_of_them_finds_ends_all(libraries, class_folders, tmp_path):
    nan = "if self.global_rank: return whole(self, batch) * float('nan')"
    wanted = ('--size', 32, '--batch', 8, '--epochs', 1, '--devices', 2)
    patch = BREAKS.format(what=nan)
    ended = run(tmp_path, class_folders, '-o', tmp_path / 'run', *wanted, patch=patch)
    assert ended.returncode == 1
    assert 'rdl train: the loss is nan in epoch 1, batch 1; to fix: a smaller --lr' in ended.stderr


def test_memory_that_runs_out_in_one_of_them_halves_the_batch(libraries, class_folders, tmp_path):
    import torch

    scarce = (
        'import torch\n'
        '    if self.global_rank and len(batch[1]) > 2: raise torch.OutOfMemoryError("scarce")'
    )
    wanted = ('--size', 32, '--batch', 8, '--epochs', 1, '--devices', 2)
    patch = BREAKS.format(what=scarce)
    ended = run(tmp_path, class_folders, '-o', tmp_path / 'run', *wanted, patch=patch)
    assert ended.returncode == 0, ended.stderr
    assert 'out of memory: 2 pictures at a time now' in ended.stderr
    assert torch.load(tmp_path / 'run/last.ckpt', weights_only=True)['epoch'] == 0


def test_no_process_outlives_the_first_one(libraries, class_folders, tmp_path):
    """As in NCCL, which waits for others and is not interrupted."""
    hangs = [
        'import os, pathlib, time',
        f'pathlib.Path({str(tmp_path)!r}, f"{{os.getpid()}}.pid").touch()',
        'while True:',
        '    try:',
        '        time.sleep(60)',
        '    except KeyboardInterrupt:',
        '        pass',
    ]
    wanted = ('--size', 32, '--batch', 8, '--epochs', 1, '--devices', 2)
    first = start(
        tmp_path,
        class_folders,
        '-o',
        tmp_path / 'run',
        *wanted,
        patch=BREAKS.format(what='\n    '.join(hangs)),
    )
    try:
        wait_until(lambda: len(list(tmp_path.glob('*.pid'))) == 2)
    finally:
        first.kill()
        first.communicate()
    others = [int(path.stem) for path in tmp_path.glob('*.pid')]
    wait_until(lambda: not any(map(psutil.pid_exists, others)))
