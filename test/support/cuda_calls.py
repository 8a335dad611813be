# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The calls of the CUDA driver that a process makes, whoever makes them, as CUPTI sees them."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from pathlib import Path

_DRIVER_API = 1
"""CUPTI_CB_DOMAIN_DRIVER_API."""
_ENTER = 0
"""CUPTI_API_ENTER."""
_PLACES = (
    '/usr/local/cuda/extras/CUPTI/lib64',
    '/usr/local/cuda/lib64',
    '/usr/local/cuda/targets/x86_64-linux/lib',
)


class _CallbackData(ctypes.Structure):
    """The beginning of CUpti_CallbackData."""

    _fields_ = (('site', ctypes.c_int), ('function', ctypes.c_char_p))


_Callback = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32, ctypes.POINTER(_CallbackData)
)


def find_cupti():
    """Load CUPTI of the toolkit or of NVIDIA's wheels.

    Raises:
        OSError: There is none.
    """
    folders = [Path(place) for place in _PLACES]
    for entry in filter(None, sys.path):
        folders += sorted(Path(entry).glob('nvidia/*/lib'))
    for folder in folders:
        for path in sorted(folder.glob('libcupti.so*')):
            with contextlib.suppress(OSError):
                return ctypes.CDLL(str(path))
    return ctypes.CDLL('libcupti.so')


@contextlib.contextmanager
def cuda_calls():
    """Collect the names of the driver's functions that are called within the block.

    Raises:
        OSError: There is no CUPTI, or it refuses.
    """
    cupti = find_cupti()
    names = []

    @_Callback
    def callback(user, domain, function, data):
        if data.contents.site == _ENTER and data.contents.function:
            names.append(data.contents.function.decode())

    subscriber = ctypes.c_void_p()
    _check(cupti.cuptiSubscribe(ctypes.byref(subscriber), callback, None), 'cuptiSubscribe')
    try:
        on = cupti.cuptiEnableDomain(ctypes.c_uint32(1), subscriber, ctypes.c_int(_DRIVER_API))
        _check(on, 'cuptiEnableDomain')
        yield names
    finally:
        cupti.cuptiUnsubscribe(subscriber)


def _check(code, function):
    if code:
        msg = f'{function} failed: error {code}'
        raise OSError(msg)
