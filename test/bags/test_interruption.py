# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Bags whose annotation was ended at any point, and goes on."""

from __future__ import annotations

import errno
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
from io import BufferedRandom
from pathlib import Path

import bags_on_disk as disk
import numpy as np
import pytest
from bags_on_disk import blob

from ros_deep_learning.bags import mcap_writing, sqlite_writing
from ros_deep_learning.cli.annotate_bag import main
from ros_deep_learning.errors import BagError


class Killed(BaseException):
    pass


@pytest.fixture
def small_pieces(monkeypatch):
    """Let chunks and transactions end after few messages."""
    monkeypatch.setattr(mcap_writing, 'CHUNK_BYTES', 2**14)
    monkeypatch.setattr(sqlite_writing, '_PIECE_BYTES', 2**14)


@pytest.fixture
def source(tmp_path):
    """Thirty images of three sizes and kinds of neighbours, and attachments between them."""
    sizes = [(80, 40), (40, 20), (120, 60)]
    pictures = [blob(k, size_wh=sizes[k // 10]) for k in range(30)]
    return disk.record(tmp_path / 'in', pictures)


def rows(path):
    with sqlite3.connect(path) as database:
        return [
            database.execute(f'SELECT * FROM {table} ORDER BY id').fetchall()
            for table in ('messages', 'topics', 'message_definitions', 'metadata')
        ]


def dies_after(pieces):
    left = [pieces]

    def report():
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    return report


@pytest.mark.usefixtures('small_pieces')
@pytest.mark.parametrize('name', ['out.mcap', 'out.db3'])
def test_a_run_in_many_parts_gives_the_file_of_one(annotate, source, tmp_path, name, blob_engine):
    annotate(source, tmp_path / 'whole' / name)
    pictures = sum(len(one['image']) for one in blob_engine.inputs)
    blob_engine.inputs.clear()
    output = tmp_path / name
    parts = 0
    while not output.exists():
        parts += 1
        try:
            annotate(source, output, report=dies_after(3))
        except Killed:
            assert not output.exists()
    assert parts > 2
    # What was done is not done again, but for the piece that was open.
    assert sum(len(one['image']) for one in blob_engine.inputs) < 2 * pictures
    if name.endswith('.mcap'):
        assert output.read_bytes() == (tmp_path / 'whole' / name).read_bytes()
    assert disk.read(output) == disk.read(tmp_path / 'whole' / name)
    if name.endswith('.db3'):
        assert rows(output) == rows(tmp_path / 'whole' / name)
    assert not (tmp_path / f'{name}.part').exists()


@pytest.mark.usefixtures('small_pieces')
def test_a_part_that_was_cut_anywhere_is_continued(annotate, source, tmp_path):
    output = tmp_path / 'out.mcap'
    with pytest.raises(Killed):
        annotate(source, output, report=dies_after(7))
    (part,) = (tmp_path / 'out.mcap.part' / 'bag').iterdir()
    content = part.read_bytes()
    annotate(source, output)
    whole = output.read_bytes()
    chance = random.Random(3)
    for cut in [0, 1, 7, 8, 9, len(content) - 1, *chance.sample(range(len(content)), 6)]:
        with pytest.raises(Killed):
            annotate(source, output, report=dies_after(1))
        part.write_bytes(content[:cut])
        annotate(source, output)
        assert output.read_bytes() == whole, cut


def test_other_settings_are_refused(annotate, source, tmp_path):
    output = tmp_path / 'out.mcap'
    with pytest.raises(Killed):
        annotate(source, output, report=dies_after(1))
    with pytest.raises(BagError, match=r'begun with other settings \(node\).*--restart'):
        annotate(source, output, node='other=detectnet:blobs')


class FullDisk(BufferedRandom):
    """A file on a disk with little room."""

    def write(self, data):
        if self.tell() + len(data) > 30_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


@pytest.mark.usefixtures('small_pieces')
def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(
    annotate, source, tmp_path, monkeypatch
):
    annotate(source, tmp_path / 'whole' / 'out.mcap')
    opened = Path.open

    def open_full(path, mode='r', **rest):
        stream = opened(path, mode, **rest)
        return FullDisk(stream.detach()) if mode in ('r+b', 'w+b') else stream

    output = tmp_path / 'out.mcap'
    with monkeypatch.context() as full:
        full.setattr(Path, 'open', open_full)
        for _ in range(2):
            with pytest.raises(BagError, match='no space left on the disk; free some and run'):
                annotate(source, output)
    assert not output.exists()
    annotate(source, output)
    assert output.read_bytes() == (tmp_path / 'whole' / 'out.mcap').read_bytes()


@pytest.mark.usefixtures('small_pieces')
def test_a_full_disk_is_said_for_sqlite(annotate, source, tmp_path, monkeypatch):
    connect = sqlite3.connect

    def connect_full(*arguments, **options):
        database = connect(*arguments, **options)
        database.execute('PRAGMA max_page_count = 20')
        return database

    output = tmp_path / 'out.db3'
    with monkeypatch.context() as full:
        full.setattr(sqlite_writing.sqlite3, 'connect', connect_full)
        with pytest.raises(BagError, match='no space left on the disk; free some and run again'):
            annotate(source, output)
    annotate(source, output)
    assert len(disk.of_topic(output, '/detectnet/detections')) == 30


PROGRAM = """
import os, signal, sys
from ros_deep_learning.bags import mcap_writing

mcap_writing.CHUNK_BYTES = 2**14
keep_chunk, chunks = mcap_writing.McapWriter._keep_chunk, []

def keep_and_die(*arguments):
    keep_chunk(*arguments)
    chunks.append(1)
    if len(chunks) == 9:
        os.kill(os.getpid(), signal.SIGKILL)

mcap_writing.McapWriter._keep_chunk = keep_and_die
from ros_deep_learning.cli.annotate_bag import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.usefixtures('small_pieces')
def test_the_program_is_killed_and_goes_on(tmp_path, astronaut, capsys):
    pictures = [np.roll(astronaut, 20 * k, axis=1)[:64, :64] for k in range(30)]
    source = disk.record(tmp_path / 'in', pictures)
    options = ['--node', 'segnet:selfie', '--backend', 'onnxruntime']
    output = tmp_path / 'out.mcap'
    command = [sys.executable, '-c', PROGRAM, str(source), str(output), *options]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
    assert not output.exists()
    assert main([str(source), str(output), *options]) == 0
    goes_on, last = capsys.readouterr().out.splitlines()
    assert goes_on == f'goes on with what is in {output}.part'
    assert 0 < int(re.search(r'(\d+) images', last)[1]) < 30
    whole = tmp_path / 'whole' / 'out.mcap'
    assert main([str(source), str(whole), *options]) == 0
    assert output.read_bytes() == whole.read_bytes()
