# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The packaging files, held against the code and against each other."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from configparser import ConfigParser
from email import message_from_string
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from catkin_pkg.package import parse_package
from packaging.requirements import Requirement

import ros_deep_learning

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'ros_deep_learning'
MANIFEST = ET.parse(ROOT / 'package.xml').getroot()

# Python modules whose rosdep key or distribution has another name.
ROSDEP_KEYS = {
    'aiohttp': 'python3-aiohttp',
    'cv2': 'python3-opencv',
    'filelock': 'python3-filelock',
    'numpy': 'python3-numpy',
    'platformdirs': 'python3-platformdirs',
    'scipy': 'python3-scipy',
    'tqdm': 'python3-tqdm',
    'yaml': 'python3-yaml',
}
PIP_NAMES = {'cv2': 'opencv-python-headless', 'yaml': 'pyyaml'}
# Come with another dependency, are optional and asked for where they are used, or are ours.
NOT_DECLARED = {
    'aioice',
    'aiortc',
    'ament_index_python',
    'av',
    'foxglove_msgs',
    'fsspec',
    'google',
    'grpc',
    'lightning_fabric',
    'lz4',
    'mcap',
    'onnx',
    'onnxruntime',
    'pycocotools',
    'pycuda',
    'pynvml',
    'pytorch_lightning',
    'ray',
    'rosbags',
    'ros_deep_learning',
    'safetensors',
    'simplejpeg',
    'tensorrt',
    'tensorrt_rtx',
    'timm',
    'torch',
    'torchmetrics',
    'torchvision',
    'transformers',
    'tritonclient',
    'zstandard',
}


