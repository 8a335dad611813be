# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The program of a node, which tells at its end when its modules were imported.

Usage: python timed_node.py NODE MODULE,MODULE [ROS arguments]

The modules are those that run the network. It imports no more than these and the program itself.
"""

from __future__ import annotations

import builtins
import importlib
import json
import sys
import threading
import time
from typing import Any


class ImportClock:
    """Times import statements, those within another as a part of it.

    Attributes:
        spent: The time of each end, how long it took, and its CPU time, in seconds.
    """

    def __init__(self) -> None:
        self.spent: list[tuple[float, float, float]] = []
        self._import = builtins.__import__
        self._of_thread = threading.local()

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Import as Python does."""
        if getattr(self._of_thread, 'imports', False):
            return self._import(*args, **options)
        self._of_thread.imports = True
        began_s, busy_s = time.time(), time.thread_time()
        try:
            return self._import(*args, **options)
        finally:
            self._of_thread.imports = False
            end_s, busy_s = time.time(), time.thread_time() - busy_s
            self.spent.append((end_s, end_s - began_s, busy_s))


def main() -> int:
    """Run the node."""
    _, name, runtimes, *rest = sys.argv
    module = importlib.import_module(f'ros_deep_learning.nodes.{name}')
    for runtime in runtimes.split(','):
        importlib.import_module(runtime)
    imported_s, busy_s = time.time(), time.process_time()
    clock = builtins.__import__ = ImportClock()
    sys.argv = [name, *rest]
    status: int = module.main()
    told = {'imported_s': imported_s, 'busy_s': busy_s, 'later': clock.spent}
    print(json.dumps(told), flush=True)
    return status


if __name__ == '__main__':
    sys.exit(main())
