# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Keep the memory of an image for the next one, and what stays out of garbage collections."""

from __future__ import annotations

import ctypes
import gc
import os

# mallopt's numbers, from malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
# The upper limit in mallopt(3); an image of 3840x2160 in rgb8 has 24 MiB.
_LARGEST_BYTES = 32 << 20
# As large as a heap of a thread can be (HEAP_MAX_SIZE in glibc's arena.c), so that none shrinks.
_KEPT_BYTES = 64 << 20
_OF_THE_USER = (
    'MALLOC_ARENA_MAX',
    'MALLOC_MMAP_THRESHOLD_',
    'MALLOC_TOP_PAD_',
    'MALLOC_TRIM_THRESHOLD_',
)


def keep_freed_images() -> bool:
    """Keep freed memory in the process, up to 64 MiB in each heap.

    Every image passes through several buffers of its size. By default glibc returns such memory to
    the system when it is freed, and the system clears each of its pages when it is used again:
    about 1500 page faults for a buffer of 1920x1080. docs/launch.md has the cost, measured by
    benchmarks/memory.py. Threads that start later share the existing heaps, so that one thread
    can reuse what another has freed.

    Returns:
        Whether that was set: False with another C library than glibc, and if the user's
        environment configures malloc (``MALLOC_...``, or ``glibc.malloc`` in
        ``GLIBC_TUNABLES``). See mallopt(3).
    """
    if any(name in os.environ for name in _OF_THE_USER):
        return False
    if 'glibc.malloc' in os.environ.get('GLIBC_TUNABLES', ''):
        return False
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is None:
        return False
    settings = (
        (_M_MMAP_THRESHOLD, _LARGEST_BYTES),
        (_M_TRIM_THRESHOLD, _KEPT_BYTES),
        (_M_ARENA_MAX, 1),
    )
    return all(mallopt(*setting) for setting in settings)


def return_freed_memory() -> None:
    """Return what is freed to the system, also between blocks that are in use.

    To be called when a network was loaded or closed: ONNX Runtime allocates several times the size
    of a network meanwhile, in many small blocks. ``keep_freed_images`` would keep their memory,
    and the more networks were loaded, the more scattered it would be. The memory of an image is
    cleared once more afterwards. With another C library than glibc nothing happens. See
    malloc_trim(3).
    """
    malloc_trim = getattr(ctypes.CDLL(None), 'malloc_trim', None)
    if malloc_trim is not None:
        malloc_trim(0)


def freeze_what_stays() -> None:
    """Leave all that exists now out of garbage collections: modules, networks, publishers.

    To be called when a node is configured. A whole collection looks at each object of them, with
    the GIL held for longer than a frame lasts. What is closed later is freed by its references all
    the same; only cycles would stay, and a closed network leaves none. See ``gc.freeze``.
    """
    gc.collect()
    gc.freeze()
