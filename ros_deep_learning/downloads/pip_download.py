# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Download one wheel through pip, with the user's index settings and a size limit."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from ..errors import FetchError
from ..progress import Progress, silent

_POLL_S = 0.1
_PATIENCE_S = 5.0
_LOG_BYTES = 64 * 1024
_UNREACHABLE = ('Retrying (', 'NewConnectionError', 'ConnectionError', 'NameResolutionError',
                'ReadTimeoutError', 'ProxyError', 'SSLError', 'connection broken')  # fmt: skip


def download_wheel(
    package: str,
    folder: Path,
    max_bytes: int,
    *,
    wheel_tags: str | None = None,
    progress: Progress = silent,
) -> Path:
    """Download the wheel of a package, without its dependencies and without running its code.

    pip's configuration files and PIP_* variables select the index. pip's cache is not used,
    since the needed files of the wheel are kept elsewhere.

    Args:
        package: Pinned requirement, ``name==version``.
        folder: An empty folder of the caller, for the wheel and pip's temporary files.
        max_bytes: A download that grows larger is aborted.
        wheel_tags: ``python-abi-platform`` of the wheel; None = those of this interpreter.
        progress: Called about ten times a second with the finished share of ``max_bytes``; an
            exception from it cancels the download.

    Returns:
        The path of the wheel, in ``folder``.

    Raises:
        FetchError: There is no pip, no network or no such package, the file is too large, or the
            disk is full.
    """
    if importlib.util.find_spec('pip') is None:
        msg = (
            f'cannot download {package}: {sys.executable} has no pip; '
            'install it (apt install python3-pip, or python3 -m ensurepip)'
        )
        raise FetchError(msg)
    wheels, scratch, log = folder / 'wheels', folder / 'tmp', folder / 'pip.log'
    wheels.mkdir()
    scratch.mkdir()
    command = [
        *(sys.executable, '-m', 'pip', 'download', '--no-deps', '--only-binary=:all:'),
        *('--no-cache-dir', '--no-input', '--disable-pip-version-check'),
        *('--progress-bar=off', '--dest', str(wheels), *_tag_options(wheel_tags), package),
    ]
    stage = f'downloading {package}'
    progress(stage, 0.0)
    with log.open('wb') as output:
        process = subprocess.Popen(
            command,
            # python -m searches pip in the current folder first: an empty folder is safe.
            cwd=scratch,
            env={**os.environ, 'TMPDIR': str(scratch)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL_S)
                size = max(_largest(wheels), _largest(scratch))
                if size > max_bytes:
                    msg = (
                        f'{package}: the download is larger than the {max_bytes} bytes its card '
                        f'allows: refused; check the index pip uses (pip config list)'
                    )
                    raise FetchError(msg)
                progress(stage, size / max_bytes)
                if process.returncode is not None:
                    break
        finally:
            _stop(process)
    found = list(wheels.glob('*.whl'))
    if process.returncode != 0 or len(found) != 1:
        msg = f'cannot download {package}: {_reason(log)}'
        raise FetchError(msg)
    return found[0]


def _tag_options(wheel_tags: str | None) -> list[str]:
    if wheel_tags is None:
        return []
    python, abi, platform = wheel_tags.split('-')
    return [
        *('--implementation', python[:2], '--python-version', python[2:]),
        *('--abi', abi, '--platform', platform),
    ]


def _largest(folder: Path) -> int:
    """Return the size of the largest file below a folder that pip is writing to."""
    largest = 0
    for root, _, names in os.walk(folder):
        for name in names:
            # pip may move a file between the listing and the stat.
            with suppress(OSError):
                largest = max(largest, (Path(root) / name).stat().st_size)
    return largest


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _reason(log: Path) -> str:
    """Return in one line why pip failed, and the fix."""
    text = log.read_bytes()[-_LOG_BYTES:].decode('utf-8', 'replace')
    if 'No space left on device' in text:
        return f'no space left on the disk of {log.parent.parent}; free some and run again'
    if any(sign in text for sign in _UNREACHABLE):
        return (
            'the package index does not answer; check the network, or point pip at '
            'a mirror (PIP_INDEX_URL), and run again'
        )
    errors = [line.strip() for line in text.splitlines() if line.startswith('ERROR:')]
    error = errors[-1].removeprefix('ERROR:').strip() if errors else 'nothing'
    return f'pip says: {error[:300]}; check the index it uses (pip config list)'
