# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Jobs on a Ray of two nodes on this machine, of which a process is killed in the middle."""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from copying_work import open_copying, write_words
from fleet_of_bags import record_fleet, write_stripes

from ros_deep_learning.cli import rdl
from ros_deep_learning.errors import FleetError
from ros_deep_learning.fleet.inputs import find_units
from ros_deep_learning.fleet.job import Job, manifest
from ros_deep_learning.fleet.on_ray import run_on_ray
from ros_deep_learning.fleet.running import run_here

pytestmark = [pytest.mark.slow, pytest.mark.ray]
DOCUMENT = (Path(__file__).parents[2] / 'docs' / 'fleet.md').read_text()
RAY = Path(__file__).parents[2] / '.ros' / 'ray' / 'bin' / 'ray'
TITLE = 'UnitActor'
WAIT_S = 180
TRIES = 3
"""Ray gives a node 30 s to start, which a busy machine needs."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return int(one.getsockname()[1])


@dataclass
class Cluster:
    address: str
    metrics_port: int
    nodes: list[psutil.Process]

    def actors(self) -> list[psutil.Process]:
        """Processes that hold our actors."""
        found = []
        for node in self.nodes:
            for one in node.children(recursive=True):
                try:
                    if TITLE in ' '.join(one.cmdline()):
                        found.append(one)
                except psutil.Error:
                    continue
        return found


@pytest.fixture(scope='module')
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start a head and a second node, as docs/fleet.md has it, in the foreground."""
    folder = tmp_path_factory.mktemp('r')
    port, metrics = free_port(), free_port()
    support = str(Path(__file__).parents[1] / 'support')
    token = {'RAY_AUTH_MODE': 'token', 'RAY_AUTH_TOKEN': secrets.token_hex(32)}
    environment = {
        **os.environ,
        **token,
        'RAY_USAGE_STATS_ENABLED': '0',
        'PYTHONPATH': f'{support}:{os.environ["PYTHONPATH"]}',
    }
    assert re.search(r'^ray start --head ', DOCUMENT, re.M)
    head = ['start', '--head', f'--port={port}', '--include-dashboard=false']
    head += [f'--metrics-export-port={metrics}', '--num-cpus=2', f'--temp-dir={folder}']
    second = ['start', f'--address=127.0.0.1:{port}', '--num-cpus=1']
    with ExitStack() as stack:
        nodes = [
            stack.enter_context(node(words, folder / f'log{k}', environment))
            for k, words in enumerate((head, second))
        ]
        here = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in token.items():
            here.setenv(name, value)
        yield Cluster(f'127.0.0.1:{port}', metrics, nodes)


