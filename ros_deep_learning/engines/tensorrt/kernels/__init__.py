# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""CUDA kernels around a network: preprocessing, segmentation masks, detection candidates.

With a CUDA context current in the calling thread::

    kernels = load_kernels((8, 7))                     # .loader; once a context
    frame = DeviceFrame(pointer, width, height, step)  # .arguments; the raw 8-bit frame
    kernels.preprocess(frame, spec, placement, input_pointer, 'float16', stream=stream)

The kernels are launched on the given stream and never wait for it; nothing is allocated, so
launches can be captured in a CUDA graph. Pointers are plain integers, and the memory behind them
belongs to the caller. A launch that CUDA refuses raises ``pycuda.driver.Error``, which the
runtime turns into one of the package's errors as it does for its own calls.
"""
