# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Let the C library keep the memory of one image for the next."""

from __future__ import annotations

import ctypes
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
    """Have freed memory stay with the process, up to 64 MiB for each of its heaps.

    Every image passes through several buffers of its size. By default glibc returns such memory to
    the system when it is freed, and the system clears each of its pages when it is wanted again:
    about 1500 page faults for a buffer of 1920x1080. What that costs is in docs/launch.md, by
    benchmarks/memory.py. Threads that start later share the heaps that are there, so that what one
    has freed serves the others.

    Returns:
        Whether that was set: not where the C library is another one, and not where the user's
        environment says something of it (``MALLOC_...``, or ``glibc.malloc`` in
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
