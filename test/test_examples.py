# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The scripts of examples/ and the Python of README.md, run on real pictures."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from ros_fixtures import graph, lasting, module_graph, program_type, ros_domain  # noqa: F401
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / 'examples'
README = re.findall(r'^```python\n(.*?)^```$', (ROOT / 'README.md').read_text(), re.M | re.S)
LONGEST = 45


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    """Run a script in this process; returns the lines that it prints."""

    def run_script(name: str, *arguments: object) -> list[str]:
        monkeypatch.setattr(sys, 'argv', [name, *map(str, arguments)])
        runpy.run_path(str(EXAMPLES / name), run_name='__main__')
        return capsys.readouterr().out.splitlines()

    return run_script


@pytest.fixture
def save(tmp_path: Path) -> Callable[[str, Any], Path]:
    def save_picture(name: str, picture_rgb: Any) -> Path:
        path = tmp_path / name
        assert cv2.imwrite(str(path), picture_rgb[..., ::-1])
        return path

    return save_picture


def test_scripts_are_short() -> None:
    scripts = list(EXAMPLES.glob('*.py'))
    assert len(scripts) == 7
    assert [path.name for path in scripts if len(path.read_text().splitlines()) > LONGEST] == []


ARGUMENTS = {
    'classify_picture.py': 'picture [model]',
    'cuda_from_numpy.py': 'picture',
    'cuda_to_numpy.py': 'picture blended',
    'cut_out_person.py': 'picture cut_out',
    'detect_picture.py': 'picture annotated',
    'track_video.py': 'video',
}