@contextmanager
def node(words: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[psutil.Process]:
    """Start a node, and end it and all its processes."""
    command = [sys.executable, str(RAY), *words, '--block', '--node-ip-address=127.0.0.1']
    command.append('--object-store-memory=100000000')
    for _ in range(TRIES):
        with log.open('wb') as stream:
            started = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
        while started.poll() is None and b'Ray runtime started' not in log.read_bytes():
            time.sleep(0.2)
        if started.poll() is None:
            break
    else:
        pytest.fail(log.read_text())
    top = psutil.Process(started.pid)
    try:
        yield top
    finally:
        inner = top.children(recursive=True)
        started.send_signal(signal.SIGTERM)
        started.wait(timeout=WAIT_S)
        assert psutil.wait_procs(inner, timeout=WAIT_S)[1] == []


def test_each_output_is_there_once_although_an_actor_is_killed(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_stripes(tmp_path)
    record_fleet(tmp_path / 'bags', 12, images=60, size_wh=(640, 480))
    (line,) = re.findall(r'^rdl (.*--ray \d.*)$', DOCUMENT, re.M)
    words = shlex.split(line.replace('segnet:selfie', 'imagenet:stripes.yaml'))
    words[-1] = cluster.address
    on_ray = subprocess.Popen(
        [sys.executable, '-m', 'ros_deep_learning.cli.rdl', *words, '--ray-actors=2'],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert on_ray.stdout is not None
    lines = [on_ray.stdout.readline()]
    while 'of 12:' not in lines[-1]:
        assert lines[-1], ''.join(lines)
        lines.append(on_ray.stdout.readline())
    actors = cluster.actors()
    assert len(actors) == 2
    # The one that is at work at this moment, if one of them is not.
    actors[0].kill()
    lines += on_ray.stdout.readlines()
    assert on_ray.wait(timeout=WAIT_S) == 0, ''.join(lines)
    said = [one for one in lines if re.match(r'\d+ of 12: ', one)]
    assert len({one.split()[3] for one in said}) == len(said) == 12
    here = ['annotate-bag', 'bags/*/drive.mcap', 'here', '--node', 'imagenet:stripes.yaml']
    assert rdl.main(here) == 0
    names = sorted(path.name for path in Path('here').iterdir())
    assert names == sorted(path.name for path in Path('on_ray').iterdir())
    for name in names:
        if not name.startswith('.'):
            assert Path('on_ray', name).read_bytes() == Path('here', name).read_bytes(), name


def test_a_command_that_is_killed_goes_on(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_stripes(tmp_path)
    record_fleet(tmp_path / 'bags', 12, images=60, size_wh=(640, 480))
    words = ['annotate-bag', 'bags/*/drive.mcap', 'out', '--node', 'imagenet:stripes.yaml']
    on_ray = subprocess.Popen(
        [sys.executable, '-m', 'ros_deep_learning.cli.rdl', *words, '--ray', cluster.address],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert on_ray.stdout is not None
    while 'of 12:' not in (line := on_ray.stdout.readline()):
        assert line
    on_ray.kill()
    on_ray.wait()
    until = time.monotonic() + WAIT_S
    while cluster.actors():
        assert time.monotonic() < until
        time.sleep(0.2)
    done = {path.name: path.stat().st_mtime_ns for path in Path('out').glob('*.mcap')}
    assert 0 < len(done) < 12
    assert rdl.main([*words, '--ray', cluster.address]) == 0
    after = {path.name: path.stat().st_mtime_ns for path in Path('out').glob('*.mcap')}
    assert len(after) == 12
    assert {name: after[name] for name in done} == done
    assert json.loads(Path('out/manifest.json').read_text())['failed'] == {}


def test_an_input_that_ends_each_process_is_given_up(cluster: Cluster, tmp_path: Path) -> None:
    words = write_words(tmp_path / 'in', 'deadly', 'broken', 'one', 'two', 'three')
    units = find_units(words)
    job = Job(str(tmp_path / 'out'), '.txt', {}, open_copying)
    entries = {Path(one.source).stem: one for one in run_on_ray(job, units, cluster.address, 2)}
    assert len(entries) == 5
    assert entries['deadly'].failed.startswith('the process that did it ended, each time')
    assert entries['broken'].failed == 'it is broken'
    fine = [one for one in entries.values() if not one.failed]
    local = Job(str(tmp_path / 'here'), '.txt', {}, open_copying)
    expected = list(run_here(local, [unit for unit in units if 'deadly' not in unit.source]))
    assert (
        json.loads(manifest(job, fine, {}))['outputs']
        == (json.loads(manifest(local, expected, {}))['outputs'])
    )


def test_prometheus_is_told_how_many(cluster: Cluster, tmp_path: Path) -> None:
    units = find_units(write_words(tmp_path / 'in', 'counted'))
    job = Job(str(tmp_path / 'out'), '.txt', {}, open_copying)
    assert len(list(run_on_ray(job, units, cluster.address))) == 1
    until = time.monotonic() + WAIT_S
    while True:
        url = f'http://127.0.0.1:{cluster.metrics_port}/metrics'
        with urllib.request.urlopen(url, timeout=10) as answer:
            text = answer.read().decode()
        if re.search(r'^ray_rdl_inputs_done', text, re.M):
            break
        assert time.monotonic() < until, text[:2000]
        time.sleep(1)


def test_a_cluster_that_is_too_small_or_not_there(cluster: Cluster, tmp_path: Path) -> None:
    units = find_units(write_words(tmp_path / 'in', *'abcdefgh'))
    job = Job(str(tmp_path / 'out'), '.txt', {}, open_copying)
    with pytest.raises(FleetError, match='--ray-actors 7: the cluster has 3 CPUs, and one must'):
        list(run_on_ray(job, units, cluster.address, 7))
    address = f'127.0.0.1:{free_port()}'
    with pytest.raises(FleetError, match=f'no Ray cluster answers at {address}'):
        list(run_on_ray(job, units, address))


def test_a_network_that_is_not_there_is_said_in_one_line(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record_fleet(tmp_path / 'bags', 2)
    words = ['annotate-bag', f'{tmp_path}/bags/*/drive.mcap', str(tmp_path / 'out')]
    words += ['--node', 'imagenet:none', '--ray', cluster.address]
    assert rdl.main(words) == 1
    assert re.search(r'^rdl annotate-bag: .*none', capsys.readouterr().err, re.M)


def test_without_an_address_a_cluster_is_started_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    record_fleet(tmp_path / 'bags', 3)
    (line,) = re.findall(r'^rdl (.*--ray)$', DOCUMENT, re.M)
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    assert rdl.main(shlex.split(line)) == 0
    assert '3 outputs, 0 were there, 0 failed' in capsys.readouterr().out
    left = [one for one in psutil.Process().children(recursive=True) if one.pid not in before]
    assert psutil.wait_procs(left, timeout=30)[1] == []
