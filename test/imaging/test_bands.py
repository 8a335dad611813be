# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Bands: every row once, in as many threads as OpenCV may use; errors are not lost."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from functools import partial

import cv2
import numpy as np
import pytest

from ros_deep_learning.imaging import bands
from ros_deep_learning.imaging.bands import each_band, in_threads


@pytest.fixture(params=[1, 4])
def threads(request):
    before = cv2.getNumThreads()
    cv2.setNumThreads(request.param)
    yield request.param
    cv2.setNumThreads(before)


@pytest.mark.parametrize('shape', [(0, 0), (0, 8), (8, 0), (1, 1), (1080, 1920), (3, 1 << 19)])
def test_every_row_once(threads, shape):
    counts = np.zeros(shape[0], int)

    def count(rows):
        counts[rows] += 1

    each_band(shape, count)
    assert (counts == 1).all()


def test_a_single_thread_is_the_callers(threads):
    used = set()

    def work(_):
        used.add(threading.get_ident())
        time.sleep(0.01)

    each_band((1080, 1920), work)
    assert threading.get_ident() in used
    assert (len(used) > 1) == (threads > 1)


def test_an_error_of_any_band_is_raised_once_all_threads_have_ended(threads):
    running = []

    def work(rows):
        running.append(rows)
        time.sleep(0.002)
        running.remove(rows)
        if rows.start > 500:
            msg = f'row {rows.start}'
            raise ValueError(msg)

    for _ in range(20):
        with pytest.raises(ValueError, match='row'):
            each_band((1080, 1920), work)
        assert running == []


def test_without_more_threads_the_callers_does_it_all(monkeypatch):
    before = cv2.getNumThreads()
    cv2.setNumThreads(4)
    monkeypatch.setattr(bands, '_pool', bands._pool.__wrapped__)

    def start(_):
        msg = "can't start new thread"
        raise RuntimeError(msg)

    monkeypatch.setattr(threading.Thread, 'start', start)
    used = []
    each_band((1080, 1920), lambda _: used.append(threading.get_ident()))
    cv2.setNumThreads(before)
    assert set(used) == {threading.get_ident()}


def test_a_process_that_has_forked_has_threads_of_its_own():
    program = """
import os, cv2
from ros_deep_learning.imaging.bands import each_band
cv2.setNumThreads(4)
seen = []
each_band((1080, 1920), seen.append)
child = os.fork()
if not child:
    each_band((1080, 1920), seen.append)
    os._exit(len(seen))
print(len(seen), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, timeout=60, check=True
    )
    before, after = map(int, done.stdout.split())
    assert after == 2 * before > 2


def test_each_worker_is_of_one_thread():
    """So that what belongs to a worker, such as memory, is never used by two at a time."""
    used = [[] for _ in range(4)]

    def work(k, piece):
        used[k].append((piece, threading.get_ident()))
        time.sleep(0.001)

    in_threads(range(50), [partial(work, k) for k in range(4)])
    assert sorted(piece for one in used for piece, _ in one) == list(range(50))
    assert {thread for _, thread in used[0]} <= {threading.get_ident()}
    assert all(len({thread for _, thread in one}) <= 1 for one in used)
