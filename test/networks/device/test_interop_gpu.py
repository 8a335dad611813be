# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Images and results that stay on a real GPU, with TensorRT, PyCUDA, PyTorch, CuPy and JAX."""

from __future__ import annotations

import gc
import os
import runpy
import subprocess
import sys
from functools import partial, partialmethod
from pathlib import Path

import numpy as np
import pytest
from cuda_calls import cuda_calls

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.loader import EngineLoader
from ros_deep_learning.imaging.drawing.mask_overlay import blend_mask, color_mask
from ros_deep_learning.networks import ImageNet, SegNet
from ros_deep_learning.networks.proof import proof_picture

pytestmark = pytest.mark.gpu
# JAX would take most of the memory that others want.
os.environ.setdefault('XLA_PYTHON_CLIENT_PREALLOCATE', 'false')
EXAMPLES = Path(__file__).resolve().parents[3] / 'examples'
OPTIONS = EngineOptions(optimization_level=1)
OFF = 1e-3
"""What single precision on the GPU and on the CPU may differ by."""
CYCLES = 1_000_000_000
"""Clock cycles of a GPU that a producer takes: half a second, a hundred times the network."""
RUNS = 200
FLAT_BYTES = 8 << 20
NON_BLOCKING = 1

SPIN = """
extern "C" __global__ void spin(long long cycles, long long* end)
{
    const long long start = clock64();
    while (clock64() - start < cycles) {}
    *end = clock64();
}
"""


@pytest.fixture(scope='module')
def loader():
    from ros_deep_learning.engines.tensorrt.backend import TensorRtBackend

    reason = TensorRtBackend().unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    return EngineLoader()


@pytest.fixture(scope='module')
def net(loader):
    with SegNet(
        'selfie', loader=loader, backend='tensorrt', precision='fp32', options=OPTIONS
    ) as net:
        yield net


@pytest.fixture(scope='module')
def gpu(loader):
    from ros_deep_learning.engines.tensorrt.runtime.cuda import gpu_context

    return gpu_context(0)


@pytest.fixture(scope='module')
def image():
    return np.ascontiguousarray(proof_picture().as_order('rgb'))


@pytest.fixture(scope='module')
def wanted(net, image):
    """What the network gives for the image in host memory, with the outputs read there."""
    outputs = net.engine.start_pixels([net._runner.pixels(image)], net.card.input)()
    return outputs, net.segment(image)


@pytest.fixture(scope='module')
def spin(gpu):
    """Keep a stream busy for a while; the context must be current."""
    from pycuda import driver

    with gpu.current():
        module, end = spinning_module(), driver.mem_alloc(8)
        function = module.get_function('spin')
        function.prepare('qP')
    address = int(end)

    def keep_busy(stream):
        function.prepared_async_call((1, 1), (1, 1, 1), stream, CYCLES, address)

    yield keep_busy
    with gpu.current():
        end.free()


def spinning_module():
    from pycuda import driver

    from ros_deep_learning.engines.tensorrt.kernels.compilers import choose_target
    from ros_deep_learning.engines.tensorrt.kernels.kernel_loader import find_compilers
    from ros_deep_learning.errors import BuildError

    reasons = []
    capability = driver.Context.get_device().compute_capability()
    for make in find_compilers():
        try:
            compiler = make()
            target = choose_target(capability, compiler.architectures)
            return driver.module_from_buffer(compiler.compile(SPIN, target) + b'\0')
        except (BuildError, driver.Error) as err:
            reasons.append(err)
    return pytest.fail(f'no compiler made the kernel that keeps a stream busy: {reasons}')


class Produced:
    """An image in memory of PyCUDA's, which a stream writes when it is done with other work."""

    def __init__(self, gpu, image, spin=None):
        from pycuda import driver

        self.shape, self._gpu = image.shape, gpu
        with gpu.current():
            self.stream = driver.Stream(NON_BLOCKING)
            source = driver.mem_alloc(image.nbytes)
            self.memory = driver.mem_alloc(image.nbytes)
            driver.memcpy_htod(source, image)
            driver.memset_d8(self.memory, 0, image.nbytes)
            driver.Context.synchronize()
            if spin is not None:
                spin(self.stream)
            driver.memcpy_dtod_async(self.memory, source, image.nbytes, self.stream)
            self._source = source

    @property
    def pointer(self):
        return int(self.memory)

    def is_done(self):
        with self._gpu.current():
            return self.stream.is_done()

    def free(self):
        with self._gpu.current():
            self.stream.synchronize()
            self.memory.free()
            self._source.free()
            self.stream = None


