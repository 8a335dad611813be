# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Compare the imports of the package with the rules in docs/architecture.md."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import ros_deep_learning

# The checkout, since an installed package has generated messages beside our files.
ROOT = Path(__file__).parents[1]
NAME = 'ros_deep_learning'
PACKAGE = ROOT / NAME

# Each floor imports from those below it, and its own rooms from left to right.
FLOORS = (
    ('launching', 'nodes', 'cli', 'jetson'),
    ('benchmarking', 'events'),
    ('training', 'bags', 'fleet'),
    ('__init__',),
    ('evaluation',),
    ('collecting',),
    ('networks',),
    ('recognition',),
    ('tasks',),
    ('engines',),
    ('downloads', 'importers', 'onnx_tools'),
    ('datasets',),
    ('cards',),
    ('video', 'imaging'),
    ('pictures',),
    ('web',),
    ('files', 'private_files', 'locks'),
    ('paths', 'text', 'progress', 'cpus'),
    ('errors',),
)
NEVER = {('tasks', 'engines'), ('video', 'imaging')}
"""Rooms that do not know each other although one stands above the other."""
ROS_ROOMS = ('nodes', 'launching')

# Whatever is neither here, nor in the standard library, nor ours belongs to ROS. (google is
# protobuf, which comes with onnx.)
LIBRARIES = {
    'aiohttp',
    'aioice',
    'aiortc',
    'cv2',
    'filelock',
    'fsspec',
    'google',
    'grpc',
    'lightning_fabric',
    'lz4',
    'mcap',
    'numpy',
    'onnx',
    'onnxruntime',
    'platformdirs',
    'pycocotools',
    'av',
    'pycuda',
    'pynvml',
    'pytorch_lightning',
    'ray',
    'rosbags',
    'safetensors',
    'scipy',
    'simplejpeg',
    'tensorrt',
    'tensorrt_rtx',
    'timm',
    'torch',
    'torchmetrics',
    'torchvision',
    'tqdm',
    'transformers',
    'tritonclient',
    'yaml',
    'zstandard',
}
MOST_FILES_IN_A_ROOM = 20


def imports(path: Path, package: str) -> Iterator[str]:
    """Every name that a file imports, absolute; ``package`` is the dotted one it lies in."""
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split('.')[: -(node.level - 1) or None] if node.level else []
            base = '.'.join([*parts, *([node.module] if node.module else [])])
            # ``from . import x`` may name a module.
            yield from (f'{base}.{alias.name}' for alias in node.names)


@cache
def modules() -> Mapping[str, tuple[str, ...]]:
    """Every module of the package, by its dotted name, with what it imports."""
    found = {}
    for path in sorted(PACKAGE.rglob('*.py')):
        parts = (NAME, *path.relative_to(PACKAGE).with_suffix('').parts)
        package = '.'.join(parts[:-1])
        name = package if parts[-1] == '__init__' else '.'.join(parts)
        found[name] = tuple(imports(path, package))
    return found


def arrows() -> Mapping[str, set[str]]:
    """Which modules of the package each of them imports."""
    known = modules()
    found = {}
    for module, names in known.items():
        names = [name for name in names if not f'{name}.'.startswith(f'{NAME}.msg.')]
        # The last part may be a name within a module.
        targets = {name if name in known else name.rpartition('.')[0] for name in names}
        found[module] = targets & set(known) - {module}
    return found


def room(module: str) -> str:
    return module.split('.')[1] if '.' in module else '__init__'


def allowed() -> Mapping[str, set[str]]:
    rooms = [name for floor in FLOORS for name in floor]
    return {
        name: {r for r in rooms[rooms.index(name) :] if (name, r) not in NEVER} for name in rooms
    }


def test_every_room_has_a_floor():
    there = {path.name for path in PACKAGE.iterdir() if (path / '__init__.py').is_file()}
    there |= {path.stem for path in PACKAGE.glob('*.py')}
    assert there == {name for floor in FLOORS for name in floor}


def test_relative_imports_are_understood(tmp_path):
    path = tmp_path / 'module.py'
    path.write_text('from . import a\nfrom .b import c\nfrom ...d.e import f\nimport g.h\n')
    assert list(imports(path, 'p.q.r')) == ['p.q.r.a', 'p.q.r.b.c', 'p.d.e.f', 'g.h']


def test_arrows_run_downward():
    may = allowed()
    upward = [
        f'{module} imports {target}'
        for module, targets in arrows().items()
        for target in targets
        if room(target) not in may[room(module)]
    ]
    assert upward == []


def test_no_modules_import_each_other_in_a_circle():
    try:
        TopologicalSorter(arrows()).prepare()
    except CycleError as err:
        pytest.fail(' -> '.join(err.args[1]))


def test_the_importers_have_one_door():
    """They are optional: only the names that the room itself exports are used outside of it."""
    door = f'{NAME}.importers'
    around = [
        f'{module} imports {target}'
        for module, targets in arrows().items()
        for target in targets
        if target.startswith(f'{door}.') and not module.startswith(door)
    ]
    assert around == []


def test_the_importers_cost_nothing_to_others():
    done = run_python(
        'import sys\n'
        'from ros_deep_learning.cli import models, models_custom\n'
        'from ros_deep_learning.downloads import store\n'
        'from ros_deep_learning.networks import detectnet, imagenet, segnet\n'
        'from ros_deep_learning.recognition import custom, find\n'
        f'print([name for name in sys.modules if name.startswith("{NAME}.importers")])\n'
    )
    assert done.stdout.strip() == '[]', done.stderr


def test_the_rooms_of_the_nodes_do_not_import_each_other_in_a_circle():
    found: dict[str, set[str]] = {}
    for module, targets in arrows().items():
        for target in targets:
            near, far = (name.split('.')[1:-1] for name in (module, target))
            if near[:1] == far[:1] == ['nodes'] and near != far and near[1:] and far[1:]:
                found.setdefault(near[1], set()).add(far[1])
    assert {'lifecycle', 'stream', 'messages'} <= set(found)
    try:
        TopologicalSorter(found).prepare()
    except CycleError as err:
        pytest.fail(' -> '.join(err.args[1]))


def test_ros_stays_in_its_rooms():
    ours = {*LIBRARIES, *sys.stdlib_module_names, NAME}
    ros = [
        f'{module} imports {name}'
        for module, names in modules().items()
        for name in names
        if room(module) not in ROS_ROOMS
        and (name.partition('.')[0] not in ours or name.startswith(f'{NAME}.msg'))
    ]
    assert ros == []


def test_a_room_holds_what_one_can_look_over():
    rooms = [PACKAGE, *(path.parent for path in PACKAGE.rglob('__init__.py'))]
    crowded = {
        str(folder.relative_to(PACKAGE)): count
        for folder in rooms
        if (count := len(list(folder.glob('*.py')))) > MOST_FILES_IN_A_ROOM
    }
    assert crowded == {}


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
