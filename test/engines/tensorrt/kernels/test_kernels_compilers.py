# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import stat

import pytest

from ros_deep_learning.engines.tensorrt.kernels import nvcc, nvrtc
from ros_deep_learning.engines.tensorrt.kernels.compilers import Target, choose_target
from ros_deep_learning.engines.tensorrt.kernels.source import SIGNATURES, SOURCES, read_source
from ros_deep_learning.errors import BuildError

JETSON_AND_RTX = (72, 87, 89, 90, 120)
INSTALL = "install the project's test requirements (nvidia-cuda-nvcc, nvidia-cuda-nvrtc-cu12)"


@pytest.fixture(scope='module')
def real_nvcc():
    paths = nvcc.nvcc_paths()
    assert paths, f'no nvcc: {INSTALL}'
    return nvcc.Nvcc(paths[0])


@pytest.fixture(scope='module')
def real_nvrtc():
    """The NVRTC that goes back to Xavier; CUDA 13 has dropped it."""
    for path in nvrtc.nvrtc_paths():
        compiler = nvrtc.Nvrtc(path)
        if 72 in compiler.architectures:
            return compiler
    return pytest.fail(f'no NVRTC of CUDA 12: {INSTALL}')


def check_cubin(image, architecture):
    """An ELF file for this GPU that holds every kernel."""
    assert image[:4] == b'\x7fELF'
    flags = int.from_bytes(image[48:52], 'little')
    # Until CUDA 12 the low byte of e_flags is the SM, from ELF ABI version 8 on the second.
    assert (flags >> 8 if image[8] >= 8 else flags) & 0xFF == architecture
    for kernel in SIGNATURES:
        assert f'.text.{kernel}\0'.encode() in image


def check_ptx(image, architecture):
    assert f'.target sm_{architecture}\n'.encode() in image.replace(b'\r', b'')
    for kernel in SIGNATURES:
        assert f'.entry {kernel}('.encode() in image


@pytest.mark.parametrize('architecture', JETSON_AND_RTX)
def test_nvcc_compiles_without_a_warning(real_nvcc, architecture, monkeypatch):
    monkeypatch.setattr(nvcc, 'OPTIONS', (*nvcc.OPTIONS, '-Werror=all-warnings'))
    if architecture in real_nvcc.architectures:
        check_cubin(real_nvcc.compile(read_source(), Target(architecture, True)), architecture)
    else:  # dropped by this nvcc: said by name, not left to guess
        with pytest.raises(BuildError, match=f'sm_{architecture}'):
            real_nvcc.compile(read_source(), Target(architecture, True))
        assert architecture < min(real_nvcc.architectures)


@pytest.mark.parametrize('architecture', JETSON_AND_RTX)
def test_nvrtc_compiles(real_nvrtc, architecture):
    check_cubin(real_nvrtc.compile(read_source(), Target(architecture, True)), architecture)


def test_both_make_ptx(real_nvcc, real_nvrtc):
    for compiler in (real_nvcc, real_nvrtc):
        check_ptx(compiler.compile(read_source(), Target(75, False)), 75)


def test_failure_says_file_and_line(real_nvcc, real_nvrtc):
    broken = read_source().replace('void segment(', 'void segment(mistake here, ')
    for compiler in (real_nvcc, real_nvrtc):
        with pytest.raises(BuildError, match=r'segmentation\.cu\(\d+\).*mistake'):
            compiler.compile(broken, Target(75, True))


def test_every_source_file_is_read():
    for name in SOURCES:
        assert f'#line 1 "{name}"' in read_source()


@pytest.mark.parametrize(
    ('capability', 'known', 'expected'),
    [
        ((8, 7), (75, 86, 87, 89), Target(87, True)),
        ((8, 9), (72, 80, 87), Target(87, False)),
        ((12, 0), (75, 90), Target(90, False)),
        ((7, 2), (75, 87), None),
        ((12, 1), (120, 121), Target(121, True)),
        ((8, 7), (), None),
    ],
)
def test_target(capability, known, expected):
    assert choose_target(capability, known) == expected


def test_target_has_the_compilers_name():
    assert str(Target(87, True)) == 'sm_87'
    assert str(Target(80, False)) == 'compute_80'


def fake_nvcc(tmp_path, body):
    program = tmp_path / 'nvcc'
    program.write_text(f'#!/bin/sh\n{body}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_nvcc_that_fails_is_quoted(tmp_path):
    program = fake_nvcc(tmp_path, 'echo "no licence" >&2; exit 3')
    with pytest.raises(BuildError, match=f'{program} failed: no licence'):
        nvcc.Nvcc(program)


def test_nvcc_that_says_nothing_is_refused(tmp_path):
    program = fake_nvcc(tmp_path, 'exit 0')
    with pytest.raises(BuildError, match='no version'):
        nvcc.Nvcc(program)


def test_nvcc_that_cannot_be_run_is_refused(tmp_path):
    with pytest.raises(BuildError, match='cannot be run'):
        nvcc.Nvcc(tmp_path / 'nvcc')


def test_nvcc_on_the_path_comes_first(tmp_path, monkeypatch):
    program = fake_nvcc(tmp_path, 'exit 0')
    monkeypatch.setenv('PATH', f'{tmp_path}{os.pathsep}/usr/bin')
    assert nvcc.nvcc_paths()[0] == program


def test_nvcc_is_found_under_cuda_home_and_in_wheels(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', '/nowhere')
    home, site = tmp_path / 'home', tmp_path / 'site'
    programs = [home / 'bin' / 'nvcc', site / 'nvidia' / 'cu13' / 'bin' / 'nvcc']
    for program in programs:
        program.parent.mkdir(parents=True)
        program.touch()
    monkeypatch.setenv('CUDA_HOME', str(home))
    monkeypatch.syspath_prepend(site)
    found = nvcc.nvcc_paths()
    assert found[0] == programs[0]
    assert programs[1] in found


def test_library_that_is_no_nvrtc_is_refused(tmp_path):
    empty = tmp_path / 'libnvrtc.so.12'
    empty.touch()
    for path in (str(empty), 'libm.so.6'):
        with pytest.raises(BuildError, match='no usable NVRTC'):
            nvrtc.Nvrtc(path)


def test_nvrtc_is_found_under_cuda_home_newest_first(tmp_path, monkeypatch):
    folder = tmp_path / 'lib64'
    folder.mkdir()
    for name in ('libnvrtc.so.12', 'libnvrtc.so.13', 'libnvrtc.alt.so.13'):
        folder.joinpath(name).touch()
    monkeypatch.setenv('CUDA_HOME', str(tmp_path))
    found = [path for path in nvrtc.nvrtc_paths() if path.startswith(str(tmp_path))]
    assert found == [str(folder / 'libnvrtc.so.13'), str(folder / 'libnvrtc.so.12')]