def imports(folders: list[Path]) -> set[str]:
    names = set()
    for folder in folders:
        for path in folder.rglob('*.py'):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    names |= {alias.name.partition('.')[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    names.add(node.module.partition('.')[0])
    return names - sys.stdlib_module_names


def texts(*tags: str) -> list[str]:
    return [node.text or '' for tag in tags for node in MANIFEST.iter(tag)]


def programs() -> list[tuple[str, str, str]]:
    lines = (ROOT / 'resource' / 'programs.txt').read_text().splitlines()
    rows = (line.split() for line in lines if line and not line.startswith('#'))
    return [(first, second, third) for first, second, third in rows]


def test_the_manifest_is_complete() -> None:
    assert MANIFEST.get('format') == '3'
    assert texts('name') == ['ros_deep_learning']
    assert texts('license') == ['Apache-2.0']
    assert texts('build_type') == ['ament_cmake']
    assert texts('member_of_group') == ['rosidl_interface_packages']
    assert re.fullmatch(r'\d+\.\d+\.\d+', texts('version')[0])
    for person in MANIFEST.iter('maintainer'):
        # The pattern of catkin_pkg, which refuses the package otherwise.
        assert re.fullmatch(
            r'[-a-zA-Z0-9_%+]+(\.[-a-zA-Z0-9_%+]+)*'
            r'@[-a-zA-Z0-9%]+(\.[-a-zA-Z0-9%]+)*\.[a-zA-Z]{2,}',
            person.get('email', ''),
        )
    assert len(list(MANIFEST.iter('maintainer'))) == 1
    urls = {url.get('type'): url.text for url in MANIFEST.iter('url')}
    assert set(urls) == {'website', 'repository', 'bugtracker'}
    assert all(url and url.startswith('https://') for url in urls.values())


def test_catkin_pkg_reads_the_manifest_without_a_warning() -> None:
    warnings: list[str] = []
    assert parse_package(str(ROOT), warnings=warnings).name == 'ros_deep_learning'
    assert warnings == []


# What `rosdep resolve` (rosdep 0.26) finds for humble on jammy, and jazzy and kilted on noble, in
# ros/rosdistro at 8468e88 (2026-08-22): for each key an apt package. A package that is released on
# the build farm may depend on no key that pip installs. There is no key for onnx, and for
# onnxruntime only python3-onnxruntime-pip.
ROSDEP_RESOLVES = {
    'ament_cmake', 'ament_cmake_flake8', 'ament_cmake_lint_cmake', 'ament_cmake_pytest',
    'ament_cmake_python', 'ament_cmake_xmllint', 'bondpy', 'builtin_interfaces', 'cv_bridge',
    'diagnostic_msgs', 'diagnostic_updater', 'launch', 'launch_ros', 'lifecycle_msgs',
    'python3-aiohttp',
    'python3-catkin-pkg-modules', 'python3-filelock', 'python3-hypothesis', 'python3-numpy',
    'python3-opencv', 'python3-packaging', 'python3-pip', 'python3-platformdirs',
    'python3-psutil', 'python3-pytest', 'python3-pytest-timeout', 'python3-scipy',
    'python3-tqdm', 'python3-yaml', 'rcl_interfaces', 'rclpy', 'ros2launch',
    'rosidl_default_generators', 'rosidl_default_runtime', 'sensor_msgs', 'std_msgs',
    'std_srvs', 'vision_msgs',
}  # fmt: skip


def test_every_key_was_looked_up_in_rosdistro() -> None:
    tags = ('depend', 'buildtool_depend', 'exec_depend', 'test_depend')
    assert set(texts(*tags)) - ROSDEP_RESOLVES == set()


def test_every_import_is_declared() -> None:
    declared = set(texts('depend', 'exec_depend'))
    used = imports([PACKAGE, ROOT / 'launch'])
    keys = {ROSDEP_KEYS.get(name, name) for name in used - NOT_DECLARED}
    assert keys - declared == set()
    assert used >= {'numpy', 'rclpy', 'sensor_msgs'}


# Used without an import, by an option of pytest or by CMakeLists.txt.
TEST_TOOLS = {
    'ament_cmake_flake8',
    'ament_cmake_lint_cmake',
    'ament_cmake_pytest',
    'ament_cmake_xmllint',
    'python3-pytest-timeout',
}


def test_every_test_dependency_is_used() -> None:
    modules = imports([ROOT / 'test'])
    used = {'catkin_pkg': 'python3-catkin-pkg-modules'}
    keys = {used.get(name, f'python3-{name}') for name in modules}
    assert set(texts('test_depend')) - keys - TEST_TOOLS == set()


def test_ctest_runs_every_fast_test_once() -> None:
    build = (ROOT / 'CMakeLists.txt').read_text()
    suites = re.findall(
        r'ament_add_pytest_test\((\w+) \S+ TIMEOUT (\d+)[^)]*"PYTEST_ADDOPTS=-m \'(.*?)\'"', build
    )
    assert build.count('ament_add_pytest_test(') == len(suites)
    assert {marks for _, _, marks in suites} == {'not slow and not ros', 'not slow and ros'}
    # They took 4 and 11 minutes on two cores.
    assert min(int(seconds) for _, seconds, _ in suites) >= 3600


def test_what_messages_need_is_declared() -> None:
    used = set()
    for path in (ROOT / 'msg').glob('*.msg'):
        for line in path.read_text().splitlines():
            kind = line.partition('#')[0].split()[:1]
            if kind and '/' in kind[0]:
                used.add(kind[0].partition('/')[0])
    assert used - set(texts('depend')) == set()
    build = (ROOT / 'CMakeLists.txt').read_text()
    assert all(f'find_package({name} REQUIRED)' in build for name in used)


def test_pip_requires_what_the_library_imports() -> None:
    setup = (ROOT / 'setup.py').read_text()
    rooms = {path.parent for path in PACKAGE.glob('*/__init__.py')}
    library = sorted(rooms - {PACKAGE / 'nodes', PACKAGE / 'launching'})
    optional = NOT_DECLARED - {'onnx'} | {'onnxruntime', 'scipy'}
    for name in imports(library) - optional:
        assert re.search(rf"'{PIP_NAMES.get(name, name)}[',<>=]", setup), name


def test_every_program_has_its_function() -> None:
    rows = programs()
    assert {'demo', 'detectnet', 'video_source'} <= {name for name, _, _ in rows}
    for name, target, where in rows:
        module, _, function = target.partition(':')
        place = ROOT / module.replace('.', '/')
        path = place / '__init__.py' if place.is_dir() else place.with_suffix('.py')
        defined = {
            n.name for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)
        }
        assert function in defined, f'{name}: no {function} in {path}'
        assert where in {'ros', 'pip', 'all'}


def test_programs_for_pip_need_no_ros() -> None:
    for name, target, where in programs():
        if where != 'ros':
            assert '.nodes.' not in target, name


def test_the_licence_is_apache_and_the_notice_names_every_weight() -> None:
    assert 'Apache License' in (ROOT / 'LICENSE').read_text()[:200]
    notice = (ROOT / 'NOTICE').read_text()
    for weights in (ROOT / 'models' / 'weights').glob('*.onnx'):
        assert weights.name in notice


@pytest.fixture(scope='module')
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('wheel')
    source = folder / 'source'
    source.mkdir()
    for name in (
        'LICENSE',
        'MANIFEST.in',
        'NOTICE',
        'models',
        'package.xml',
        'pyproject.toml',
        'ros_deep_learning',
        'setup.py',
        'dev',
    ):
        (source / name).symlink_to(ROOT / name)
    command = [sys.executable, '-m', 'pip', 'wheel', '--no-deps', '--no-build-isolation']
    subprocess.run([*command, '-q', '-w', folder, source], check=True, capture_output=True)
    (built,) = folder.glob('*.whl')
    return built


def test_the_wheel_holds_every_file_and_no_rubbish(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for path in (ROOT / 'models').rglob('*'):
        if path.is_file():
            assert f'ros_deep_learning/zoo/{path.relative_to(ROOT / "models")}' in names
    for path in PACKAGE.rglob('*'):
        if path.is_file() and path.suffix != '.pyc':
            assert f'ros_deep_learning/{path.relative_to(PACKAGE)}' in names
    for name in ('py.typed', 'engines/tensorrt/kernels/common.cuh', 'zoo/README.md'):
        assert f'ros_deep_learning/{name}' in names
    assert not [
        name for name in names if '__pycache__' in name or name.startswith(('test', 'dev'))
    ]


def test_the_wheel_has_its_programs_and_extras(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (points,) = [name for name in archive.namelist() if name.endswith('/entry_points.txt')]
        declared = ConfigParser(delimiters=('=',))
        declared.read_string(archive.read(points).decode())
        record = archive.read(points.replace('entry_points.txt', 'METADATA')).decode()
    assert dict(declared['console_scripts']) == {
        name: target for name, target, where in programs() if where != 'ros'
    }
    metadata = message_from_string(record)
    extras = {
        'bags',
        'evaluate',
        'importers',
        'onnxruntime',
        'ray',
        'remote',
        'tensorrt',
        'test',
        'tracking',
        'train',
        'video',
        'web',
        'webrtc',
    }
    assert set(metadata.get_all('Provides-Extra', [])) == extras
    required = [Requirement(text) for text in metadata.get_all('Requires-Dist', [])]
    given = {need.name for need in required if need.marker and 'test' in str(need.marker)}
    lines = (ROOT / 'dev' / 'underlay' / 'tests.in').read_text().splitlines()
    wanted = {Requirement(line.partition('#')[0]).name for line in lines if line[:1] != '#'}
    assert given == wanted | {'onnxruntime', 'psutil'}


@pytest.mark.parametrize(
    ('name', 'target'),
    sorted((name, target) for name, target, where in programs() if where != 'ros'),
)
def test_a_program_prints_its_usage(
    name: str,
    target: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module, _, function = target.partition(':')
    monkeypatch.setattr(sys, 'argv', [f'/usr/bin/{name}', '--help'])
    with pytest.raises(SystemExit) as ended:
        getattr(import_module(module), function)()
    assert not ended.value.code
    printed = capsys.readouterr()
    old = function == 'main_of_old_name'
    command = f'rdl {name.replace("_", "-")}' if old else re.sub('-(console|camera)$', '', name)
    assert printed.out.startswith(f'usage: {command} ')
    note = f'{name} is now: {command}; the old name goes with the next release\n'
    assert printed.err == note * old


def test_the_version_of_the_package_is_that_of_the_manifest() -> None:
    assert texts('version') == [ros_deep_learning.__version__]


def test_the_installed_wheel_imports_with_numpy_only(wheel: Path, tmp_path: Path) -> None:
    target, numpy_only = tmp_path / 'target', tmp_path / 'numpy_only'
    command = [sys.executable, '-m', 'pip', 'install', '--no-deps', '--no-compile', '-q']
    subprocess.run([*command, '--target', target, wheel], check=True, capture_output=True)
    numpy_only.mkdir()
    packages = Path(np.__file__).parents[1]
    for path in packages.glob('numpy*'):
        (numpy_only / path.name).symlink_to(path)
    program = (
        'import ros_deep_learning as r, sys; print(r.__file__); '
        'from ros_deep_learning import Detections, DetectionSettings, Pixels; '
        'print(sorted({"cv2", "onnx", "onnxruntime", "yaml", "rclpy"} & set(sys.modules)))'
    )
    environ = {'PATH': os.environ['PATH'], 'PYTHONPATH': f'{target}:{numpy_only}'}
    done = subprocess.run(
        [sys.executable, '-S', '-c', program],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ''
    assert done.stdout.splitlines() == [str(target / 'ros_deep_learning' / '__init__.py'), '[]']
