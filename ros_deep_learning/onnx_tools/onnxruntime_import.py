# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The only place that imports ONNX Runtime, so that its telemetry is off before it starts."""

from __future__ import annotations

import importlib
import os
from typing import Any

from ..errors import BackendUnavailableError
from ..text import one_line

TELEMETRY_SWITCH = 'ORT_DISABLE_TELEMETRY'


def import_onnxruntime(submodule: str = '') -> Any:
    """Import ``onnxruntime`` or one of its submodules, with its telemetry switched off.

    From version 1.32 on, ONNX Runtime queues usage events for sending in ``~/.cache/Microsoft``,
    unless this variable is set before the library is loaded. A value that the user has set is
    kept.

    Args:
        submodule: Name below ``onnxruntime``, such as ``quantization``; empty for the package.

    Raises:
        BackendUnavailableError: It is not installed, or broken.
    """
    os.environ.setdefault(TELEMETRY_SWITCH, '1')
    try:
        return importlib.import_module('onnxruntime' + f'.{submodule}' * bool(submodule))
    except ImportError as err:
        msg = f'{one_line(err)}; to fix: pip install onnxruntime'
        raise BackendUnavailableError(msg) from err
    except Exception as err:
        msg = (
            f'onnxruntime is installed but does not load: {one_line(err)}; to fix: '
            'pip install -U onnxruntime'
        )
        raise BackendUnavailableError(msg) from err
