# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Facts about the running Python; works on any Python 3, so that an old one can be refused."""

import importlib.util
import json
import os
import platform
import sys
import sysconfig


def facts() -> dict:  # type: ignore[type-arg]  # dict[...] is no syntax of Python 3.8
    """Collect the fields of `interpreter.Interpreter`."""
    inside = sys.prefix != sys.base_prefix
    return {
        # The resolved path, since an environment made from python3 reports python3.11.
        'executable': os.path.realpath(getattr(sys, '_base_executable', sys.executable)),
        'asked': sys.executable,
        'implementation': platform.python_implementation(),
        'version': tuple(sys.version_info[:3]),
        'machine': sys.platform + '-' + platform.machine(),
        'include': sysconfig.get_paths()['include'],
        'has_venv': all(importlib.util.find_spec(name) for name in ('venv', 'ensurepip')),
        'packages': tuple(
            path
            for path in sys.path
            if inside and path.endswith(('site-packages', 'dist-packages'))
        ),
    }


if __name__ == '__main__':
    print(json.dumps(facts()))
