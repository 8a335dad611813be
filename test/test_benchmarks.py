# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The page of the benchmarks, and the list of what ``make bench`` runs."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / 'benchmarks'
DOCS = FOLDER.parent / 'docs'
PAGE = {
    'title': 'A frame',
    'about': 'The baseline is the bare loop.',
    'columns': {'network': 'network', 'ratio': 'ratio', 'target': 'target'},
}
MACHINE = {'name': 'a robot', 'cores': 4}


def program(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def performance():
    return program('performance')


def report(*rows):
    return {'page': PAGE, 'machine': MACHINE, 'rows': list(rows)}


def test_the_committed_page_is_made_of_the_committed_results(performance):
    reports = performance.read_reports(FOLDER / 'results')
    assert performance.PAGE.read_text() == performance.page(reports), (
        'run python3 benchmarks/performance.py'
    )
    for name, found in reports:
        if any(performance.bars(found)):
            assert (performance.PAGE.parent / performance.PLOTS / f'{name}.png').exists()


def test_a_miss_is_marked_and_listed(performance):
    rows = (
        {'network': 'quick', 'ratio': 1.04, 'target': 1.05},
        {'network': 'slow', 'ratio': 1.4, 'target': 1.1},
    )
    text = performance.page([('cpu', report(*rows))])
    assert '| quick | 1.04 | 1.05 |' in text
    assert '| slow | **1.4** (missed) | 1.1 |' in text
    assert text.endswith('|---|---|---|---|\n| A frame: slow | 1.4 | 1.1 |  |\n')
    assert 'Measured on a robot (cores 4; `benchmarks/results/cpu.json`).' in text
    assert 'busy' not in text


def test_goals_of_other_columns_are_judged_beside_the_ratio(performance):
    columns = {'network': 'node', 'ratio': 'ratio', 'over_ms': 'beyond, ms', 'target_ms': 'ms'}
    goals = {'ratio': 'target', 'over_ms': 'target_ms'}
    least = {'ratio': 'least_ratio', 'over_ms': 'least_ms'}
    rows = (
        {'network': 'near', 'ratio': 0.5, 'target': 0.45, 'over_ms': 0.5, 'target_ms': 0.6}
        | {'least_ratio': 0.4},
        {'network': 'late', 'ratio': 0.7, 'over_ms': 3.25, 'target_ms': 0.9, 'least_ms': 1.25},
    )
    found = report(*rows) | {'page': {**PAGE, 'columns': columns, 'goals': goals, 'least': least}}
    text = performance.page([('nodes', found)])
    assert '| near | **0.5** (missed) | 0.5 | 0.6 |' in text
    assert '| late | 0.7 | **3.25** (missed) | 0.9 |' in text
    assert text.endswith(
        '\n| A frame: near | 0.5 | 0.45 | 0.4 |'
        '\n| A frame: late, beyond, ms | 3.25 | 0.9 | **1.25** |\n'
    )
    drawn = [[row['network'] for row in of_goal] for of_goal in performance.bars(found)]
    assert drawn == [['near'], ['near', 'late']]


def test_ratios_without_any_target_are_drawn(performance):
    rows = ({'network': 'quick', 'ratio': 0.5}, {'network': 'other'})
    assert performance.bars(report(*rows)) == [[rows[0]]]


def test_a_busy_machine_is_said(performance):
    row = {'network': 'any', 'ratio': 1.0, 'target': 1.1, 'waited_share': 0.3}
    text = performance.page([('cpu', report(row))])
    assert '**The machine was busy**' in text
    assert 'waited 0.3 s a second for a CPU' in text
    assert text.endswith('|---|---|---|---|\n| none | | | |\n')


def test_results_of_other_programs_are_left_out(performance, tmp_path):
    (tmp_path / 'soak.json').write_text(json.dumps({'rows': []}))
    (tmp_path / 'cpu.json').write_text(json.dumps(report({'network': 'any'})))
    ((name, found),) = performance.read_reports(tmp_path)
    assert name == 'cpu'
    assert '.png' not in performance.page([(name, found)])


def test_the_plot_needs_no_window(performance, tmp_path):
    pytest.importorskip('matplotlib', reason='make test installs it')
    rows = {'network': 'any', 'ratio': 1.4, 'target': 1.1}, {'network': 'late', 's': 2, 'most': 1}
    page = PAGE | {'goals': {'ratio': 'target', 's': 'most'}}
    page['columns'] = {**PAGE['columns'], 's': 'seconds'}
    for folder in ('first', 'second'):
        performance.draw('cpu', report(*rows) | {'page': page}, tmp_path / folder)
    first, second = ((tmp_path / one / 'cpu.png').read_bytes() for one in ('first', 'second'))
    assert first == second
    assert first.startswith(b'\x89PNG')


@pytest.fixture
def links(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return program('links')


def test_the_tables_of_links_are_made_of_the_committed_results(links):
    paths = sorted((FOLDER / 'results').glob('links*.json'))
    reports = [json.loads(path.read_text()) for path in paths]
    assert links.table(reports) in (DOCS / 'transport.md').read_text()
    assert links.frame_table(reports[0]) in (DOCS / 'fleet.md').read_text()


def test_cameras_of_a_link_are_those_that_fit_into_a_part_of_it(links):
    # 8 Mbit/s at 30 Hz, and 0.8 of each link.
    frame = {'form': 'JPEG', 'size': '9x9', 'bytes_a_frame': 8_000_000 // 8 // 30}
    (*_, line) = links.frame_table({'frames': [frame]}).splitlines()
    assert line == '| 9x9, JPEG | 33,333 | 8 | 100 | 10 | 2 |'


def test_cameras_of_a_gpu_are_those_of_the_committed_results():
    text = (DOCS / 'fleet.md').read_text()
    cells = r'([^|]+) \| `benchmarks/results/(\S+)` \| (\d+) \| (\d+)'
    found = re.findall(rf'^\| {cells} \|$', text, re.M)
    assert len(found) == 9
    for name, file, rate, cameras in found:
        rates = {}
        rows = json.loads((FOLDER / 'results' / file).read_text())['rows']
        beside = 'another' if len(rows) == 2 else 'two others'
        for row in rows:
            if 'network' in row:
                rates[row['network']] = row['alone_fps']
                rates[f'{row["network"]}, beside {beside}'] = row['together_fps']
            else:
                network = re.sub(r' \d+x\d+, pinned$', '', row['case'])
                rates[network] = 1e3 / row['ours_ms']
        assert int(rate) == round(rates[name]), name
        assert int(cameras) == rates[name] // 30, name


def test_without_root_there_are_no_hosts_and_a_fix_is_said(links, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr('os.geteuid', lambda: 1000)
    monkeypatch.setattr(sys, 'argv', ['links.py', '--output', str(tmp_path / 'links.json')])
    with pytest.raises(SystemExit) as ended:
        links.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        'links.py: network namespaces need root; to fix: run it as root\n'
    )


def over(link, form, path):
    """Start to measure over a link."""
    command = [sys.executable, str(FOLDER / 'links.py'), '--output', str(path), '--rounds=1']
    command += ['--seconds=2', f'--links={link}', f'--forms={form}']
    return subprocess.Popen(
        [*command, '--ways=Fast DDS, discovery server'], stderr=subprocess.PIPE, text=True
    )


def hosts_of(process):
    done = subprocess.run(['ip', 'netns', 'list'], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if f'rdl-{process.pid}-' in line]


@pytest.mark.slow
def test_images_reach_another_host_and_the_hosts_are_removed(links, tmp_path):
    path = tmp_path / 'links.json'
    process = over('100 Mbit/s', 'JPEG', path)
    _, errors = process.communicate(timeout=180)
    if (reason := links.why_not()) is not None:
        assert (process.returncode, errors) == (1, f'links.py: {reason}\n')
        return
    assert process.returncode == 0, errors
    (row,) = json.loads(path.read_text())['rows']
    assert row['met']
    assert row['received_hz'] > 0
    # Each image crosses the link, and not shared memory.
    assert row['mbit_s'] > 0.5 * 8e-6 * row['published_hz'] * 80_000
    assert hosts_of(process) == []


@pytest.mark.slow
def test_a_signal_removes_the_hosts_too(links, tmp_path):
    if links.why_not() is not None:
        return
    process = over('20 Mbit/s, 1% loss, 5 ms', 'H.264', tmp_path / 'links.json')
    until_s = time.monotonic() + 60
    while len(hosts_of(process)) < 3:
        assert time.monotonic() < until_s
        time.sleep(0.1)
    time.sleep(2)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert hosts_of(process) == []


def test_make_bench_knows_every_program():
    bench = program('bench')
    programs = {path.stem for path in FOLDER.glob('*.py')} - {'bench', 'performance'}
    assert set(bench.BENCHMARKS) == programs


def test_what_cannot_run_is_said_with_its_reason(tmp_path, monkeypatch, capsys):
    bench = program('bench')
    ran = []

    class Ended:
        returncode = 0

    monkeypatch.setattr(
        bench.subprocess, 'run', lambda command, check: ran.append(command) or Ended
    )
    monkeypatch.setattr(
        bench,
        'BENCHMARKS',
        {
            'cpu': bench.Benchmark(lambda: None, ('--seconds', '1')),
            'nodes': bench.Benchmark(lambda: 'there is no rclpy'),
        },
    )
    monkeypatch.setattr(sys, 'argv', ['bench.py', '--output', str(tmp_path)])
    assert bench.main() == 0
    told = capsys.readouterr().out
    assert 'nodes: cannot run here: there is no rclpy\n' in told
    assert f'cpu: {tmp_path / "cpu.json"}, ' in told
    assert ran[0][1:] == [
        str(FOLDER / 'cpu.py'), '--output', str(tmp_path / 'cpu.json'), '--seconds', '1'
    ]  # fmt: skip
    assert ran[1][1].endswith('performance.py')


def test_a_benchmark_that_fails_makes_the_status(tmp_path, monkeypatch, capsys):
    bench = program('bench')

    class Ended:
        returncode = 3

    monkeypatch.setattr(bench.subprocess, 'run', lambda command, check: Ended)
    monkeypatch.setattr(bench, 'BENCHMARKS', {'cpu': bench.Benchmark(lambda: None)})
    monkeypatch.setattr(sys, 'argv', ['bench.py', '--output', str(tmp_path)])
    assert bench.main() == 1
    assert 'cpu: FAILED with 3 after ' in capsys.readouterr().out


def test_the_driver_of_fixed_times_compiles_without_a_warning():
    source = str(FOLDER / 'gpu' / 'fixed_times.c')
    done = subprocess.run(
        ['cc', '-Wall', '-Wextra', '-Wconversion', '-fsyntax-only', source],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ''
