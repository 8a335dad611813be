# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of rdl quantize: frames, the network it writes, and what it says of it."""

from __future__ import annotations

import math
import shutil
import sys
from types import ModuleType, SimpleNamespace

import cv2
import numpy as np
import onnx
import pytest
import zoo_stand_ins as stand_ins
from onnx import helper, numpy_helper

from ros_deep_learning.cards import zoo
from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.cards.card_text import card_text
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.cli import build_engine, quantize
from ros_deep_learning.cli.quantize_frames import read_frames
from ros_deep_learning.datasets.dataset import spread
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.engines.speed import Speed, compare_speed
from ros_deep_learning.errors import SettingsError
from ros_deep_learning.evaluation.agreement import (
    Agreement,
    agreement,
    answers_kept,
    match_ious,
)
from ros_deep_learning.evaluation.int8 import Int8Network, held_out_frames
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.networks import ImageNet
from ros_deep_learning.onnx_tools.facts import read_facts
from ros_deep_learning.onnx_tools.quantize import Quantised, run_exactly
from ros_deep_learning.onnx_tools.quantize import quantize as quantised
from ros_deep_learning.recognition.choice import choose_card
from ros_deep_learning.tasks.detection import Detections
from ros_deep_learning.tasks.preprocess import placement, preprocess


@pytest.fixture
def folder(tmp_path):
    """Six images in colours that tell them apart, one a folder deeper, and a text."""
    path = tmp_path / 'images'
    (path / 'deeper').mkdir(parents=True)
    for index in range(6):
        image = np.full((20, 30, 3), (40 * index, 0, 255), np.uint8)
        name = f'{index}.png' if index else 'deeper/0.png'
        cv2.imwrite(str(path / name), image)
    (path / 'readme.txt').write_text('no image')
    return path


@pytest.mark.parametrize(
    ('count', 'limit', 'indices'),
    [(0, 3, []), (2, 3, [0, 1]), (5, 1, [0]), (5, 2, [0, 4]), (9, 3, [0, 4, 8])],
)
def test_frames_are_spread_evenly(count, limit, indices):
    assert spread(count, limit) == indices


def all_frames(*arguments):
    return list(read_frames(*arguments))


def test_reads_a_folder(folder):
    frames = all_frames(folder, 100)
    assert len(frames) == 6
    assert {f.order for f in frames} == {'bgr'}
    assert sorted(int(f.array[0, 0, 0]) for f in frames) == [0, 40, 80, 120, 160, 200]
    assert len(all_frames(folder, 2)) == 2


def test_reads_a_video(bikes_clip):
    frames = all_frames(bikes_clip, 3)
    assert [f.size_wh for f in frames] == [(640, 272)] * 3
    assert not np.array_equal(frames[0].array, frames[1].array)


def test_reads_arrays(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 9, 3), np.uint8)
    np.savez(tmp_path / 'a.npz', first=images, last=images[0])
    np.save(tmp_path / 'b.npy', images)
    frames = all_frames(tmp_path / 'a.npz', 10)
    assert len(frames) == 5
    assert frames[0].order == 'rgb'
    np.testing.assert_array_equal(frames[0].array, images[0])
    assert len(all_frames(tmp_path / 'b.npy', 10)) == 4


