# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The door of the importers: what happens where their packages are not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers import caffe_input_shapes, uff_input_size


@pytest.mark.parametrize('read', [caffe_input_shapes, uff_input_size])
def test_a_missing_package_is_named_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: object
) -> None:
    assert callable(read)
    path = tmp_path / 'net'
    path.write_bytes(b'')
    for name in [n for n in sys.modules if n.partition('.')[0] == 'google']:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConversionError, match=r'needs the Python package google.*; fix: pip'):
        read(path)
