# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Load ONNX files."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OnnxError
from ..text import one_line

if TYPE_CHECKING:
    from onnx import ModelProto


def import_onnx() -> Any:
    """Import ``onnx``, which ROS distributions do not have.

    Raises:
        OnnxError: It is not installed, or broken.
    """
    try:
        return importlib.import_module('onnx')
    except ImportError as err:
        msg = f'{one_line(err)}; to fix: pip install onnx'
        raise OnnxError(msg) from err


def load_onnx(path: Path, *, weights: bool = True) -> ModelProto:
    """Load an ONNX file.

    Args:
        path: The file.
        weights: Whether to load weights that are stored in other files, too.

    Raises:
        OnnxError: The file is missing or is not an ONNX file, or the package onnx is missing.
    """
    onnx = import_onnx()
    try:
        model: ModelProto = onnx.load(str(path), load_external_data=weights)
    except Exception as err:
        msg = f'cannot read {path} as an ONNX file: {one_line(err)}'
        raise OnnxError(msg) from err
    return model
