# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The only place that imports ONNX Runtime, so that its telemetry is off before it starts."""

from __future__ import annotations

import importlib
import os
from typing import Any

TELEMETRY_SWITCH = 'ORT_DISABLE_TELEMETRY'


def import_onnxruntime(submodule: str = '') -> Any:
    """Import ``onnxruntime`` or one of its submodules, with its telemetry switched off.

    From version 1.32 on, ONNX Runtime queues usage events for sending in ``~/.cache/Microsoft``,
    unless this variable is set before the library is loaded. A value that the user has set is
    kept.

    Args:
        submodule: Name below ``onnxruntime``, such as ``quantization``; empty for the package.

    Raises:
        ImportError: It is not installed, or broken.
    """
    os.environ.setdefault(TELEMETRY_SWITCH, '1')
    return importlib.import_module('onnxruntime' + f'.{submodule}' * bool(submodule))
