# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging

import pytest

from ros_deep_learning.engines.tensorrt.kernels import kernel_loader as loader
from ros_deep_learning.engines.tensorrt.kernels.compilers import Target
from ros_deep_learning.engines.tensorrt.kernels.kernel_images import kernel_image
from ros_deep_learning.engines.tensorrt.kernels.launcher import Kernels
from ros_deep_learning.errors import BackendUnavailableError, BuildError
from ros_deep_learning.paths import CACHE_VARIABLE

TARGET = Target(87, True)


class FakeCompiler:
    def __init__(self, name='fake 1.0', architectures=(75, 87), error=None):
        self.name, self.architectures = name, architectures
        self.error, self.compiled = error, 0

    def compile(self, source, target):
        self.compiled += 1
        if self.error:
            raise BuildError(self.error)
        return f'{self.name} {target} {source}'.encode()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / 'cache'))
    return tmp_path / 'cache' / 'kernels'


def test_compiled_once(cache):
    compiler = FakeCompiler()
    first = kernel_image(compiler, TARGET, 'source')
    assert kernel_image(compiler, TARGET, 'source') == first == b'fake 1.0 sm_87 source'
    assert compiler.compiled == 1
    assert [path.suffix for path in cache.iterdir()] == ['.sm_87']


@pytest.mark.parametrize(
    ('name', 'target', 'source'),
    [
        ('fake 1.1', TARGET, 'source'),
        ('fake 1.0', Target(75, True), 'source'),
        ('fake 1.0', Target(87, False), 'source'),
        ('fake 1.0', TARGET, 'other source'),
    ],
)
def test_compiled_again_for_anything_else(name, target, source):
    kernel_image(FakeCompiler(), TARGET, 'source')
    other = FakeCompiler(name)
    assert kernel_image(other, target, source) == f'{name} {target} {source}'.encode()
    assert other.compiled == 1


@pytest.mark.parametrize('damage', [lambda c: c[:40], lambda c: b'', lambda c: c[:-1] + b'!'])
def test_torn_or_altered_file_is_made_again(cache, caplog, damage):
    compiler = FakeCompiler()
    image = kernel_image(compiler, TARGET, 'source')
    (path,) = cache.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert kernel_image(compiler, TARGET, 'source') == image
    assert 'torn or altered' in caplog.text
    assert kernel_image(compiler, TARGET, 'source') == image
    assert compiler.compiled == 2


def test_cache_that_cannot_be_made_costs_a_warning(tmp_path, monkeypatch, caplog):
    tmp_path.joinpath('file').touch()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / 'file'))
    assert kernel_image(FakeCompiler(), TARGET, 'source')
    assert 'not cached' in caplog.text


def test_file_that_cannot_be_written_costs_a_warning(cache, monkeypatch, caplog):
    def full(descriptor):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('os.fsync', full)
    assert kernel_image(FakeCompiler(), TARGET, 'source')
    assert 'No space left' in caplog.text
    assert not list(cache.iterdir())


def test_file_that_cannot_be_read_costs_a_warning(cache, caplog):
    compiler = FakeCompiler()
    kernel_image(compiler, TARGET, 'source')
    (path,) = cache.iterdir()
    path.unlink()
    path.mkdir()
    assert kernel_image(compiler, TARGET, 'source')
    assert 'cannot read' in caplog.text
    assert 'cannot keep' in caplog.text


def test_failed_compilation_leaves_nothing(cache):
    with pytest.raises(BuildError, match='boom'):
        kernel_image(FakeCompiler(error='boom'), TARGET, 'source')
    assert not list(cache.iterdir())


def test_first_compiler_that_serves_is_used(shim_module):
    def broken():
        msg = 'nvcc is broken'
        raise BuildError(msg)

    images = []

    def load(image):
        images.append(image)
        if image.startswith(b'too new'):
            msg = 'the driver refuses the code'
            raise BuildError(msg)
        return shim_module

    makers = (
        broken,
        lambda: FakeCompiler('old', (90,)),
        lambda: FakeCompiler('failing', error='no gcc'),
        lambda: FakeCompiler('too new'),
        lambda: FakeCompiler('right'),
        lambda: pytest.fail('looked for without need'),
    )
    assert isinstance(loader.load_first((8, 7), makers, load), Kernels)
    assert [image.split(b' sm')[0] for image in images] == [b'too new', b'right']


def test_all_reasons_are_given_when_none_serves():
    makers = (
        lambda: FakeCompiler('modern', (75, 90)),
        lambda: FakeCompiler('failing', (72,), error='no gcc'),
    )
    with pytest.raises(BackendUnavailableError) as caught:
        loader.load_first((7, 2), makers, lambda image: pytest.fail('nothing to load'))
    message = str(caught.value)
    for part in ('7.2', 'modern knows nothing older than sm_75', 'no gcc', 'pip install'):
        assert part in message


def test_no_compiler_at_all_is_said_with_the_mend():
    with pytest.raises(BackendUnavailableError, match=r'neither nvcc nor NVRTC.*CUDA_HOME'):
        loader.load_first((8, 7), (), lambda image: pytest.fail('nothing to load'))


def test_compilers_of_this_machine_are_found_nvcc_first():
    names = [make().name.split()[0] for make in loader.find_compilers()]
    assert names[0] == 'nvcc'
    assert 'NVRTC' in names
