# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""imagenet, detectnet and segnet in the console, on real pictures and with a user's own files."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import zoo_stand_ins as stand_ins
from numpy.typing import NDArray

from ros_deep_learning import SegNet
from ros_deep_learning.cards.zoo import find_card, zoo_folder
from ros_deep_learning.cli import detectnet, imagenet, segnet

ROOT = Path(__file__).parents[2]
ON_CPU = '--backend=onnxruntime'


@pytest.fixture
def coffee_png(coffee: NDArray[np.uint8], tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / 'coffee.png'), coffee[..., ::-1])
    return tmp_path / 'coffee.png'


@pytest.fixture
def astronaut_png(astronaut: NDArray[np.uint8], tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / 'astronaut.png'), astronaut[..., ::-1])
    return tmp_path / 'astronaut.png'


def said(capsys: pytest.CaptureFixture[str], program: object, *arguments: object) -> list[str]:
    assert program.main([*map(str, arguments), ON_CPU]) == 0
    return capsys.readouterr().out.splitlines()


def test_imagenet_tells_the_best_class(
    coffee_png: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / 'out.png'
    lines = said(capsys, imagenet, coffee_png, output, '--network=efficientnet-lite0')
    assert lines[0] == 'efficientnet-lite0: onnxruntime, fp32, 1000 classes'
    assert lines[1] == 'coffee.png'
    assert lines[2].endswith('%  espresso (class 967)')
    assert len(lines) == 4
    before, after = cv2.imread(str(coffee_png)), cv2.imread(str(output))
    assert after.shape == before.shape
    # The plate with the class lies in the upper left corner; the rest is untouched.
    assert not np.array_equal(before[:40], after[:40])
    assert np.array_equal(before[200:], after[200:])


@pytest.mark.parametrize('spelling', ['--topK=3', '--top_k=3', '--top-k=3', '--topk=3'])
def test_imagenet_tells_more(
    coffee_png: Path, capsys: pytest.CaptureFixture[str], spelling: str
) -> None:
    lines = said(
        capsys, imagenet, coffee_png, '--network=efficientnet-lite0', spelling, '--threshold=0'
    )
    assert len(lines) == 6


def test_labels_of_ones_own(
    coffee_png: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / 'labels.txt'
    labels.write_text(''.join(f'name {k}\n' for k in range(1000)))
    arguments = (coffee_png, '--network=efficientnet-lite0', f'--class_labels={labels}')
    assert 'name 967 (class 967)' in said(capsys, imagenet, *arguments)[2]


def test_a_folder_goes_to_a_folder(
    coffee_png: Path, astronaut_png: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(
        capsys, imagenet, coffee_png.parent, tmp_path / 'out', '--network=efficientnet-lite0'
    )
    assert {'astronaut.png', 'coffee.png'} <= set(lines)
    names = sorted(p.name for p in (tmp_path / 'out').iterdir())
    assert names == ['astronaut.png', 'coffee.png']


def test_segnet_shows_overlay_and_mask(
    astronaut_png: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, page = tmp_path / 'out.png', tmp_path / 'legend.png'
    colors = tmp_path / 'colors.txt'
    colors.write_text('0 0 0\n255 128 0\n')
    lines = said(
        *(capsys, segnet, astronaut_png, output, '--network=selfie', '--visualize=overlay,mask'),
        *(f'--colors={colors}', f'--legend={page}', '--filter-mode=point'),
    )
    shares = {line.split()[1]: float(line.split('%')[0]) for line in lines[2:-1]}
    assert shares['person'] == pytest.approx(54.5, abs=1.0)
    assert sum(shares.values()) == pytest.approx(100, abs=0.1)
    both = cv2.imread(str(output))
    assert both.shape == (512, 1024, 3)
    mask = both[:, 512:].reshape(-1, 3)
    # bgr
    assert {tuple(row) for row in np.unique(mask, axis=0).tolist()} == {(0, 0, 0), (0, 128, 255)}
    assert cv2.imread(str(page)) is not None


def test_detectnet_numbers_what_moves(
    bikes_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], ssd_onnx: Path
) -> None:
    output = tmp_path / 'out.avi'
    lines = said(
        *(capsys, detectnet, bikes_clip, output, '--limit=8', '--tracking', '--threshold=0.3'),
        *('--tracker-min-frames=1', '--clustering=0.75', '--overlay=box,labels,track'),
    )
    assert lines[0].startswith('ssd-mobilenet-v2: ')
    assert lines[-1].startswith(f'wrote {output} (mjpeg): 8 frames in ')
    half, most = (float(ms) for ms in re.findall(r'inference ([\d.]+) / ([\d.]+)', lines[-2])[0])
    assert 0 < half <= most
    # The stage's own count: one line for each object of each frame.
    objects = sum(line.startswith('  ') for line in lines)
    counted = lines[-1].partition('; ')[2].split(', ')
    assert sum(int(part.rsplit(maxsplit=1)[1]) for part in counted) == objects
    assert any('  #' in line or ' #0  (' in line or ' #1  (' in line for line in lines)
    assert cv2.VideoCapture(str(output)).get(cv2.CAP_PROP_FRAME_COUNT) == 8


def test_detectnet_finds_a_face_with_a_network_of_another_kind(
    astronaut_png: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(capsys, detectnet, astronaut_png, '--network=centerface')
    # The face as two other detectors see it, too.
    assert lines[2].split()[1] == 'face'
    x1, y1, x2, y2 = (float(v) for v in lines[2].translate(str.maketrans('(),', '   ')).split()[2:]
                      if v != 'to')  # fmt: skip
    assert [x1, y1, x2, y2] == pytest.approx([178, 60, 270, 178], abs=12)


def test_a_caffe_network_of_ones_own(
    coffee_png: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'cache'))
    prototxt, model, labels = stand_ins.write_snapshot(tmp_path)
    # As docs/imagenet-custom.md of jetson-inference has it.
    lines = said(
        *(capsys, imagenet, coffee_png, f'--prototxt={prototxt}'),
        *(f'--model={model}', f'--labels={labels}'),
        *('--input_blob=data', '--output_blob=softmax'),
    )
    assert lines[0] == 'snapshot: onnxruntime, fp32, 12 classes'


def test_an_onnx_network_of_ones_own(
    coffee_png: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / 'fcn_resnet18.onnx'
    model.write_bytes(stand_ins.fcn_resnet18((96, 64), 5))
    labels = tmp_path / 'classes.txt'
    labels.write_text('a\nb\nc\nd\ne\n')
    arguments = (f'--model={model}', f'--labels={labels}', '--input_blob=input_0')
    lines = said(capsys, segnet, coffee_png, *arguments, '--output_blob=output_0')
    assert lines[0] == 'fcn_resnet18: onnxruntime, fp32, 5 classes'
    # In segnet --model wins over --network, in the others it is the other way round.
    lines = said(capsys, segnet, coffee_png, *arguments, '--network=selfie')
    assert lines[0].startswith('fcn_resnet18: ')
    lines = said(capsys, imagenet, coffee_png, f'--model={model}', '--network=efficientnet-lite0')
    assert lines[0].startswith('efficientnet-lite0: ')


def test_a_card_of_ones_own(
    coffee_png: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ('cards', 'labels', 'weights'):
        (tmp_path / folder).mkdir()
    card = find_card('efficientnet-lite0')
    for path, folder in ((card.source.file, 'weights'), (card.labels, 'labels')):
        shutil.copy(path, tmp_path / folder)
    text = (zoo_folder() / 'cards' / 'efficientnet-lite0.yaml').read_text()
    path = tmp_path / 'cards' / 'mine.yaml'
    path.write_text(text.replace('name: efficientnet-lite0', 'name: mine'))
    for option in ('--network', '--model'):
        assert said(capsys, imagenet, coffee_png, f'{option}={path}')[0].startswith('mine: ')


@pytest.mark.parametrize(
    ('program', 'arguments', 'complaint'),
    [
        (imagenet, ['none.png'], "no file or folder 'none.png'"),
        (imagenet, ['{png}', '--network=selfie'], 'is made for segmentation'),
        (imagenet, ['{png}', '--network=none'], "no model 'none'"),
        (imagenet, ['{png}', '--network=efficientnet-lite0', '--threshold=2'], 'score_threshold'),
        (imagenet, ['{png}', '{png}', '--network=efficientnet-lite0'], 'would be overwritten'),
        (imagenet, ['{png}', '--model=none.onnx'], 'there is no network file'),
        (imagenet, ['{png}', 'out.txt', '--network=efficientnet-lite0'], 'cannot write'),
        (imagenet, ['{png}', '--network=efficientnet-lite0', '--labels=none'], 'cannot be read'),
        (
            imagenet,
            ['{png}', '--model=x.onnx', '--input-size=9'],
            'size such as 640x480, got',
        ),
        (detectnet, ['{png}', '--overlay=boxes'], "overlay flag 'boxes' is unknown"),
        (
            segnet,
            ['{png}', '--network=selfie', '--visualize=all'],
            'expected overlay, mask or both',
        ),
        (segnet, ['{png}', '--network=selfie', '--ignore-class=cat'], 'no class is called'),
        (segnet, ['{png}', '--network=selfie', '--legend=/no/x.png'], 'cannot write /no/x.png'),
        (segnet, ['{png}', '--network=selfie', '--legend=/tmp/x.no'], 'cannot write /tmp/x.no'),
        (segnet, ['{png}', '--network=selfie', '--legend=~nobody-here/x.png'], 'is not a path'),
    ],
)
def test_mistakes_are_one_line(
    coffee_png: Path,
    capsys: pytest.CaptureFixture[str],
    program: object,
    arguments: list[str],
    complaint: str,
) -> None:
    assert program.main([a.replace('{png}', str(coffee_png)) for a in arguments]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert complaint in last
    assert last.startswith(f'{program.__name__.rpartition(".")[2]}: ')


def test_colours_must_fit(
    astronaut_png: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'colors.txt').write_text('1 2 3\n')
    arguments = [str(astronaut_png), '--network=selfie', f'--colors={tmp_path}/colors.txt']
    assert segnet.main(arguments) == 1
    assert 'has 1 colours for 2 classes' in capsys.readouterr().err


def test_the_list_of_programs_is_sound() -> None:
    """Every line names a function that is there, and no installer gets a name twice."""
    lines = (ROOT / 'resource' / 'programs.txt').read_text().splitlines()
    rows = [line.split() for line in lines if line and not line.startswith('#')]
    for installer in ('ros', 'pip'):
        names = [name for name, _, where in rows if where in (installer, 'all')]
        assert len(set(names)) == len(names)
    for _, function, where in rows:
        module, _, name = function.partition(':')
        path = ROOT / module.replace('.', '/')
        text = (path / '__init__.py' if path.is_dir() else path.with_suffix('.py')).read_text()
        assert f'def {name}(' in text
        assert where in ('ros', 'pip', 'all')
        assert where == 'ros' or '.nodes.' not in module
    pip = {name: function for name, function, where in rows if where in ('pip', 'all')}
    assert pip['detectnet'] == pip['detectnet-console'] == 'ros_deep_learning.cli.detectnet:main'


@pytest.mark.parametrize(
    ('program', 'network', 'gone'),
    [
        (imagenet, 'efficientnet-lite0', 'googlenet'),
        (segnet, 'selfie', 'fcn-resnet18-voc-320x320'),
    ],
)
def test_no_option_and_no_download_is_needed(
    astronaut_png: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    program: object,
    network: str,
    gone: str,
) -> None:
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'cache'))
    assert said(capsys, program, astronaut_png, '--offline')[0].startswith(f'{network}: ')
    # A network that cannot be downloaded: the message names one that is here.
    assert program.main([str(astronaut_png), f'--network={gone}', '--offline']) == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith(f'{program.__name__.rpartition(".")[2]}: {gone} is not in the cache')
    assert message.endswith(' (--network=NAME)')
    assert network in message.partition('here without a download: ')[2]


def test_without_a_download_there_is_no_detector(
    astronaut_png: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'cache'))
    assert detectnet.main([str(astronaut_png), '--offline']) == 1
    message = capsys.readouterr().err
    assert 'no network for detectnet is here without a download but a file of yours' in message


def test_options_stand_anywhere_and_nothing_is_overwritten(
    coffee_png: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / 'out.png'
    output.write_text('mine')
    assert imagenet.main([str(coffee_png), '--threshold', '0.1', str(output), ON_CPU]) == 1
    assert f'{output} is there already: add --force' in capsys.readouterr().err
    assert output.read_text() == 'mine'
    lines = said(capsys, imagenet, '--force', '-o', output, coffee_png)
    assert lines[-1].startswith(f'wrote {output}: 1 frame in ')
    assert lines[-1].endswith(' fps); espresso 1')
    assert cv2.imread(str(output)) is not None


def test_many_inputs(
    coffee_png: Path, astronaut_png: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / 'broken.png'
    broken.write_text('no picture')
    # As a shell expands *.png: the last is no output.
    lines = said(capsys, imagenet, astronaut_png, broken, coffee_png)
    assert [line for line in lines if line.endswith('.png')] == ['astronaut.png', 'coffee.png']
    assert lines[-1].startswith('2 frames in ')
    assert lines[-1].endswith('; 1 unreadable picture left out')
    assert coffee_png.stat().st_size > 1000
    said(capsys, imagenet, astronaut_png, broken, coffee_png, '-o', tmp_path / 'out')
    names = sorted(p.name for p in (tmp_path / 'out').iterdir())
    assert names == ['astronaut.png', 'coffee.png']
    # Each result is under its own name, though one between them was left out.
    for path in (astronaut_png, coffee_png):
        same = cv2.imread(str(path))[200:] == cv2.imread(str(tmp_path / 'out' / path.name))[200:]
        assert same.all()


@pytest.mark.parametrize('limit', ['-3', '0', 'x'])
def test_a_limit_is_a_number_of_frames(
    coffee_png: Path, capsys: pytest.CaptureFixture[str], limit: str
) -> None:
    with pytest.raises(SystemExit, match='2'):
        imagenet.main([str(coffee_png), '--limit', limit])
    assert f"expected 1 or more, got '{limit}'" in capsys.readouterr().err


def test_each_of_several_videos_has_its_own_output(
    bikes_clip: Path,
    astronaut_png: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    ssd_onnx: Path,
) -> None:
    for name in ('a.mp4', 'b.avi'):
        (tmp_path / name).symlink_to(bikes_clip)
    inputs = (tmp_path / 'a.mp4', astronaut_png, tmp_path / 'b.avi')
    crops, results, output = (tmp_path / name for name in ('crops', 'found.json', 'out'))
    options = ('--limit=6', f'--save-crops={crops}', f'--results={results}', '-o', output)
    lines = said(capsys, detectnet, *inputs, *options, '--threshold=0.3', '--tracking')
    assert {'astronaut.png', 'a.mp4 frame 0', 'b.avi frame 5'} <= set(lines)
    assert lines[-1].startswith(f'wrote {output} (')
    assert ': 13 frames in ' in lines[-1]
    assert {path.name for path in output.iterdir()} == {'a.mp4', 'astronaut.png', 'b.avi'}
    for name in ('a.mp4', 'b.avi'):
        assert cv2.VideoCapture(str(output / name)).get(cv2.CAP_PROP_FRAME_COUNT) == 6
    coco = json.loads(results.read_text())
    assert [row['id'] for row in coco['images']] == list(range(1, 14))
    # Track numbers start anew with each video, so both have the same.
    tracks = [
        [found.get('track_id') for found in coco['annotations'] if found['image_id'] in ids]
        for ids in (range(2, 8), range(8, 14))
    ]
    assert tracks[0] == tracks[1]
    cut = sorted(str(path.relative_to(crops)) for path in crops.rglob('*.jpg'))
    assert len(cut) == len(coco['annotations'])
    assert 'person/astronaut-000000-00.jpg' in cut
    x1, y1, width, height = coco['annotations'][0]['bbox']
    person = cv2.imread(str(crops / 'person' / 'astronaut-000000-00.jpg'))
    assert person.shape[:2] == pytest.approx((min(512 - y1, height), min(512 - x1, width)), abs=2)
    # Nothing is written over.
    again = [*map(str, inputs), '--limit=1', f'--save-crops={crops}', '-o', str(tmp_path / 'new')]
    assert detectnet.main(again) == 1
    assert f'{crops} is not empty; add --force' in capsys.readouterr().err
    assert detectnet.main([*map(str, inputs), '-o', str(output)]) == 1
    assert ' is there already: add --force' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['{clip}', '/dev/video0', '{clip}', '-o', 'out'], '/dev/video0 has no end'),
        (['{clip}', '{png}', '-o', 'out.mp4'], 'there are several inputs; give a folder'),
        (['{clip}', '{clip}', '-o', 'out'], '2 inputs would be written to out/'),
        (['{png}', '--save-crops={png}'], 'give a folder'),
        (['{png}', '--benchmark', '-o', 'out'], '--benchmark writes nothing: leave out --output'),
    ],
)
def test_outputs_that_cannot_be(
    bikes_clip: Path,
    coffee_png: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(coffee_png.parent)
    paths = {'clip': bikes_clip, 'png': coffee_png}
    assert detectnet.main([each.format_map(paths) for each in arguments]) == 1
    assert words in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize('program', [imagenet, segnet])
def test_a_benchmark_needs_no_input(capsys: pytest.CaptureFixture[str], program: object) -> None:
    lines = said(capsys, program, '--benchmark', '--limit=3')
    assert len(lines) == 3
    assert re.search(r'inference [\d.]+ / [\d.]+', lines[1])
    assert re.match(r'3 runs on 320x320 after 5 to warm up: [\d.e+]+ fps, ', lines[2])
    with pytest.raises(SystemExit, match='2'):
        program.main([])
    assert 'arguments are required: INPUT' in capsys.readouterr().err


def test_a_profile_is_of_one_frame_too(
    coffee_png: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, imagenet, coffee_png, '--profile')[-2].startswith('ms, p50 / p95: ')


def test_segnet_leaves_the_background_bare(
    astronaut_png: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / 'out.png'
    said(capsys, segnet, astronaut_png, output)
    before, after = cv2.imread(str(astronaut_png)), cv2.imread(str(output))
    with SegNet('selfie', backend='onnxruntime') as net:
        mask = net.segment(astronaut_png).class_mask
        background = net.labels.index('background')
    assert np.array_equal(after[mask == background], before[mask == background])
    assert (after[mask != background] != before[mask != background]).any(axis=1).mean() > 0.9


def test_detectnet_takes_classes_a_region_and_tiles_as_the_node_does(
    astronaut_png: Path, capsys: pytest.CaptureFixture[str], ssd_onnx: Path
) -> None:
    every = said(capsys, detectnet, astronaut_png, '--threshold=0.3')
    assert 'person 1' in every[-1]
    assert 'person' not in said(capsys, detectnet, astronaut_png, '--classes=dog, Cat')[-1]
    assert 'person 1' in said(capsys, detectnet, astronaut_png, '--classes=Person')[-1]
    left = said(capsys, detectnet, astronaut_png, '--region', '0,0,0.5,1', '--threshold=0.2')
    edges = [float(line.rpartition('(')[2].split(',')[0]) for line in left if '  (' in line]
    assert all(edge <= 256 for edge in edges)
    tiled = ('--tile-width=300', '--tile-overlap', '0.3', '--iou=0.4')
    assert said(capsys, detectnet, astronaut_png, *tiled)[-1].startswith('1 frame in ')


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--classes=zebras'], "'zebras' is none of the 90 labels; close to it: zebra"),
        (['--region=0.5,0,0.5,1'], 'region: expected x1 < x2'),
        (['--tile-height=9'], '--tile-height cuts nothing'),
        (['--iou=2'], 'iou_threshold'),
    ],
)
def test_detectnets_options_are_checked(
    astronaut_png: Path,
    capsys: pytest.CaptureFixture[str],
    ssd_onnx: Path,
    arguments: list[str],
    words: str,
) -> None:
    assert detectnet.main([str(astronaut_png), ON_CPU, *arguments]) == 1
    assert words in capsys.readouterr().err.splitlines()[-1]


OPTIONS_THAT_ARE_GONE = [
    *('--batch_size=1', '--snapshots=x', '--camera', '--input_decoder=v4l2', '--input-save=x.mp4'),
    *('--output-encoder=v4l2', '--output_save=x.mp4'),
]


@pytest.mark.parametrize('option', OPTIONS_THAT_ARE_GONE)
def test_an_option_that_is_gone_says_what_to_do(
    capsys: pytest.CaptureFixture[str], option: str
) -> None:
    with pytest.raises(SystemExit, match='2'):
        imagenet.main(['x.png', option])
    name = option.partition('=')[0].replace('_', '-')
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f'imagenet: error: {name} of jetson-inference is not an option here: ')