class ByInterface(Produced):
    @property
    def __cuda_array_interface__(self):
        return {
            'shape': self.shape,
            'typestr': '|u1',
            'data': (self.pointer, False),
            'stream': int(self.stream.handle),
            'version': 3,
        }


class ByDlpack(Produced):
    __cuda_array_interface__ = None

    def __dlpack_device__(self):
        return 2, 0

    def __dlpack__(self, *, stream):
        from ros_deep_learning.engines.tensorrt.runtime.cuda_event import wait_for_stream
        from ros_deep_learning.engines.tensorrt.runtime.dlpack import make_capsule

        with self._gpu.current():
            wait_for_stream(stream, int(self.stream.handle))
        return make_capsule(self, self.pointer, self.shape, np.dtype(np.uint8), (2, 0))


@pytest.fixture(params=[ByInterface, ByDlpack])
def produce(request, gpu):
    made = []

    def make(image, spin=None):
        made.append(request.param(gpu, image, spin))
        return made[-1]

    yield make
    for one in made:
        one.free()


class Torch:
    """PyTorch, where it sees the GPU; the next ones likewise."""

    def __init__(self):
        self.module = pytest.importorskip('torch', exc_type=ImportError)
        if not self.module.cuda.is_available():
            pytest.skip('PyTorch sees no GPU')

    def put(self, image):
        return self.module.from_numpy(image).cuda()

    def take(self, array):
        return self.module.from_dlpack(array)

    def address(self, array):
        return array.data_ptr()

    def host(self, array):
        return array.cpu().numpy()


class CuPy:
    def __init__(self):
        self.module = pytest.importorskip('cupy', exc_type=ImportError)
        if not self.module.cuda.is_available():
            pytest.skip('CuPy sees no GPU')

    def put(self, image):
        return self.module.asarray(image)

    def take(self, array):
        return self.module.from_dlpack(array)

    def address(self, array):
        return array.data.ptr

    def host(self, array):
        return self.module.asnumpy(array)


class Jax:
    def __init__(self):
        self.module = pytest.importorskip('jax', exc_type=ImportError)
        if self.module.default_backend() != 'gpu':
            pytest.skip('JAX sees no GPU')

    def put(self, image):
        return self.module.device_put(image).block_until_ready()

    def take(self, array):
        return self.module.dlpack.from_dlpack(array)

    def address(self, array):
        return array.unsafe_buffer_pointer()

    def host(self, array):
        return np.asarray(array)


@pytest.fixture(params=[Torch, CuPy, Jax])
def library(request, gpu):
    """A library of arrays on the GPU."""
    return request.param()


@pytest.fixture
def torch(gpu):
    return Torch().module


@pytest.fixture
def frames(net, gpu, monkeypatch):
    """The frames that the preprocessing kernel is given."""
    with gpu.current():
        kernels = gpu.kernels()
    found, launch = [], kernels.preprocess

    def preprocess(frame, *args, **named):
        found.append(frame)
        launch(frame, *args, **named)

    monkeypatch.setattr(kernels, 'preprocess', preprocess)
    return found


@pytest.fixture
def copied(monkeypatch):
    """PyCUDA's copies between host and GPU, which all of ours are."""
    from pycuda import driver

    found = []

    def seen(name, copy, *args):
        found.append(name)
        return copy(*args)

    for name in ('memcpy_htod', 'memcpy_htod_async', 'memcpy_dtoh', 'memcpy_dtoh_async'):
        monkeypatch.setattr(driver, name, partial(seen, name, getattr(driver, name)))
    return found


def assert_outputs(outputs, wanted):
    assert set(outputs) == set(wanted)
    for name, array in outputs.items():
        np.testing.assert_array_equal(np.asarray(array), wanted[name])


def assert_masks(found, wanted):
    np.testing.assert_array_equal(np.asarray(found.class_mask), wanted.class_mask)
    if found.confidence_mask is not None:
        np.testing.assert_array_equal(np.asarray(found.confidence_mask), wanted.confidence_mask)


