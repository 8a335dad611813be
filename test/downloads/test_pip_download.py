# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of downloads through pip: the user's index, the size limit, and failures."""

from __future__ import annotations

import http.server
import importlib.util
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ros_deep_learning.downloads.pip_download import download_wheel
from ros_deep_learning.errors import FetchError

PACKAGE = 'rdl-test-data==1.0'
WHEEL = 'rdl_test_data-1.0-py3-none-any.whl'
CAP = 1 << 20


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / 'work'
    folder.mkdir()
    return folder


class _EndlessIndex(http.server.BaseHTTPRequestHandler):
    """A package index with one wheel that never ends."""

    def do_GET(self) -> None:
        self.send_response(200)
        if not self.path.endswith('.whl'):
            page = f'<!DOCTYPE html><html><body><a href="/files/{WHEEL}">{WHEEL}</a></body></html>'
            self.send_header('Content-Type', 'text/html')
            self.send_header('Content-Length', str(len(page)))
            self.end_headers()
            self.wfile.write(page.encode())
            return
        self.send_header('Content-Type', 'application/octet-stream')
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(1 << 16))
                time.sleep(0.002)
        except OSError:
            self.server.disconnected.set()  # type: ignore[attr-defined]

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def endless_index(monkeypatch: pytest.MonkeyPatch) -> Iterator[http.server.ThreadingHTTPServer]:
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _EndlessIndex)
    server.disconnected = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    for name in ('PIP_FIND_LINKS', 'PIP_EXTRA_INDEX_URL', 'http_proxy', 'HTTP_PROXY'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    monkeypatch.setenv('PIP_CONFIG_FILE', '/dev/null')
    monkeypatch.setenv('PIP_INDEX_URL', f'http://127.0.0.1:{server.server_port}/simple')
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_takes_the_wheel_of_the_users_index(
    pip_folder: Path, work: Path, make_wheel: Callable[..., Path]
) -> None:
    wheel = make_wheel(pip_folder)
    shares: list[float | None] = []
    found = download_wheel(PACKAGE, work, CAP, progress=lambda stage, share: shares.append(share))
    assert found.read_bytes() == wheel.read_bytes()
    assert found.is_relative_to(work)
    assert shares[0] == 0.0
    assert all(share is not None and 0 <= share <= 1 for share in shares)


def test_takes_a_wheel_for_another_machine_by_its_tags(
    pip_folder: Path, work: Path, make_wheel: Callable[..., Path]
) -> None:
    tags = 'cp399-cp399-win_amd64'
    make_wheel(pip_folder).rename(pip_folder / f'rdl_test_data-1.0-{tags}.whl')
    found = download_wheel(PACKAGE, work, CAP, wheel_tags=tags)
    assert found.name == f'rdl_test_data-1.0-{tags}.whl'


def test_no_such_package_is_one_line_with_the_mend(pip_folder: Path, work: Path) -> None:
    with pytest.raises(FetchError) as caught:
        download_wheel(PACKAGE, work, CAP)
    message = str(caught.value)
    assert message.startswith(f'cannot download {PACKAGE}: pip says: No matching distribution')
    assert 'pip config list' in message
    assert '\n' not in message


def test_source_packages_are_never_built(pip_folder: Path, work: Path, tmp_path: Path) -> None:
    (pip_folder / 'rdl_test_data-1.0.tar.gz').write_bytes(b'whatever setup.py might do')
    with pytest.raises(FetchError, match='No matching distribution'):
        download_wheel(PACKAGE, work, CAP)


def test_an_index_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, pip_folder: Path, work: Path
) -> None:
    monkeypatch.delenv('PIP_NO_INDEX')
    monkeypatch.delenv('PIP_FIND_LINKS')
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    monkeypatch.setenv('PIP_RETRIES', '1')
    # Port 9 (discard) of this machine: nothing listens there.
    monkeypatch.setenv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple')
    with pytest.raises(FetchError, match='the package index does not answer; check the network'):
        download_wheel(PACKAGE, work, CAP)


def test_a_machine_without_pip(monkeypatch: pytest.MonkeyPatch, work: Path) -> None:
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(FetchError, match=r'has no pip; install it \(apt install python3-pip'):
        download_wheel(PACKAGE, work, CAP)


def test_a_too_large_wheel_is_refused(
    pip_folder: Path, work: Path, make_wheel: Callable[..., Path]
) -> None:
    size = make_wheel(pip_folder).stat().st_size
    with pytest.raises(FetchError, match=f'larger than the {size - 1} bytes its card allows'):
        download_wheel(PACKAGE, work, size - 1)


def test_an_endless_download_is_broken_off(
    endless_index: http.server.ThreadingHTTPServer, work: Path
) -> None:
    with pytest.raises(FetchError, match=f'larger than the {CAP} bytes'):
        download_wheel(PACKAGE, work, CAP)
    assert endless_index.disconnected.wait(10)  # type: ignore[attr-defined]
    # With ten polls per second, the file is noticed soon after it exceeds the limit.
    kept = sum(path.stat().st_size for path in work.rglob('*') if path.is_file())
    assert kept < 64 * CAP


def test_giving_up_stops_pip(endless_index: http.server.ThreadingHTTPServer, work: Path) -> None:
    def give_up(stage: str, share: float | None) -> None:
        if share:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download_wheel(PACKAGE, work, 1 << 40, progress=give_up)
    assert endless_index.disconnected.wait(10)  # type: ignore[attr-defined]
