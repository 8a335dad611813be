# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the import of ONNX Runtime: it leaves nothing in the user's home."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import ros_deep_learning.onnx_tools.onnxruntime_import as onnxruntime_import
from ros_deep_learning.errors import DeepLearningError
from ros_deep_learning.onnx_tools.load import import_onnx

PACKAGE = Path(__file__).resolve().parents[2] / 'ros_deep_learning'

CLASSIFY = """
import numpy as np
from ros_deep_learning import ImageNet

with ImageNet('efficientnet-lite0', backend='onnxruntime') as net:
    print(len(net.classify(np.zeros((224, 224, 3), np.uint8), top_k=3).class_ids))
"""


def test_a_network_that_runs_writes_no_telemetry(tmp_path: Path) -> None:
    environ = {
        name: value for name, value in os.environ.items() if name != 'ORT_DISABLE_TELEMETRY'
    }
    environ |= {'HOME': str(tmp_path), 'XDG_CACHE_HOME': str(tmp_path / '.cache')}
    done = subprocess.run(
        [sys.executable, '-c', CLASSIFY], env=environ, capture_output=True, text=True, check=False
    )
    assert done.stdout == '3\n', done.stderr
    written = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob('*') if path.is_file()]
    assert [path for path in written if not path.startswith('.cache/ros_deep_learning/')] == []


def test_what_the_user_has_set_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('ORT_DISABLE_TELEMETRY', '0')
    assert onnxruntime_import.import_onnxruntime().__name__ == 'onnxruntime'
    assert os.environ['ORT_DISABLE_TELEMETRY'] == '0'


def test_a_submodule_is_imported_by_its_name() -> None:
    quantization = onnxruntime_import.import_onnxruntime('quantization')
    assert quantization.__name__ == 'onnxruntime.quantization'


def test_no_other_file_imports_onnxruntime() -> None:
    importing = re.compile(r'^\s*(import|from) onnxruntime\b', re.MULTILINE)
    assert [path for path in PACKAGE.rglob('*.py') if importing.search(path.read_text())] == []


@pytest.mark.parametrize(
    ('package', 'load'),
    [('onnxruntime', onnxruntime_import.import_onnxruntime), ('onnx', import_onnx)],
)
def test_a_missing_package_is_an_error_with_the_command_to_type(
    monkeypatch: pytest.MonkeyPatch, package: str, load: Callable[[], object]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DeepLearningError, match=f'to fix: pip install {package}$'):
        load()


@pytest.mark.parametrize(
    ('package', 'load'),
    [('onnxruntime', onnxruntime_import.import_onnxruntime), ('onnx', import_onnx)],
)
def test_a_package_that_does_not_load_is_an_error_with_its_cause(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str, load: Callable[[], object]
) -> None:
    """A protobuf of another age raises a TypeError of several lines, as other libraries do."""
    (tmp_path / f'{package}.py').write_text("raise TypeError('Descriptors cannot\\nbe created')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, package, raising=False)
    said = f'^{package} is installed but does not load: Descriptors cannot be created; to fix: '
    with pytest.raises(DeepLearningError, match=said):
        load()
