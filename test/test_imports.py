# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Hold the house's import rules, told in docs/architecture.md, against the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ros_deep_learning

# The checkout, since an installed package has generated messages beside our files.
ROOT = Path(__file__).parents[1]
NAME = 'ros_deep_learning'
PACKAGE = ROOT / NAME

# Each area with those it may import; arrows run downward only.
FOUNDATION = {'errors', 'paths', 'progress'}
MODELS = FOUNDATION | {'imaging'}
PARTS = MODELS | {'models'}
LIBRARY = PARTS | {'tasks', 'engines'}
TOP = LIBRARY | {'networks'}
MAY_IMPORT = {
    'errors': set(),
    'paths': FOUNDATION,
    'progress': FOUNDATION,
    'imaging': FOUNDATION,
    'models': MODELS,
    'tasks': PARTS,
    'engines': PARTS,
    'networks': LIBRARY,
    'nodes': TOP | {'cli'},
    'cli': TOP,
    '__init__': TOP,
}

# Everything that is neither here, nor in the standard library, nor ours belongs to ROS. (google
# is protobuf, which comes with onnx.)
LIBRARIES = {
    'cv2',
    'filelock',
    'google',
    'numpy',
    'onnx',
    'onnxruntime',
    'platformdirs',
    'pycuda',
    'pynvml',
    'scipy',
    'tensorrt',
    'tensorrt_rtx',
    'tqdm',
    'yaml',
}


def imports(path, package):
    """Every module that a file imports, absolute; ``package`` is the dotted one it lies in."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'), str(path))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split('.')[: -(node.level - 1) or None] if node.level else []
            base = '.'.join([*parts, *([node.module] if node.module else [])])
            # ``from . import x`` may name a module.
            found += [f'{base}.{alias.name}' for alias in node.names]
    return found


def files():
    """Every Python file of the package, with its area and its dotted package."""
    for path in sorted(PACKAGE.rglob('*.py')):
        relative = path.relative_to(PACKAGE)
        area = relative.parts[0] if len(relative.parts) > 1 else relative.stem
        yield pytest.param(path, area, '.'.join((NAME, *relative.parent.parts)), id=str(relative))


def test_every_area_has_a_rule():
    areas = {path.name for path in PACKAGE.iterdir() if (path / '__init__.py').is_file()}
    areas |= {path.stem for path in PACKAGE.glob('*.py')}
    assert areas == set(MAY_IMPORT)


def test_relative_imports_are_understood(tmp_path):
    path = tmp_path / 'module.py'
    path.write_text('from . import a\nfrom .b import c\nfrom ...d.e import f\nimport g.h\n')
    assert imports(path, 'p.q.r') == ['p.q.r.a', 'p.q.r.b.c', 'p.d.e.f', 'g.h']


@pytest.mark.parametrize(('path', 'area', 'package'), list(files()))
def test_arrows_run_downward(path, area, package):
    upward = []
    for name in imports(path, package):
        top, _, rest = name.partition('.')
        target = rest.partition('.')[0]
        if top == NAME and target != 'msg' and target not in MAY_IMPORT[area] | {area}:
            upward.append(name)
    assert upward == [], f'{area} may import {sorted(MAY_IMPORT[area])}'


@pytest.mark.parametrize(('path', 'area', 'package'), list(files()))
def test_ros_stays_in_its_rooms(path, area, package):
    if area == 'nodes':
        return
    ros = [
        name
        for name in imports(path, package)
        if name.partition('.')[0] not in {*LIBRARIES, *sys.stdlib_module_names, NAME}
        or name.startswith(f'{NAME}.msg')
    ]
    assert ros == []


def run_python(code):
    return subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


BLOCK = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        top = name.partition('.')[0]
        if top not in {'numpy', 'ros_deep_learning'} and top not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f'{name} is blocked')

sys.meta_path.insert(0, Block())
"""


def test_the_package_needs_numpy_only():
    done = run_python(
        BLOCK
        + 'import ros_deep_learning as r\n'
        + 'from ros_deep_learning import DeepLearningError, DetectionSettings, EngineLoader\n'
        + 'assert set(r.__all__) <= set(dir(r))\n'
        + 'EngineLoader()\n'
        + 'import cv2\n'
    )
    assert done.stderr.strip().endswith('ModuleNotFoundError: cv2 is blocked'), done.stderr


def test_the_package_itself_imports_nothing_heavy():
    done = run_python(
        'import sys, ros_deep_learning\n'
        'loaded = {name.partition(".")[0] for name in sys.modules}\n'
        'print(sorted(loaded - set(sys.stdlib_module_names) - {"ros_deep_learning"}))\n'
    )
    loaded = set(ast.literal_eval(done.stdout))
    assert not loaded & (LIBRARIES - {'numpy'}), done.stderr


def test_every_public_name_is_there():
    for name in ros_deep_learning.__all__:
        assert getattr(ros_deep_learning, name).__name__ == name


def test_no_public_name_brings_ros():
    done = run_python(
        'import sys, ros_deep_learning as r\n'
        'for name in r.__all__:\n'
        '    getattr(r, name)\n'
        'print(sorted({name.partition(".")[0] for name in sys.modules}))\n'
    )
    loaded = ast.literal_eval(done.stdout)
    assert 'cv2' in loaded, done.stderr
    assert [name for name in loaded if name == 'rclpy' or name.endswith('_msgs')] == []


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        ros_deep_learning.nothing  # noqa: B018
