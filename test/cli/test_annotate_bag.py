# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of rdl annotate-bag: the commands of docs/bags.md, and what a user can get wrong."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import bags_on_disk as disk
import cv2
import pytest
from fleet_of_bags import CARD, write_stripes

from ros_deep_learning.bags import annotation, libraries
from ros_deep_learning.cli import rdl
from ros_deep_learning.cli.annotate_bag import main, program

TEXT = (Path(__file__).parents[2] / 'docs' / 'bags.md').read_text()
COMMANDS = re.findall(r'^(rdl annotate-bag .*)$', TEXT, re.M)


@pytest.fixture(scope='module')
def drive(tmp_path_factory, astronaut):
    """A recording of two cameras, of which one sends JPEG."""
    recorder = disk.Recorder(tmp_path_factory.mktemp('bags') / 'drive')
    picture = cv2.resize(astronaut, (256, 256))
    jpeg = cv2.imencode('.jpg', picture[..., ::-1])[1].tobytes()
    for k in range(2):
        time_ns = disk.START_NS + k * disk.PERIOD_NS
        raw, packed = disk.image(picture, time_ns), disk.compressed(jpeg, time_ns)
        recorder.add('/front/image_raw', 'sensor_msgs/msg/Image', raw, time_ns)
        recorder.add(
            '/rear/image_raw/compressed', 'sensor_msgs/msg/CompressedImage', packed, time_ns
        )
        recorder.add('/chatter', 'std_msgs/msg/String', disk.text('hello'), time_ns)
    recorder.close()
    return recorder.writer.path / 'drive.mcap'


@pytest.mark.parametrize('command', COMMANDS)
def test_a_command_of_the_document_runs(command, drive, ssd_onnx, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path('drive.mcap').symlink_to(drive)
    _, *arguments = shlex.split(command)
    assert rdl.main([*arguments, '--backend=onnxruntime']) == 0
    images = 2 if '--topics' in arguments else 4
    last = capsys.readouterr().out.splitlines()[-1]
    line = rf'wrote {arguments[2]}: 6 messages copied, {images} images in [\d.]+ s'
    assert re.match(line, last)
    topics = disk.connections(tmp_path / arguments[2])
    added = [
        topic
        for topic in topics
        if topics[topic].msgcount and topic not in disk.connections(drive)
    ]
    assert all(re.match(r'/(detectnet|imagenet|people|segnet)/', topic) for topic in added)
    assert not Path(f'{arguments[2]}.part').exists()
    for camera in ('front', 'rear') if 'annotated' in command else ():
        found = disk.of_topic(tmp_path / arguments[2], f'/detectnet/{camera}/detections')
        best = [one.detections[0].results[0].hypothesis.class_id for one in found]
        assert best == ['person'] * 2


@pytest.mark.parametrize(
    ('options', 'reason'),
    [
        ([], 'is the bag itself; to fix: name another output'),
        (['out.mp4'], 'out.mp4: expected a name that ends in .mcap or .db3, or a folder'),
        (['drive.db3'], 'drive.db3 exists; to fix: --force'),
        (['../drive', '--force'], '../drive is a folder with the bag in it; to fix: name anoth'),
        (['../notes', '--force'], '../notes is a folder and no bag, so it is kept; to fix: name'),
        (['out', '--topics', '/no'], 'there is no topic /no; it has images on /front/image_raw'),
        (
            ['out', '--outputs', 'detections'],
            'some of class_mask, confidence_mask, color_mask, se',
        ),
        (['out', '--node', 'seg:selfie'], 'expected NODE:MODEL or NAME=NODE:MODEL, where NODE is'),
        (['out', '--node', 'detectnet:selfie'], 'selfie is made for segmentation, not for detec'),
        (['out', '--tracking', 'iou'], '--tracking: objects are those of detectnet, and no --no'),
        (['out', '--node', 'segnet:selfie'], 'two nodes are called segnet; to fix: NAME=NODE:MO'),
    ],
)
def test_what_does_not_go_together_is_said(drive, tmp_path, monkeypatch, capsys, options, reason):
    folder = tmp_path / 'drive'
    folder.mkdir()
    monkeypatch.chdir(folder)
    shutil.copy(drive, 'drive.mcap')
    Path('drive.db3').touch()
    (tmp_path / 'notes').mkdir()
    (tmp_path / 'notes' / 'monday.txt').touch()
    output, *rest = options or ['drive.mcap']
    assert main(['drive.mcap', output, '--node', 'segnet:selfie', *rest]) == 1
    assert reason in capsys.readouterr().err
    assert {one.name for one in folder.iterdir()} == {'drive.mcap', 'drive.db3'}
    assert (tmp_path / 'notes' / 'monday.txt').exists()


@pytest.mark.parametrize('changed', ['weights', 'labels', 'card', None])
def test_the_part_of_another_network_is_not_continued(
    drive, tmp_path, monkeypatch, capsys, changed
):
    monkeypatch.chdir(tmp_path)
    write_stripes(tmp_path, 1)
    command = [str(drive), 'out.mcap', '--node', 'imagenet:stripes.yaml', '--backend=onnxruntime']
    with monkeypatch.context() as ended:
        ended.setattr(annotation.BagAnnotation, '_run', interrupt)
        assert main(command) == 130
    if changed == 'weights':
        size = Path('stripes.onnx').stat().st_size
        write_stripes(tmp_path, 2)
        assert Path('stripes.onnx').stat().st_size == size
    elif changed == 'labels':
        Path('stripes.txt').write_text('along\nacross\n')
    elif changed == 'card':
        Path('stripes.yaml').write_text(CARD.replace('0.01', '0.02'))
    capsys.readouterr()
    assert main(command) == (0 if changed is None else 1)
    if changed is not None:
        error = capsys.readouterr().err
        assert 'out.mcap.part was begun with other settings (models), so it cannot be' in error
        assert main([*command, '--restart']) == 0


def interrupt(*_):
    raise KeyboardInterrupt


def test_without_the_libraries_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(libraries, 'find_spec', lambda name: None if name == 'mcap' else name)
    assert main(['in.mcap', 'out.mcap', '--node', 'segnet:selfie']) == 1
    assert capsys.readouterr().err == (
        'rdl annotate-bag: bags need mcap; to fix: pip install mcap\n'
    )


def test_every_option_is_told_and_no_other():
    options = {option for action in program._parser()._actions for option in action.option_strings}
    rows = re.findall(r'(?m)^\| `--.*', TEXT.partition('## Pictures')[0])
    told = {option for row in rows for option in re.findall('--[a-z][a-z-]*', row.split('|')[1])}
    assert told == options - {'-h', '--help'}