@pytest.mark.parametrize('damage', ['cut', 'empty', 'changed', 'claims'])
def test_arrays_that_are_damaged(tmp_path, damage):
    path = tmp_path / 'a.npz'
    np.savez(path, first=np.zeros((4, 8, 9, 3), np.uint8))
    whole = path.read_bytes()
    if damage == 'claims':
        path = tmp_path / 'a.npy'
        np.save(path, np.zeros((2, 5, 5, 3), np.uint8))
        whole = path.read_bytes()
    path.write_bytes(
        {
            'cut': whole[: len(whole) // 2],
            'empty': b'',
            'changed': whole[:400] + bytes(reversed(range(100))) + whole[500:],
            'claims': whole.replace(
                b'(2, 5, 5, 3), }' + b' ' * 12, b'(2000000000000, 5, 5, 3), }'
            ),
        }[damage]
    )
    with pytest.raises(SettingsError, match='cannot be read as arrays'):
        all_frames(path, 10)


def test_a_bag_that_is_damaged(tmp_path):
    (tmp_path / 'metadata.yaml').write_text('nonsense: 3')
    with pytest.raises(SettingsError, match='cannot be read as a bag: A metadata key is missing'):
        all_frames(tmp_path, 10)


def test_reads_a_bag_where_rosbags_is_installed(tmp_path, monkeypatch):
    """The package rosbags stands behind two names; its reader is imitated here."""
    (tmp_path / 'metadata.yaml').write_text('')
    image = SimpleNamespace(
        encoding='rgb8', width=2, height=1, step=6, is_bigendian=0, data=np.arange(6, dtype='u1')
    )
    camera, other = (
        SimpleNamespace(topic=t, msgtype='sensor_msgs/msg/Image', msgcount=2)
        for t in ('/camera', '/other')
    )

    class Reader:
        connections = (camera, other)

        def __init__(self, folders, default_typestore):
            assert folders == [tmp_path]

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def messages(self, connections):
            return [(c, 0, b'raw') for c in connections for _ in range(2)]

        def deserialize(self, raw, msgtype):
            return image

    highlevel, typesys = ModuleType('rosbags.highlevel'), ModuleType('rosbags.typesys')
    highlevel.AnyReader = Reader
    typesys.Stores = SimpleNamespace(ROS2_HUMBLE='humble')
    typesys.get_typestore = lambda store: store
    for module in (ModuleType('rosbags'), highlevel, typesys):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    frames = all_frames(tmp_path, 10, '/camera')
    assert len(frames) == 2
    np.testing.assert_array_equal(frames[0].array.ravel(), np.arange(6))
    with pytest.raises(SettingsError, match=r'/camera, /other\), got None; to fix: --topic'):
        all_frames(tmp_path, 10)


def test_a_bag_without_rosbags_is_said(tmp_path, monkeypatch):
    (tmp_path / 'metadata.yaml').write_text('')
    monkeypatch.setitem(sys.modules, 'rosbags.highlevel', None)
    with pytest.raises(SettingsError, match='to fix: pip install rosbags'):
        all_frames(tmp_path, 10)


@pytest.mark.parametrize(
    ('name', 'content', 'words'),
    [
        ('none', None, 'there is no'),
        ('clip.mp4', b'no video', 'cannot be read as a video'),
        ('a.npz', b'no arrays', 'cannot be read as arrays'),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SettingsError, match=words):
        all_frames(tmp_path / name, 10)


def test_an_empty_folder_is_said(tmp_path):
    with pytest.raises(SettingsError, match='has no frames; expected images'):
        all_frames(tmp_path, 10)


def test_a_broken_image_is_named(folder):
    (folder / 'bad.png').write_bytes(b'no image')
    with pytest.raises(SettingsError, match=r'bad\.png. is no picture .*to fix: remove it'):
        all_frames(folder, 100)


def test_one_picture_is_in_memory_at_a_time(folder):
    frames = read_frames(folder, 100)
    next(frames)
    for path in folder.glob('*.*'):
        path.unlink()
    with pytest.raises(SettingsError, match='cannot read the picture'):
        next(frames)


def test_wrong_arrays_are_said(tmp_path):
    np.save(tmp_path / 'a.npy', np.zeros((4, 4), np.float32))
    with pytest.raises(SettingsError, match='expected uint8 RGB'):
        all_frames(tmp_path / 'a.npy', 10)


def test_no_frames_cannot_be_asked_for(folder):
    with pytest.raises(SettingsError, match='limit: expected at least 1'):
        all_frames(folder, 0)


def detections(*boxes):
    rows = np.array([b[:4] for b in boxes], np.float32).reshape(-1, 4)
    ids = np.array([b[4] for b in boxes], np.int32)
    return Detections(rows, np.ones(len(boxes), np.float32), ids, (100, 100))


def test_objects_are_matched_by_class_and_overlap():
    assert match_ious(detections(), detections()) == []
    a = detections((0, 0, 10, 10, 1), (50, 50, 60, 60, 2))
    assert match_ious(a, detections()) == []
    assert match_ious(a, a) == [1.0, 1.0]
    shifted = detections((0, 0, 10, 8, 1), (50, 50, 60, 60, 3), (0, 0, 10, 9, 1))
    assert match_ious(a, shifted) == [pytest.approx(0.9)]


def test_agreement_of_a_classifier():
    card = find_card('efficientnet-lite0')
    eye = [{'logits': row[None]} for row in np.eye(4, dtype=np.float32)]
    other = [*eye[:3], {'logits': np.array([[9.0, 0, 0, 1]], np.float32)}]
    result = agreement(card, [], eye, other)
    assert (result.share, result.measure) == (0.75, 'same top-1')
    assert str(result) == 'same top-1: 75.0% (4 frames)'


def test_agreement_of_masks():
    card = find_card('duckietown-lanes')
    masks = np.zeros((1, 3, 10, 10), np.float32)
    masks[:, 0] = 1
    other = masks.copy()
    other[0, :, 0, 0] = (0, 1, 0)
    result = agreement(card, [], [{'probs': masks}] * 2, [{'probs': masks}, {'probs': other}])
    assert result.share == pytest.approx(0.995)
    assert result.detail == 'worst frame 99.0%'


def test_agreement_of_boxes():
    card = find_card('ssd-mobilenet-v2')
    boxes = np.array([[[0.1, 0.1, 0.5, 0.5], [0.6, 0.6, 0.9, 0.9]]], np.float32)
    scores = np.zeros((1, 2, 90), np.float32)
    scores[0, 0, 3] = scores[0, 1, 5] = 0.9
    weaker = scores.copy()
    weaker[0, 1, 5] = 0.1
    placements = [place((300, 300), (300, 300), 'stretch')]
    result = agreement(
        card,
        placements,
        [{'boxes': boxes, 'scores': scores}],
        [{'boxes': boxes, 'scores': weaker}],
    )
    assert result.share == pytest.approx(2 / 3)
    nothing = [{'boxes': boxes, 'scores': np.zeros_like(scores)}]
    result = agreement(card, placements, nothing, nothing)
    assert math.isnan(result.share)
    assert str(result) == 'objects that both found: neither found any'


def test_quantises_a_network_and_reports(tmp_path, astronaut, chelsea, coffee, capsys):
    for index, image in enumerate((astronaut, chelsea, coffee, astronaut[:, ::-1])):
        cv2.imwrite(str(tmp_path / f'{index}.png'), image[..., ::-1])
    output = tmp_path / 'int8.onnx'
    arguments = ['efficientnet-lite0', str(tmp_path), str(output), '--method', 'minmax']
    assert quantize.main([*arguments, '--held-out', '0.5']) == 0
    assert read_facts(output).precision == 'int8'
    onnx.checker.check_model(str(output))
    out = capsys.readouterr().out
    assert 'frames it was not calibrated with: same top-1:' in out
    assert '(2 frames)' in out
    assert 'on this CPU with onnxruntime: int8 ' in out
    assert f'next: imagenet --network={output} PICTURE, or ros2 launch' in out
    # Bare, with the card beside it and with the one inside, it is the network that it was.
    for _ in range(2):
        card = choose_card(output)
        assert card.input == find_card('efficientnet-lite0').input
        assert (card.name, card.licence, card.checked) == ('int8', 'Apache-2.0', None)
        with ImageNet(card) as network:
            seen = network.classify(coffee, top_k=1)[0]
            assert (seen.label, seen.class_id) == ('espresso', 967)
        output.with_suffix('.yaml').unlink(missing_ok=True)


def test_a_file_of_others_is_not_replaced_by_the_card(folder, tmp_path, capsys):
    (tmp_path / 'net.yaml').write_text('nc: 80')
    assert quantize.main(['selfie', str(folder), str(tmp_path / 'net.onnx')]) == 1
    assert 'net.yaml is there already and is no card' in capsys.readouterr().err
    assert quantize.main(['selfie', str(folder), str(tmp_path / 'net.int8')]) == 1
    assert 'expected a name that ends in .onnx' in capsys.readouterr().err


def test_nothing_is_overwritten_unasked_and_the_float_network_never(tmp_path, folder, capsys):
    own = tmp_path / 'net.onnx'
    shutil.copy(ModelStore().onnx_path(find_card('selfie')), own)
    before = own.read_bytes()
    card = tmp_path / 'net.yaml'
    card.write_text(card_text(choose_card(own, 'segmentation')), encoding='utf-8')
    for force in ([], ['--force']):
        assert quantize.main([str(card), str(folder), str(own), *force]) == 1
        assert 'is the float network that is read' in capsys.readouterr().err
    moved = tmp_path / 'float.yaml'
    moved.write_text(card.read_text())
    assert quantize.main([str(moved), str(folder), str(tmp_path / 'float.onnx'), '--force']) == 1
    assert 'is the card that is read' in capsys.readouterr().err
    other = tmp_path / 'other.onnx'
    other.write_bytes(b'mine')
    assert quantize.main([str(card), str(folder), str(other)]) == 1
    assert f'{other} would be overwritten' in capsys.readouterr().err
    assert (own.read_bytes(), other.read_bytes()) == (before, b'mine')
    arguments = ['--force', '--goal=0', '--method=minmax']
    assert quantize.main([str(card), str(folder), str(other), *arguments]) == 0
    assert read_facts(other).precision == 'int8'


def test_speed_is_measured_with_the_cards_size_where_channels_are_open(tmp_path, capfd):
    # As optimum exports: a feed of one channel would not run, and be said on standard error.
    weights = numpy_helper.from_array(np.zeros((2, 3, 1, 1), np.float32), 'w')
    graph = helper.make_graph(
        [helper.make_node('Conv', ['x', 'w'], ['y'])],
        'net',
        [helper.make_tensor_value_info('x', 1, ['b', 'c', 'h', 'w'])],
        [helper.make_tensor_value_info('y', 1, ['b', 2, 'h', 'w'])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.save(model, tmp_path / 'net.onnx')
    feed = {'x': np.zeros((1, 3, 8, 8), np.float32)}
    speed = compare_speed(tmp_path / 'net.onnx', tmp_path / 'net.onnx', feed, InputSpec(8, 8))
    assert speed.float_ms > 0
    assert capfd.readouterr().err == ''


def test_slower_than_float_is_said():
    assert str(Speed(10.0, 30.0)).startswith('WARNING: on this CPU')
    assert '3.0 times slower' in str(Speed(10.0, 30.0))
    assert str(Speed(30.0, 10.0)).endswith('float 30.0 ms: 3.0 times as fast')


@pytest.mark.slow
@pytest.mark.parametrize('name', ['efficientnet-lite0', 'duckietown-lanes', 'selfie'])
def test_kept_networks_answer_the_same_in_int8(tmp_path, astronaut, chelsea, coffee, name):
    """Against the float network: the same best class, and 99 % of the pixels in every picture."""
    card = find_card(name)
    images = [Pixels(image, 'rgb') for image in (astronaut, chelsea, coffee)]
    placements = [placement(image.size_wh, card.input) for image in images]
    path, output = card.source.file, tmp_path / 'int8.onnx'
    tensor = next(iter(read_facts(path).inputs))
    feeds = [{tensor: preprocess([image], card.input)} for image in images]
    goal = answers_kept(card, placements, 0.995)
    made = quantised(path, output, feeds, method='minmax', goal=goal)
    assert made.int8 >= 12
    floats, ints = run_exactly(path, feeds), run_exactly(output, feeds)
    for laid, a, b in zip(placements, floats, ints, strict=True):
        least = 1.0 if card.task == 'classification' else 0.99
        assert agreement(card, [laid], [a], [b]).share >= least
    kinds = {t.op_type for t in onnx.load(output).graph.node}
    assert 'QuantizeLinear' in kinds


@pytest.mark.slow
def test_the_detector_answers_the_same_in_int8(tmp_path, coffee):
    """Every box of the float network again, with an IoU over 0.9; one layer cannot be int8."""
    card = find_card('ssd-mobilenet-v2')
    images = [Pixels(coffee, 'rgb')]
    placements = [placement(image.size_wh, card.input) for image in images]
    path, output = ModelStore().onnx_path(card), tmp_path / 'int8.onnx'
    tensor = next(iter(read_facts(path).inputs))
    feeds = [{tensor: preprocess([image], card.input)} for image in images]
    goal = answers_kept(card, placements, 0.995)
    made = quantised(path, output, feeds, method='minmax', goal=goal)
    assert made.int8 > 60
    assert goal.score(run_exactly(path, feeds), run_exactly(output, feeds)) == 1.0


def test_fails_under_the_wanted_agreement(folder, tmp_path, monkeypatch, capsys):
    card = find_card('selfie')
    agreed = Agreement(0.5, 'same top-1')
    outcome = Int8Network(Quantised(3, ('gate',)), agreed, Speed(2.0, 1.0), card)
    monkeypatch.setattr(quantize, '_quantize', lambda *_: outcome)
    output = tmp_path / 'int8.onnx'
    output.write_bytes(b'')
    arguments = ['selfie', str(folder), str(output)]
    assert quantize.main(arguments) == 0
    assert '3 layers in int8, 1 kept in float: gate' in capsys.readouterr().out
    assert quantize.main([*arguments, '--at-least', '0.5']) == 0
    assert quantize.main([*arguments, '--at-least', '0.51']) == 1
    assert 'less than 51.0%' in capsys.readouterr().err


@pytest.mark.parametrize(
    'option', ['--at-least=95', '--goal=nan', '--goal=-1', '--held-out=20', '--limit=0']
)
def test_numbers_out_of_range_are_refused_before_anything_is_read(option, capsys):
    with pytest.raises(SystemExit, match='2'):
        quantize.main(['selfie', 'frames', 'o.onnx', option])
    name = option.partition('=')[0]
    assert f'rdl quantize: error: argument {name}: expected ' in capsys.readouterr().err


def test_one_frame_is_too_few(folder, tmp_path, capsys):
    assert quantize.main(['selfie', str(folder), str(tmp_path / 'o.onnx'), '--limit', '1']) == 1
    assert 'calibration and check need one each' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('count', 'share', 'held'), [(2, 0.9, {0}), (5, 0.0, {0}), (10, 0.2, {0, 9}), (4, 1.0, 3)]
)
def test_some_frames_are_held_out_and_never_all(count, share, held):
    chosen = held_out_frames(count, share)
    assert (chosen == held) if isinstance(held, set) else (len(chosen) == held)


def test_the_networks_own_size_holds_not_its_cards(
    folder, tmp_path, https_server, monkeypatch, capsys
):
    name = 'fcn-resnet18-cityscapes-512x256'
    zoo_home = stand_ins.local_zoo(tmp_path / 'zoo', https_server.url('')[:-1])
    monkeypatch.setattr(zoo, 'zoo_folder', lambda: zoo_home)
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'cache'))
    members = find_card(name).source.members
    files = {'model': stand_ins.fcn_resnet18((96, 64), 3), 'labels': b'a\nb\nc\n'}
    files['colors'] = b'1 2 3\n' * 3
    https_server.put(name, stand_ins.packed({members[r]: files[r] for r in members}))
    arguments = [name, str(folder), str(tmp_path / 'int8.onnx'), '--goal=0', '--method=minmax']
    assert quantize.main(arguments) == 0, capsys.readouterr().err
    (tensor,) = read_facts(tmp_path / 'int8.onnx').inputs.values()
    assert tensor.shape[2:] == (64, 96)
    # An .onnx file needs no card at all.
    (tmp_path / 'mine.onnx').write_bytes(files['model'])
    assert quantize.main([str(tmp_path / 'mine.onnx'), *arguments[1:], '--force']) == 0
    _, card = build_engine._network(name, lambda stage, share: None)
    assert (card.input.width, card.input.height) == (96, 64)
