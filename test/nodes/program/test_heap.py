# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the memory of images that stays with the process."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
import weakref

import pytest

from ros_deep_learning import ImageNet
from ros_deep_learning.nodes.program.heap import (
    freeze_what_stays,
    keep_freed_images,
    return_freed_memory,
)

BUFFERS = 3
PAGES_OF_AN_IMAGE = BUFFERS * 1920 * 1080 * 3 // 4096
IMAGES = 20
# What an executor does: one thread or the other makes some buffers of an image, and drops them.
PROGRAM = f"""
import json, resource, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from ros_deep_learning.nodes.program.heap import keep_freed_images

def image(_):
    buffers = [b'x' * (1920 * 1080 * 3) for _ in range({BUFFERS})]
    return sum(len(buffer) for buffer in buffers)

kept = keep_freed_images() if sys.argv[1] == 'kept' else None
with ThreadPoolExecutor(2) as pool:
    both = Barrier(2)
    list(pool.map(lambda _: both.wait(), range(2)))
    list(pool.map(image, range(8)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    list(pool.map(image, range({IMAGES})))
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(json.dumps([kept, faults]))
"""

# What a network does that is loaded and closed while others stay: many blocks, some of them left.
HOLES = """
import json, sys
from pathlib import Path
from ros_deep_learning.nodes.program.heap import (
    freeze_what_stays,
    keep_freed_images,
    return_freed_memory,
)

def anonymous_mib():
    lines = Path('/proc/self/smaps_rollup').read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith('Anonymous:'))

kept = keep_freed_images()
blocks = [b'x' * 2**20 for _ in range(100)]
del blocks[1::2]
before = anonymous_mib()
if sys.argv[1] == 'returned':
    return_freed_memory()
print(json.dumps([kept, before - anonymous_mib()]))
"""


def run(which, program=PROGRAM, **environment):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(('MALLOC_', 'GLIBC_'))}
    child = subprocess.run(
        [sys.executable, '-c', program, which],
        stdout=subprocess.PIPE,
        check=True,
        env={**clean, **environment},
        timeout=60,
    )
    return json.loads(child.stdout)


def test_the_memory_of_an_image_serves_the_next():
    _, by_default = run('as it comes')
    done, faults = run('kept')
    assert done
    assert by_default > IMAGES / 2 * PAGES_OF_AN_IMAGE
    # One image for each thread, if it is only now that both work at the same time.
    assert faults < 3 * PAGES_OF_AN_IMAGE


@pytest.mark.parametrize(
    'environment',
    [
        {'MALLOC_ARENA_MAX': '4'},
        {'MALLOC_TOP_PAD_': '131072'},
        {'MALLOC_TRIM_THRESHOLD_': '131072'},
        {'MALLOC_MMAP_THRESHOLD_': '131072'},
        {'GLIBC_TUNABLES': 'glibc.malloc.mmap_threshold=131072'},
    ],
)
def test_what_the_user_has_set_stays(environment):
    done, faults = run('kept', **environment)
    assert not done
    assert faults > IMAGES / 2 * PAGES_OF_AN_IMAGE


def test_the_memory_between_blocks_in_use_is_returned():
    kept, returned_mib = run('kept', HOLES)
    assert kept
    assert returned_mib < 5
    _, returned_mib = run('returned', HOLES)
    assert returned_mib > 45


def test_other_c_libraries_are_left_alone(monkeypatch):
    for name in [name for name in os.environ if name.startswith(('MALLOC_', 'GLIBC_'))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(ctypes, 'CDLL', lambda _: object())
    assert not keep_freed_images()
    return_freed_memory()


class Node:
    """May be part of a cycle."""


def test_garbage_is_collected_and_the_rest_left_out_of_collections():
    garbage, kept = Node(), Node()
    garbage.itself, kept.itself = garbage, kept
    gone = weakref.ref(garbage)
    del garbage
    freeze_what_stays()
    assert gone() is None
    assert not any(one is kept for one in gc.get_objects())
    later = Node()
    assert any(one is later for one in gc.get_objects())
    alive = weakref.ref(kept)
    kept.itself = None
    del kept
    assert alive() is None


def test_a_closed_network_leaves_no_garbage():
    """So nothing of it is left out of collections for good."""
    net = ImageNet('efficientnet-lite0', backend='onnxruntime')
    net.warm_up()
    left = [weakref.ref(one) for one in (net, net.engine, net.colors_rgb)]
    freeze_what_stays()
    net.close()
    del net
    assert [one() for one in left] == [None] * len(left)
