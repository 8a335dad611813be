# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin that ends a run in which a test hangs, and says where.

A node that is destroyed while a peer is discovered may hang in Fast DDS for good
(eProsima/Fast-DDS issue 6513). Neither SIGTERM nor an exception reaches such a thread.
"""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Generator

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

_LIMIT_S = 600.0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Print all tracebacks and end the process where a test takes too long, with its fixtures."""
    if item.get_closest_marker('slow'):
        return (yield)
    limit_s = float(os.environ.get('HANG_LIMIT_S', _LIMIT_S))
    stderr = item.config.stash[fault_handler_stderr_fd_key]
    faulthandler.dump_traceback_later(limit_s, exit=True, file=stderr)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()
