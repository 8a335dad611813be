# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A few threads that help with large arrays, shared by the whole process."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

MOST_HELPERS = 3
"""More hardly copy faster: memory is slower than that many cores."""


@cache
def helpers() -> ThreadPoolExecutor:
    """Return the threads, which are begun as they are needed.

    They are for work that holds no lock and ends soon. At the end of the interpreter, or where
    the system has no more threads, ``submit`` raises RuntimeError.
    """
    return ThreadPoolExecutor(MOST_HELPERS, thread_name_prefix='helper')


# Threads do not go along when a process forks.
os.register_at_fork(after_in_child=helpers.cache_clear)