# Without other libraries.


def test_same_address_in(net, image, wanted, produce, frames, copied):
    there = produce(image)
    copied.clear()
    outputs = net.run_device(there)
    masks = net.segment_device(there)
    assert copied == []
    net.segment(there)
    assert [frame.pointer for frame in frames] == [there.pointer] * 3
    # The masks may be written through the bus.
    assert set(copied) <= {'memcpy_dtoh_async'}
    assert_outputs(outputs, wanted[0])
    assert_masks(masks, wanted[1])


def test_outputs_are_those_of_the_cpu(net, image, produce):
    with SegNet('selfie', backend='onnxruntime') as other:
        theirs, mask = other.run_device(image), other.segment(image).class_mask
    for _ in range(3):  # the second is captured in a CUDA graph, the third is launched
        ours = net.run_device(produce(image))
        assert set(ours) == set(theirs)
        for name, array in theirs.items():
            assert ours[name].shape == array.shape
            off = np.abs(np.asarray(ours[name]).astype(np.float64) - array).max()
            print(f'{name}: {off:.2e} off')
            assert off <= OFF
        differ = np.asarray(net.segment_device(produce(image)).class_mask) != mask
        print(f'{differ.mean():.2e} of the pixels differ')
        assert differ.mean() <= 1e-3


def test_masks_are_those_of_the_host(net, image, wanted, produce):
    found = net.segment_device(produce(image), confidence=True, color_mask=True, overlay_alpha=120)
    mask = wanted[1].class_mask
    assert_masks(found, wanted[1])
    np.testing.assert_array_equal(np.asarray(found.color_mask), color_mask(mask, net.colors_rgb))
    drawn = image.copy()
    blend_mask(drawn, mask, net.colors_rgb, alpha=120)
    assert np.abs(np.asarray(found.overlay).astype(int) - drawn).max() <= 1


def test_the_producers_stream_is_waited_for(net, image, wanted, produce, spin):
    for _ in range(3):
        net.run_device(image)
    assert_outputs(net.run_device(produce(image, spin)), wanted[0])
    assert_masks(net.segment_device(produce(image, spin)), wanted[1])
    assert_masks(net.segment(produce(image, spin)), wanted[1])


def test_the_host_does_not_wait(net, image, wanted, produce, spin):
    kept = [call(produce(image)) for call in (net.run_device, net.segment_device) * 3]
    there = produce(image, spin)
    outputs = net.run_device(there)
    waited_for_outputs = there.is_done()
    masks = net.segment_device(there)
    assert not waited_for_outputs
    assert not there.is_done(), 'segment_device waited for the GPU, run_device did not'
    assert_outputs(outputs, wanted[0])
    assert_masks(masks, wanted[1])
    del kept


@pytest.mark.parametrize('stream', ['own', 'default'])
def test_the_consumers_stream_waits(net, image, wanted, produce, spin, gpu, stream):
    from pycuda import driver

    there = produce(image, spin)
    outputs = net.run_device(there)
    with gpu.current():
        taker = driver.Stream(NON_BLOCKING) if stream == 'own' else None
        handle = 1 if taker is None else int(taker.handle)
        for name, array in outputs.items():
            capsule = array.__dlpack__(stream=handle)
            host = driver.pagelocked_empty(array.shape, array.dtype)
            driver.memcpy_dtoh_async(host, array.pointer, taker)
            if taker is None:
                driver.Context.synchronize()
            else:
                taker.synchronize()
            np.testing.assert_array_equal(host, wanted[0][name])
            host.base.free()
            del capsule
        del taker


def test_results_are_the_callers_and_outlive_the_network(loader, image, wanted, gpu):
    with SegNet(
        'selfie', loader=loader, backend='tensorrt', precision='fp32', options=OPTIONS
    ) as net:
        outputs = net.run_device(image)
        masks = net.segment_device(image, confidence=True)
        for _ in range(3):
            net.run_device(image[::-1].copy())
            net.segment_device(image[::-1].copy())
    assert_outputs(outputs, wanted[0])
    assert_masks(masks, wanted[1])