@pytest.mark.parametrize(('name', 'arguments'), ARGUMENTS.items())
def test_without_arguments_a_script_says_what_it_takes(
    run: Any, capsys: Any, name: str, arguments: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(name)
    assert ended.value.code == 2
    usage, error = capsys.readouterr().err.splitlines()
    assert usage == f'usage: {name} [-h] {arguments}'
    assert error.startswith(f'{name}: error: the following arguments are required: ')


@pytest.mark.parametrize(
    'arguments',
    [
        ('cuda_from_numpy.py', 'nothing.jpg'),
        ('cut_out_person.py', 'nothing.jpg', 'person.png'),
        ('detect_picture.py', 'nothing.jpg', 'annotated.jpg'),
        ('track_video.py', 'nothing.mp4'),
    ],
)
def test_a_script_names_the_file_that_is_not_there(run: Any, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match=f'^{arguments[1]}: OpenCV reads no '):
        run(*arguments)


def test_detect_picture(run: Any, save: Any, chelsea: Any, tmp_path: Path, ssd_onnx: Path) -> None:
    picture, annotated = save('chelsea.png', chelsea), tmp_path / 'annotated.png'
    (line,) = run('detect_picture.py', picture, annotated)
    assert line.startswith('cat ')
    drawn = cv2.imread(str(annotated))
    assert drawn.shape == chelsea.shape
    assert (drawn != chelsea[..., ::-1]).any(axis=-1).mean() > 0.5  # the cat fills the picture


def test_classify_picture_as_a_program(save: Any, coffee: Any) -> None:
    picture = save('coffee.png', coffee)
    done = subprocess.run(
        [sys.executable, EXAMPLES / 'classify_picture.py', picture],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    best, *others = done.stdout.splitlines()
    assert best.endswith('% espresso')
    assert float(best.partition('%')[0]) > 90
    assert len(others) <= 2


def test_classify_picture_by_a_card_of_ones_own(run: Any, save: Any, coffee: Any) -> None:
    best, *_ = run('classify_picture.py', save('coffee.png', coffee), EXAMPLES / 'my_network.yaml')
    assert best.endswith('% espresso')


def test_cut_out_person(run: Any, save: Any, astronaut: Any, tmp_path: Path) -> None:
    cut_out = tmp_path / 'person.png'
    (line,) = run('cut_out_person.py', save('astronaut.png', astronaut), cut_out)
    bgra = cv2.imread(str(cut_out), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(bgra[..., :3], astronaut[..., ::-1])
    opaque = bgra[..., 3] == 255
    assert line == f'{opaque.mean():.0%} of the picture is a person'
    assert opaque[100:200, 200:250].all()  # her face
    assert not opaque[:100, 400:].any()  # the space shuttle


def test_cuda_from_numpy(run: Any, save: Any, coffee: Any) -> None:
    where, best, *_ = run('cuda_from_numpy.py', save('coffee.png', coffee))
    assert where.endswith(' image of shape (400, 600, 3)')
    assert best.endswith('% espresso')


def test_cuda_to_numpy(run: Any, save: Any, astronaut: Any, tmp_path: Path) -> None:
    blended = tmp_path / 'blended.png'
    (line,) = run('cuda_to_numpy.py', save('astronaut.png', astronaut), blended)
    assert line.startswith('(512, 512, 3) on ')
    changed = (cv2.imread(str(blended)) != astronaut[..., ::-1]).any(axis=-1)
    assert changed[100:200, 200:250].mean() > 0.9  # her face


def test_track_video(run: Any, bikes_clip: Path, tmp_path: Path, ssd_onnx: Path) -> None:
    video = tmp_path / 'cyclist.mp4'
    capture = cv2.VideoCapture(str(bikes_clip))
    capture.set(cv2.CAP_PROP_POS_FRAMES, 190)
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*'mp4v'), 25, (640, 272))
    for _ in range(20):
        writer.write(capture.read()[1])
    writer.release()
    lines = [line.split() for line in run('track_video.py', video)]
    assert 'bicycle' in {label for label, *_ in lines}
    counts = [int(line[-2]) for line in lines]
    assert counts == sorted(counts, reverse=True)
    assert 3 < counts[0] <= 20
    assert len({line[1] for line in lines}) == len(lines)  # a number for each object


@pytest.mark.parametrize('code', README)
def test_the_python_of_the_readme(
    code: str,
    astronaut: Any,
    ssd_onnx: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path('colors.txt').write_text('255 128 0\n' * 90)
    Path('street.jpg').write_bytes(cv2.imencode('.jpg', astronaut[..., ::-1])[1])
    names: dict[str, Any] = {'image_rgb': astronaut.copy(), 'images': [astronaut]}
    exec(compile(code, 'README.md', 'exec'), names)
    if 'print(' in code:
        assert 'person' in capsys.readouterr().out
    if 'draw_' in code:
        assert (names['image_rgb'] != astronaut).any()


def test_the_readme_shows_all_networks() -> None:
    assert all(f'{name}(' in '\n'.join(README) for name in ('DetectNet', 'ImageNet', 'SegNet'))


@pytest.fixture
def listener(program_type: Any, ros_domain: int, tmp_path: Path) -> Iterator[Any]:  # noqa: F811
    program = program_type(
        [sys.executable, str(EXAMPLES / 'detections_listener.py')], tmp_path / 'listener.log'
    )
    yield program
    program.stop()


def test_detections_listener(listener: Any, graph: Any) -> None:  # noqa: F811
    cat = ObjectHypothesisWithPose()
    cat.hypothesis.class_id, cat.hypothesis.score = 'cat', 0.87
    message = Detection2DArray(detections=[Detection2D(results=[cat])])
    publisher = graph.node.create_publisher(Detection2DArray, '/detectnet/detections', 1)

    def printed(text: str, message: Detection2DArray) -> Callable[[], bool]:
        def reached() -> bool:
            publisher.publish(message)
            return text in listener.text()

        return reached

    graph.wait_until('a line of the cat', printed('cat 87%', message))
    graph.wait_until('a line of nothing', printed('nothing', Detection2DArray()))
    assert listener.stop() == 0, listener.text()
