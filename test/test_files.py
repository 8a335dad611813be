# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests that files are written completely or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ros_deep_learning import files
from ros_deep_learning.files import (
    is_whole,
    move_whole,
    move_whole_folder,
    read_limited,
    replacing,
    scratch_folder,
    sha256_of,
    write_output,
    write_whole,
)

# SHA-256 of 'abc', FIPS 180-2 appendix B.1.
ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'


def test_hash_and_wholeness(tmp_path: Path) -> None:
    path = tmp_path / 'a'
    assert not is_whole(path, ABC)
    path.write_bytes(b'abc')
    assert sha256_of(path) == ABC
    assert is_whole(path, ABC)
    assert is_whole(path, ABC, 3)
    assert not is_whole(path, ABC, 4)
    path.write_bytes(b'abd')
    assert not is_whole(path, ABC, 3)
    assert not is_whole(tmp_path, ABC)


def test_a_file_is_read_up_to_a_limit(tmp_path: Path) -> None:
    path = tmp_path / 'a'
    path.write_bytes(b'12345')
    assert read_limited(path, 5) == b'12345'
    with pytest.raises(OSError, match='it is larger than 4 bytes'):
        read_limited(path, 4)
    # It has no size, and no end.
    with pytest.raises(OSError, match='it is larger than 4 bytes'):
        read_limited(Path('/dev/zero'), 4)


def test_replacing_shows_nothing_before_the_end(tmp_path: Path) -> None:
    target = tmp_path / 'a.bin'
    target.write_bytes(b'old')
    with replacing(target, tmp_path) as stream:
        stream.write(b'new')
        stream.flush()
        assert target.read_bytes() == b'old'
    assert target.read_bytes() == b'new'
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt, SystemExit])
def test_replacing_leaves_the_old_file_when_broken_off(
    tmp_path: Path, error: type[BaseException]
) -> None:
    target = tmp_path / 'a.bin'
    target.write_bytes(b'old')

    def write_half() -> None:
        with replacing(target, tmp_path) as stream:
            stream.write(b'half')
            raise error

    with pytest.raises(error):
        write_half()
    assert target.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [target]


def test_a_part_grows_in_the_folder_given(tmp_path: Path) -> None:
    parts = tmp_path / 'parts'
    parts.mkdir()
    with replacing(tmp_path / 'a.bin', parts) as stream:
        stream.write(b'new')
        assert [path.suffix for path in parts.iterdir()] == ['.part']
    assert list(parts.iterdir()) == []
    assert (tmp_path / 'a.bin').read_bytes() == b'new'


def test_what_is_written_is_private_to_the_user(tmp_path: Path) -> None:
    path = tmp_path / 'a.plan'
    write_whole(path, b'one')
    write_whole(path, b'two')
    assert path.read_bytes() == b'two'
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(('mask', 'mode'), [(0o022, 0o644), (0o077, 0o600)])
def test_an_output_has_the_mode_of_other_files(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write_output(tmp_path / 'found.json', b'{}')
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert (tmp_path / 'found.json').stat().st_mode & 0o777 == mode


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / 'a.plan'
    write_whole(path, b'old')

    def full(_: int) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(OSError, match='No space'):
        write_whole(path, b'new')
    assert path.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [path]


def test_a_finished_file_takes_the_place_of_another(tmp_path: Path) -> None:
    part, target = tmp_path / 'made', tmp_path / 'a.onnx'
    part.write_bytes(b'new')
    target.write_bytes(b'old')
    move_whole(part, target)
    assert target.read_bytes() == b'new'
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_gets_its_name_when_all_of_it_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, target = tmp_path / 'part', tmp_path / 'event'
    (part / 'bag').mkdir(parents=True)
    (part / 'bag' / 'a.mcap').write_bytes(b'bag')
    (part / 'facts.json').write_bytes(b'{}')
    synced: list[str] = []

    def sync(handle: int) -> None:
        name = Path(f'/proc/self/fd/{handle}').readlink().name
        if full and name == 'a.mcap':
            raise OSError(28, 'No space left on device')
        synced.append(name)

    monkeypatch.setattr(os, 'fsync', sync)
    full = True
    with pytest.raises(OSError, match='No space'):
        move_whole_folder(part, target)
    assert not target.exists()
    full = False
    move_whole_folder(part, target)
    assert set(synced) == {'a.mcap', 'facts.json', tmp_path.name}
    assert synced[-1] == tmp_path.name
    assert (target / 'bag' / 'a.mcap').read_bytes() == b'bag'
    assert list(tmp_path.iterdir()) == [target]


def killed_in(tmp_path: Path, what: str) -> None:
    """Kill a process while it writes."""
    code = (
        'import os\nfrom pathlib import Path\nfrom ros_deep_learning.files import *\n'
        f'with {what}:\n    os.kill(os.getpid(), 9)\n'
    )
    done = subprocess.run([sys.executable, '-c', code], cwd=Path(files.__file__).parents[1])
    assert done.returncode == -9
    assert len(list(tmp_path.iterdir())) == 1


def test_the_part_of_a_killed_process_goes_with_the_next_one(tmp_path: Path) -> None:
    killed_in(tmp_path, f'replacing(Path({str(tmp_path / "a.bin")!r}))')
    with replacing(tmp_path / 'a.bin') as first:
        # The part of a living process stays.
        write_whole(tmp_path / 'a.bin', b'second')
        first.write(b'first')
    assert (tmp_path / 'a.bin').read_bytes() == b'first'
    assert [path.name for path in tmp_path.iterdir()] == ['a.bin']


def test_the_scratch_folder_of_a_killed_process_goes_with_the_next_one(tmp_path: Path) -> None:
    killed_in(tmp_path, f'scratch_folder(Path({str(tmp_path)!r}), ".making-")')
    with scratch_folder(tmp_path, '.making-') as one, scratch_folder(tmp_path, '.making-') as two:
        assert sorted(tmp_path.iterdir()) == sorted((one, two))
    assert list(tmp_path.iterdir()) == []


def test_a_scratch_folder_that_another_process_took_for_a_leftover_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    mkdtemp = tempfile.mkdtemp

    def first_is_removed(**options: str) -> str:
        made.append(mkdtemp(**options))
        if len(made) == 1:
            Path(made[0]).rmdir()
        return made[-1]

    monkeypatch.setattr(tempfile, 'mkdtemp', first_is_removed)
    with scratch_folder(tmp_path, '.part-') as folder:
        assert str(folder) == made[1]
        assert folder.is_dir()