def test_memory_is_flat(net, image, produce, gpu):
    from pycuda import driver

    there = produce(image)
    free = []
    for index in range(RUNS):
        outputs = net.run_device(there)
        masks = net.segment_device(there, color_mask=True, overlay_alpha=99)
        capsules = [one.__dlpack__(stream=1) for one in (*outputs.values(), masks.overlay)]
        if index % 2:
            np.asarray(masks.class_mask)
        del outputs, masks, capsules
        if index % 20 == 19:
            gc.collect()
            with gpu.current():
                free.append(driver.mem_get_info()[0])
    print(f'free GPU memory every 20 runs: {free}')
    assert abs(free[-1] - free[1]) <= FLAT_BYTES


def test_no_host_copy_in_a_profile(net, image, produce):
    there = produce(image)

    def call(picture):
        return net.run_device(picture), net.segment_device(picture, overlay_alpha=120)

    kept = [call(there) for _ in range(3)]
    try:
        with cuda_calls() as names:
            kept.append(call(there))
        with cuda_calls() as of_the_host:
            kept.append(call(image))
    except OSError as err:
        pytest.skip(f'no CUPTI: {err}')
    print(f'from the GPU: {sorted(names)}')
    print(f'from the host: {sorted(of_the_host)}')
    copies = [name for name in names if name.startswith('cuMemcpy')]
    outputs = len(net.info.outputs)
    assert len(copies) == outputs
    assert all(name.startswith('cuMemcpyDtoDAsync') for name in copies)
    assert [name for name in of_the_host if name.startswith('cuMemcpyHtoDAsync')]
    waits = [name for name in names if 'Synchronize' in name]
    assert waits == []
    del kept


ENDS = """
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.networks import SegNet
from ros_deep_learning.networks.proof import proof_picture
net = SegNet('selfie', backend='tensorrt', precision='fp32',
    options=EngineOptions(optimization_level=1))
outputs = list(net.run_device(proof_picture()).values())
masks = net.segment_device(proof_picture(), overlay_alpha=120)
capsules = [one.__dlpack__(stream=1) for one in outputs]
"""
TAKES = """
import torch
tensors = [torch.from_dlpack(one) for one in (*outputs, masks.overlay)]
"""


