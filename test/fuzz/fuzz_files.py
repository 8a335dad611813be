# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read damaged files: each is read, or refused with an error of this package in one line.

    python3 test/fuzz/fuzz_files.py --kind image --count 1000000

prints the counts as JSON, and the numbers of the files that were not; the same number gives the
same file again (--first NUMBER --count 1).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import traceback
from pathlib import Path

from kinds import Kind, kinds
from mutation import mutated

from ros_deep_learning.errors import DeepLearningError


def fault_of(kind: Kind, seed: int, path: Path) -> str | None:
    """Read a damaged file; return what is wrong with how it was refused, '' if it was read.

    Returns:
        None if it was refused as it should be.
    """
    path.write_bytes(mutated(seed, kind.files, kind.tokens))
    try:
        kind.read(path)
    except DeepLearningError as err:
        text = str(err)
        return None if text.isprintable() else f'the error is not one printable line: {text!r}'
    except Exception:  # noqa: BLE001  any other is what is searched for
        return traceback.format_exc()
    return ''


def run(kind: Kind, first: int, count: int, folder: Path) -> dict[str, object]:
    """Read damaged files; return counts and faults."""
    path = folder / f'file{kind.suffix}'
    refused, faults, slowest_s = 0, {}, 0.0
    for seed in range(first, first + count):
        started_s = time.perf_counter()
        fault = fault_of(kind, seed, path)
        slowest_s = max(slowest_s, time.perf_counter() - started_s)
        refused += fault is None
        if fault:
            faults[seed] = fault
    return {'files': count, 'refused': refused, 'slowest_s': round(slowest_s, 3), 'faults': faults}


def main() -> int:
    """Run the program; return 1 if a file was not refused as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--kind', choices=kinds(), action='append', help='default: all')
    parser.add_argument('--count', type=int, default=1000)
    parser.add_argument('--first', type=int, default=0)
    arguments = parser.parse_args()
    bad = False
    for name, kind in kinds().items():
        if not arguments.kind or name in arguments.kind:
            with tempfile.TemporaryDirectory() as folder:
                found = run(kind, arguments.first, arguments.count, Path(folder))
            print(json.dumps({name: found}), flush=True)
            bad = bad or bool(found['faults'])
    return int(bad)


if __name__ == '__main__':
    sys.exit(main())
