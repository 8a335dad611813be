# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the backend without a GPU: what it refuses, and why."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.tensorrt import backend
from ros_deep_learning.engines.tensorrt.backend import TensorRtBackend, this_machine
from ros_deep_learning.engines.tensorrt.runtime import cuda
from ros_deep_learning.engines.tensorrt.target import Target
from ros_deep_learning.errors import (
    BackendUnavailableError,
    EngineError,
    PlanError,
    SettingsError,
)
from ros_deep_learning.progress import silent


@pytest.fixture
def load(monkeypatch, rtx):
    """Load as on a machine with a GPU, up to the deserialisation."""
    target = Target('NVIDIA Test', (8, 6), 0)
    monkeypatch.setattr(backend, 'this_machine', lambda device: (rtx, target))
    monkeypatch.setattr(backend, '_deserialise', lambda plan, *rest: SimpleNamespace(plan=plan))

    def run(path, *, precision='auto', **options):
        return TensorRtBackend().load(
            path,
            input_spec=None,
            precision=precision,
            options=EngineOptions(**options),
            progress=silent,
        )

    return run


@pytest.fixture
def own_plan(tmp_path):
    path = tmp_path / 'mine.engine'
    path.write_bytes(b'plan')
    path.chmod(0o600)
    return path


def test_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, 'pycuda', None)
    assert 'PyCUDA does not load' in TensorRtBackend().unavailable_reason()


def test_making_one_imports_nothing_heavy():
    program = (
        'import sys; from ros_deep_learning.engines.tensorrt.backend import TensorRtBackend; '
        'TensorRtBackend(); '
        'heavy = {"tensorrt", "tensorrt_rtx", "pycuda", "onnx", "onnxruntime", "filelock"}; '
        'print(sorted(heavy & set(sys.modules)))'
    )
    done = subprocess.run(
        [sys.executable, '-c', f'import sys; sys.path[:] = {sys.path!r}; {program}'],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ('[]\n', '')


def test_rtx_refuses_a_gpu_that_it_does_not_run_on(monkeypatch, rtx):
    monkeypatch.setattr(backend, 'tensorrt', lambda: rtx)
    monkeypatch.setattr(cuda, 'find_gpu', lambda index: Target('NVIDIA H100', (9, 0), index))
    with pytest.raises(BackendUnavailableError, match=r'NVIDIA H100 has 9\.0; to fix: install'):
        this_machine(0)


def test_an_own_plan_needs_trust(load, own_plan):
    with pytest.raises(SettingsError, match=r'executable code; to fix: .* trust_engine_file'):
        load(own_plan)


def test_a_trusted_plan_is_read(load, own_plan):
    assert load(own_plan, trust_engine_file=True).plan == b'plan'


def test_a_trusted_plan_has_its_own_precision(load, own_plan):
    with pytest.raises(SettingsError, match='a fixed precision; to fix: use precision auto'):
        load(own_plan, trust_engine_file=True, precision='fp16')


@pytest.mark.parametrize('mode', [0o620, 0o602, 0o666])
def test_a_trusted_plan_is_nobody_elses(load, own_plan, mode):
    own_plan.chmod(mode)
    with pytest.raises(PlanError, match='group- or world-writable'):
        load(own_plan, trust_engine_file=True)


def test_a_missing_plan_is_said(load, tmp_path):
    with pytest.raises(EngineError, match=r'no engine file .*none\.plan'):
        load(tmp_path / 'none.plan', trust_engine_file=True)


def test_int8_is_never_made_up(load, save, conv_model):
    with pytest.raises(EngineError, match='make one with rdl quantize'):
        load(save(conv_model()), precision='int8')