@pytest.mark.parametrize('taker', ['', TAKES], ids=['pycuda', 'torch'])
def test_a_process_ends_with_results_in_hand(net, gpu, taker):
    if taker:
        Torch()
    done = subprocess.run(
        [sys.executable, '-c', ENDS + taker],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    for word in ('Traceback', 'PyCUDA', 'context stack was not empty', 'CUDA error'):
        assert word not in done.stderr, done.stderr


@pytest.fixture
def run_example(loader, image, monkeypatch, tmp_path, capsys):
    """Run an example on the image and one more argument, with engines that are built fast."""
    import cv2

    picture = tmp_path / 'picture.png'
    cv2.imwrite(str(picture), image[..., ::-1])
    for kind in (ImageNet, SegNet):
        made = partialmethod(
            kind.__init__, backend='tensorrt', precision='fp32', options=OPTIONS, loader=loader
        )
        monkeypatch.setattr(kind, '__init__', made)

    def run(name, *arguments):
        monkeypatch.setattr(sys, 'argv', [name, str(picture), *map(str, arguments)])
        runpy.run_path(str(EXAMPLES / name), run_name='__main__')
        return capsys.readouterr().out.splitlines()

    return run


def test_the_example_that_copies_to_numpy(run_example, net, image, wanted, tmp_path):
    import cv2

    blended = tmp_path / 'blended.png'
    (line,) = run_example('cuda_to_numpy.py', blended)
    assert line == f'{image.shape} on GPU 0'
    drawn = image.copy()
    blend_mask(drawn, wanted[1].class_mask, net.colors_rgb, alpha=150)
    seen = cv2.imread(str(blended))[..., ::-1]
    assert np.abs(seen.astype(int) - drawn).max() <= 1


# With the libraries themselves.


def test_the_example_that_starts_with_numpy(run_example, library, image):
    if isinstance(library, Jax):
        pytest.skip('the example is of PyTorch and CuPy')
    where, *lines = run_example('cuda_from_numpy.py')
    assert where.startswith(('cupy', 'torch'))
    with ImageNet('efficientnet-lite0') as net:
        seen = net.classify(image, top_k=3)
    assert lines == [f'{one.score:6.1%} {one.label}' for one in seen]


def test_a_librarys_image_is_read_where_it_is(net, image, wanted, library, frames, copied):
    there = library.put(image)
    copied.clear()
    outputs = net.run_device(there)
    masks = net.segment_device(there)
    assert copied == []
    net.segment(there)
    assert [frame.pointer for frame in frames] == [library.address(there)] * 3
    assert_outputs(outputs, wanted[0])
    assert_masks(masks, wanted[1])


def test_a_library_takes_results_where_they_are(net, image, wanted, library, copied):
    there = library.put(image)
    net.segment_device(there, color_mask=True, overlay_alpha=120)  # uploads the colours
    copied.clear()
    outputs = net.run_device(there)
    masks = net.segment_device(there, confidence=True, color_mask=True, overlay_alpha=120)
    parts = [masks.class_mask, masks.confidence_mask, masks.color_mask, masks.overlay]
    made = [*outputs.values(), *parts]
    taken = [library.take(one) for one in made]
    assert copied == []
    assert [library.address(one) for one in taken] == [one.pointer for one in made]
    assert [tuple(one.shape) for one in taken] == [one.shape for one in made]
    host = [np.array(one) for one in made]
    del outputs, masks, parts, made
    gc.collect()
    for index in range(3):
        net.run_device(image[:: index + 1].copy())
    for one, theirs in zip(taken, host, strict=True):
        np.testing.assert_array_equal(library.host(one), theirs)
    np.testing.assert_array_equal(host[-4], wanted[1].class_mask)


def test_parts_of_a_tensor_and_what_is_not_interleaved(net, image, torch, frames):
    there = torch.from_numpy(image).cuda()
    part = there[10:200, 20:300]
    found = net.segment(part)
    assert (frames[-1].pointer, frames[-1].step) == (part.data_ptr(), 3 * image.shape[1])
    theirs = net.segment(image[10:200, 20:300])
    np.testing.assert_array_equal(found.class_mask, theirs.class_mask)
    assert net.engine.view_image(there.permute(1, 0, 2)) is None
    assert net.engine.view_image(there.float()) is None
    assert net.engine.view_image(there[..., 0]) is None


@pytest.mark.parametrize('taker', ['same', 'other'])
def test_streams_of_pytorch(net, image, wanted, torch, taker):
    source = torch.from_numpy(image).cuda()
    there = torch.zeros_like(source)
    kept = [net.run_device(source) for _ in range(3)]
    torch.cuda.synchronize()
    producer = torch.cuda.Stream()
    consumer = producer if taker == 'same' else torch.cuda.Stream()
    with torch.cuda.stream(producer):
        torch.cuda._sleep(CYCLES)
        there.copy_(source)
        outputs = net.run_device(there)
        assert not producer.query(), 'the host waited'
    with torch.cuda.stream(consumer):
        copies = {name: torch.from_dlpack(one).clone() for name, one in outputs.items()}
        # The stream has taken an output, so that it may overwrite the image.
        there.zero_()
    consumer.synchronize()
    for name, copy in copies.items():
        np.testing.assert_array_equal(copy.cpu().numpy(), wanted[0][name])
    assert_outputs(outputs, wanted[0])
    del kept


def test_no_host_copy_in_pytorchs_profile(net, image, torch):
    from torch.profiler import ProfilerActivity, profile

    there = torch.from_numpy(image).cuda()

    def call():
        outputs = net.run_device(there)
        masks = net.segment_device(there, overlay_alpha=120)
        taken = [torch.from_dlpack(one) for one in (*outputs.values(), masks.overlay)]
        return [one.float().mean() for one in taken]

    kept = [call() for _ in range(3)]
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CUDA]) as profiled:
        kept.append(call())
        torch.cuda.synchronize()
    names = [event.name for event in profiled.events()]
    print(f'in the profile: {sorted(set(names))}')
    if not names:
        pytest.skip("PyTorch's profiler saw nothing")
    assert [name for name in names if 'HtoD' in name or 'DtoH' in name] == []
    assert any('preprocess' in name for name in names)
    del kept
