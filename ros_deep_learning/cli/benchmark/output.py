# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a benchmark prints and writes at its end."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ...benchmarking.machine import MachineState, read_state, state_warnings, usage_warnings
from ...benchmarking.plan import Measured, trial_warnings
from ...benchmarking.plot import plot
from ...benchmarking.report import Subject, as_json, markdown
from ...errors import BenchmarkError
from ...files import write_output
from ...paths import user_path
from ...text import disk_cause, for_terminal


def check_output(path: Path | None, *, force: bool) -> Path | None:
    """Return the path of the report, before anything is measured.

    Raises:
        BenchmarkError: It does not end in .json, its folder is missing, or it is there.
    """
    if path is None:
        return None
    path = user_path(path)
    if path.suffix != '.json':
        msg = f'-o {path}: expected a name that ends in .json; the diagrams get its name with .svg'
        raise BenchmarkError(msg)
    if not path.parent.is_dir():
        msg = f'-o {path}: there is no folder {path.parent}'
        raise BenchmarkError(msg)
    there = [str(one) for one in (path, path.with_suffix('.svg')) if one.exists()]
    if there and not force:
        msg = f'{" and ".join(there)} would be overwritten; give another name, or --force'
        raise BenchmarkError(msg)
    return path


def finish(
    subject: Subject,
    measured: Measured,
    machine: Mapping[str, Any],
    before: MachineState,
    output: Path | None,
    command: Sequence[str],
) -> None:
    """Print the report as Markdown, and write the files.

    Args:
        subject: What was measured.
        measured: The trials.
        machine: Where.
        before: State of the machine before the first trial.
        output: Where the report is written; None is nowhere.
        command: What was typed.

    Raises:
        BenchmarkError: A file cannot be written.
    """
    warnings = [
        *trial_warnings(measured),
        *state_warnings(before, read_state()),
        *usage_warnings([one.usage for one in (*measured.searched, *measured.shown)]),
    ]
    date = datetime.now(timezone.utc).isoformat(timespec='seconds')
    text = as_json(subject, measured, machine, warnings, command=shlex.join(command), date=date)
    report = json.loads(text)
    print(f'\n{for_terminal(markdown(report))}')
    if output is None:
        return
    diagrams = output.with_suffix('.svg')
    try:
        write_output(output, text.encode())
        write_output(diagrams, plot(report).encode())
    except OSError as err:
        msg = f'cannot write {output}: {disk_cause(err)}'
        raise BenchmarkError(msg) from err
    print(f'\nwrote {output} and {diagrams}')
