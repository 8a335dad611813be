# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""List the Python names of a TensorRT release, without its libraries.

PyPI has NVIDIA's module itself (``tensorrt-cu12-bindings``), but not the libraries it links to.
With empty ones in their place it imports, so its classes and enumerations can be listed.

Usage: python dev/tensorrt_api.py 10.16.1.11 >test/engines/tensorrt/api_10_16_1.json
Needs pip, gcc, nm and readelf.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

CLASSES = (
    'Builder',
    'EngineInspector',
    'IBuilderConfig',
    'ICudaEngine',
    'IExecutionContext',
    'ILogger',
    'INetworkDefinition',
    'IOptimizationProfile',
    'ITimingCache',
    'OnnxParser',
    'ParserError',
    'Runtime',
)
ENUMS = (
    'BuilderFlag',
    'DataType',
    'DeviceType',
    'MemoryPoolType',
    'NetworkDefinitionCreationFlag',
    'PreviewFeature',
    'TensorIOMode',
    'TensorLocation',
)
_LIST = f"""
import json
import tensorrt_bindings as trt

def public(owner):
    return sorted(name for name in dir(owner) if not name.startswith('_'))

print(json.dumps({{
    'module': 'tensorrt',
    'version': trt.__version__,
    'names': public(trt),
    'classes': {{name: public(getattr(trt, name)) for name in {CLASSES!r}}},
    'enums': {{
        name: {{key: int(value) for key, value in getattr(trt, name).__members__.items()}}
        for name in {ENUMS!r}
    }},
}}))
"""


def record(version: str, folder: Path) -> dict[str, object]:
    """Download the Python module of a release into a folder, and list its names."""
    pip = [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:']
    wanted = f'tensorrt-cu12-bindings=={version}'
    subprocess.run([*pip, '--dest', folder, wanted], check=True, stdout=sys.stderr)
    for wheel in folder.glob('*.whl'):
        zipfile.ZipFile(wheel).extractall(folder)
    _make_empty_libraries(folder / 'tensorrt_bindings' / 'tensorrt.so', folder)
    paths = {'PYTHONPATH': str(folder), 'LD_LIBRARY_PATH': str(folder)}
    listed = _output(sys.executable, '-c', _LIST, env={**os.environ, **paths})
    return dict(json.loads(listed))


def _make_empty_libraries(module: Path, folder: Path) -> None:
    needed = re.findall(r'\[(libnv\S+)\]', _output('readelf', '--dynamic', str(module)))
    missing = re.findall(r' U (\w*(?:Infer|Nv|Plugin)\w*)$', _undefined(module), re.MULTILINE)
    code = folder / 'empty.c'
    code.write_text(''.join(f'void *{name}(void) {{ return 0; }}\n' for name in missing))
    for library in needed:
        link = ['gcc', '-shared', '-fPIC', f'-Wl,-soname,{library}', '-o', folder / library, code]
        subprocess.run(link, check=True)


def _undefined(module: Path) -> str:
    return _output('nm', '--dynamic', '--undefined-only', str(module))


def _output(*command: str, env: dict[str, str] | None = None) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as temporary:
        print(json.dumps(record(sys.argv[1], Path(temporary)), indent=1))
