# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of rdl models: tables, downloads that say whom they trust, own networks, packs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
import zoo_stand_ins as stand_ins
from https_server import HttpsServer
from onnx import TensorProto, helper, numpy_helper
from uff_files import DType, UffWriter

from ros_deep_learning.cards import zoo
from ros_deep_learning.cards.labels import load_labels
from ros_deep_learning.cards.zoo import find_card, list_cards
from ros_deep_learning.cli import quantize
from ros_deep_learning.cli.models import main
from ros_deep_learning.onnx_tools.external_data import load_with_weights
from ros_deep_learning.recognition.choice import choose_card

SMALL = 'fcn-resnet18-deepscene-576x320'


@pytest.fixture(autouse=True)
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's own cache and networks out of this."""
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'cache'))
    monkeypatch.setenv('ROS_DEEP_LEARNING_MODELS', str(tmp_path / 'own'))


@pytest.fixture
def server(
    https_server: HttpsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> HttpsServer:
    folder = stand_ins.local_zoo(tmp_path / 'zoo', https_server.url('')[:-1])
    monkeypatch.setattr(zoo, 'zoo_folder', lambda: folder)
    https_server.put(SMALL, stand_ins.stand_in(find_card(SMALL)))
    return https_server


def said(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    """Run the program; give what it printed on the one stream or the other."""
    assert main([str(argument) for argument in arguments]) == code
    captured = capsys.readouterr()
    return captured.err.splitlines()[-1] if code else captured.out


def rows(text: str) -> dict[str, list[str]]:
    lines = text.splitlines()
    assert lines[0].split() == ['NAME', 'TASK', 'INPUT', 'RUN', 'WITH', 'HERE']
    assert lines[-1] == f'{len(lines) - 2} networks'
    return {line.split()[0]: line.split()[1:] for line in lines[1:-1]}


def test_the_list_has_every_name_with_its_state(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(said(capsys, 'list'))
    for card in list_cards():
        size = f'{card.input.width}x{card.input.height}'
        assert found[card.name][:4] == [card.task, size, *str(card.checked).split()]
    assert {find_card(name).name for name in stand_ins.ALL} <= set(found)


def test_filters(capsys: pytest.CaptureFixture[str]) -> None:
    theirs = rows(said(capsys, 'list', '--family', 'jetson-inference'))
    assert set(theirs) == {find_card(name).name for name in stand_ins.ALL}
    assert len(theirs) == 38
    detectors = rows(said(capsys, 'list', '--task', 'detection', '--state', 'real weights'))
    assert set(detectors) == {'centerface', 'ssd-mobilenet-v2'}
    here = rows(said(capsys, 'list', '--here'))
    assert set(here) == {'duckietown-lanes', 'efficientnet-lite0', 'selfie'}
    assert said(capsys, 'list', '--family', 'none').endswith('0 networks\n')


@pytest.mark.parametrize('card', list_cards(), ids=lambda card: card.name)
def test_every_card_can_be_shown(capsys: pytest.CaptureFixture[str], card: object) -> None:
    text = said(capsys, 'show', card.name)
    for fact in (card.name, card.task, card.licence, card.checked, *card.source.urls):
        assert fact in text
    if card.source.urls and card.source.sha256 is None:
        assert 'none is published; the first download is trusted' in text


def test_a_download_says_whom_it_trusts(
    server: HttpsServer, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert 'no; rdl models download fetches it' in said(capsys, 'show', SMALL)
    text = said(capsys, 'download', SMALL)
    assert f'{SMALL}: /' in text
    assert '(no SHA-256 is published: pinned on 20' in text
    assert 'trusted on this first download' in caplog.text
    assert 'trusted since its first download on' in said(capsys, 'show', SMALL)
    assert SMALL in rows(said(capsys, 'list', '--here'))
    path = Path(said(capsys, 'path', SMALL, '--offline').strip())
    assert onnx.load(path).graph.output[0].name == 'output_0'


def test_offline_nothing_is_downloaded(
    server: HttpsServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for command in (['download', SMALL], ['path', SMALL], ['pack', tmp_path / 'x', SMALL]):
        message = said(capsys, *command, '--offline', code=1)
        assert f'{SMALL} is not in the cache and downloads are off' in message
    monkeypatch.setenv('ROS_DEEP_LEARNING_OFFLINE', '1')
    assert 'downloads are off' in said(capsys, 'download', SMALL, code=1)
    assert server.asked == []


def test_changed_content_needs_trust_anew(
    server: HttpsServer, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(said(capsys, 'download', SMALL).split(': ')[1].split(' (')[0])
    path.write_bytes(b'torn')
    assert 'missing or damaged; to fix: rdl models download' in said(
        capsys, 'verify', SMALL, code=1
    )
    files = {'fcn_resnet18.onnx': stand_ins.fcn_resnet18((576, 320), 5, width=8)}
    server.put(SMALL, stand_ins.packed(files))
    message = said(capsys, 'download', SMALL, code=1)
    assert 'if the change is intended, download it with --trust-anew' in message
    said(capsys, 'download', SMALL, '--trust-anew')
    assert said(capsys, 'verify', SMALL).startswith(f'{SMALL}: whole (no SHA-256 is published')


@pytest.mark.parametrize('offline', [False, True])
def test_trust_anew_loses_nothing_where_the_download_fails(
    server: HttpsServer, capsys: pytest.CaptureFixture[str], *, offline: bool
) -> None:
    said(capsys, 'download', SMALL)
    before = said(capsys, 'verify', SMALL)
    server.pages.clear()
    options = ['--trust-anew', *['--offline'] * offline]
    message = said(capsys, 'download', SMALL, *options, code=1)
    assert ('downloads are off' if offline else 'the server answers 404') in message
    assert said(capsys, 'verify', SMALL) == before


def test_downloads_go_on_after_one_that_fails(
    server: HttpsServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['download', 'fcn-resnet18-voc-512x320', SMALL]) == 1
    captured = capsys.readouterr()
    assert 'the server answers 404' in captured.err
    assert captured.out.startswith(f'{SMALL}: ')
    assert 'name the networks to download' in said(capsys, 'download', code=1)
    assert 'name the networks' in said(capsys, 'download', SMALL, '--task', 'detection', code=1)


def test_verify_takes_what_is_here(
    server: HttpsServer, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, 'download', SMALL)
    lines = said(capsys, 'verify').splitlines()
    assert [line.partition(':')[0] for line in lines] == [
        *('duckietown-lanes', 'efficientnet-lite0', SMALL, 'selfie'),
    ]


def test_pack_and_unpack(
    server: HttpsServer,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = said(capsys, 'pack', tmp_path / 'usb', SMALL, 'selfie')
    assert '2 networks, 5 files' in text
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'robot'))
    monkeypatch.setenv('ROS_DEEP_LEARNING_OFFLINE', '1')
    assert said(capsys, 'unpack', tmp_path / 'usb') == '5 files checked and unpacked\n'
    assert SMALL in rows(said(capsys, 'list', '--here'))
    assert 'is not a pack' in said(capsys, 'unpack', tmp_path, code=1)


def constant(name: str, shape: list[int]) -> onnx.NodeProto:
    """Make a node that gives zeros."""
    return helper.make_node(
        'Constant', [], [name], value=numpy_helper.from_array(np.zeros(shape, np.float32))
    )


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A detector as Ultralytics exports it, which finds nothing."""
    graph = helper.make_graph(
        [constant('output0', [1, 6, 126])],
        'net',
        [helper.make_tensor_value_info('images', TensorProto.FLOAT, [1, 3, 64, 96])],
        [helper.make_tensor_value_info('output0', TensorProto.FLOAT, [1, 6, 126])],
    )
    model = helper.make_model(graph, producer_name='pytorch', producer_version='2.1')
    names = {
        'author': 'Ultralytics',
        'license': 'AGPL-3.0 License (https://ultralytics.com/license)',
        'task': 'detect',
        'names': "{0: 'cat', 1: 'dog'}",
    }
    helper.set_model_props(model, names)
    onnx.save(model, str(tmp_path / 'best.onnx'))
    return tmp_path / 'best.onnx'


def test_inspect_tells_tensors_and_guesses_the_card(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, 'inspect', trained)
    assert text.startswith('# best.onnx: pytorch 2.1, opset ')
    assert '# input   images   float32  1x3x64x96' in text
    assert '# output  output0  float32  1x6x126' in text
    assert '# exported by Ultralytics, with 2 class names' in text
    values = yaml.safe_load(text)
    assert (values['task'], values['decoder']) == ('detection', 'yolov8')
    assert values['outputs'] == {'predictions': 'output0'}
    assert values['licence'] == 'AGPL-3.0'
    assert values['input']['resize'] == 'letterbox'


def test_inspect_tells_the_inputs_of_other_formats(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prototxt, model, _ = stand_ins.write_snapshot(tmp_path)
    options = ['--prototxt', prototxt, '--task', 'classification', '--no-run']
    text = said(capsys, 'inspect', model, *options)
    assert text.startswith('# snapshot.caffemodel: Caffe, as deploy.prototxt has it\n')
    assert '# input  data    float32  1x3x224x224' in text
    assert yaml.safe_load(text)['format'] == 'caffe'
    uff = UffWriter()
    uff.node('Input', 'Input', shape=[1, 3, 200, 300], dtype=DType(131104))
    uff.node('MarkOutput', 'MarkOutput_0', 'Input')
    uff_options = ['--task', 'detection', '--no-run']
    text = said(capsys, 'inspect', uff.write(tmp_path / 'ssd.uff'), *uff_options)
    assert text.startswith('# ssd.uff: UFF, of images of 300x200\n')
    assert yaml.safe_load(text)['format'] == 'uff-ssd'


def test_the_guess_can_be_kept_and_added(
    trained: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    card = tmp_path / 'card.yaml'
    said(capsys, 'inspect', trained, '--write', card, '--name', 'pets', '--licence', 'MIT')
    assert 'is there already' in said(capsys, 'inspect', trained, '--write', card, code=1)
    runs, added, command = said(capsys, 'add', card).splitlines()
    assert runs.startswith('# runs: onnxruntime ')
    assert added == f'pets: {tmp_path}/own/cards/pets.yaml'
    assert command.startswith('next: detectnet --network=pets PICTURE, or ros2 launch ')
    found = find_card('Pets')
    assert (found.licence, found.decoder) == ('MIT', 'yolov8')
    assert 'is taken by' in said(capsys, 'add', trained, '--name', 'pets', code=1)
    said(capsys, 'add', trained, '--name', 'pets', '--replace')
    assert 'pets' in rows(said(capsys, 'list', '--here'))
    before = sorted(tmp_path.rglob('*'))
    for name in ('../evil', 'my net', 'a/b', '.', '-'):
        assert '--name' in said(capsys, 'add', trained, f'--name={name}', '--no-run', code=1)
    assert sorted(tmp_path.rglob('*')) == before


CASES = Path(__file__).parents[1] / 'cases'


def test_what_was_decided_is_said_and_guesses_are_marked_in_the_card(
    trained: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = said(capsys, 'inspect', trained)
    assert '# decided: input_size 96x64 (the input)' in text
    assert 'a guess' not in text
    text = said(capsys, 'inspect', CASES / 'tagger_sigmoid.onnx')
    assert '# decided: resize stretch; channels rgb; scale 0.00392157; mean 0.485, ' in text
    assert '  resize: stretch  # a guess: usual for ' in text
    card = tmp_path / 'card.yaml'
    options = ['--write', card, '--resize', 'crop', '--mean', '0.5']
    said(capsys, 'inspect', CASES / 'tagger_sigmoid.onnx', *options)
    assert '  resize: crop\n' in card.read_text()
    values = yaml.safe_load(card.read_text())['input']
    assert (values['mean'], values['std']) == ([0.5] * 3, [0.229, 0.224, 0.225])


def test_a_question_is_written_into_the_card(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path, card = CASES / 'yolov5_face.onnx', tmp_path / 'face.yaml'
    message = said(capsys, 'inspect', path, '--write', card, code=1)
    assert 'to fix: --decoder yolov5 or --decoder yolov5_face' in message
    text = card.read_text()
    assert 'decoder:  # choose one: yolov5, yolov5_face; the rest is that of yolov5\n' in text
    said(capsys, 'add', card, code=1)
    card.write_text(text.replace('decoder:', 'decoder: yolov5_face'))
    said(capsys, 'add', card, '--name', 'face')
    said(capsys, 'inspect', path, '--decoder', 'yolov5_face')


@pytest.mark.parametrize(
    ('name', 'count'),
    [('yolov5_dynamic', 80), ('yolo_nas', 80), ('nanodet_plus_3strides', 1), ('mnist', 10)],
)
def test_a_wrong_number_of_labels_is_said_with_both_numbers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, count: int
) -> None:
    labels = tmp_path / 'labels.txt'
    labels.write_text('a\nb\nc\n')
    message = said(capsys, 'inspect', CASES / f'{name}.onnx', '--labels', labels, code=1)
    assert f'has 3 labels, but the network has {count} class' in message


def test_the_labels_of_a_data_set_are_kept(
    trained: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / 'data.yaml').write_text('nc: 2\nnames: [hen, cow]\n')
    said(capsys, 'add', trained, '--labels', tmp_path / 'data.yaml', '--name', 'farm')
    assert load_labels(find_card('farm').labels) == ('hen', 'cow')


@pytest.mark.parametrize(('answer', 'code'), [('y', 0), ('', 1)])
def test_guesses_are_asked_about_at_a_terminal(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    answer: str,
    code: int,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr('sys.stdin.isatty', lambda: True, raising=False)
    monkeypatch.setattr('builtins.input', lambda question: asked.append(question) or answer)
    said(capsys, 'add', CASES / 'tagger_sigmoid.onnx', code=code)
    assert asked == ['Is that right? [y/N] ']
    assert '(a guess: usual for the shape of the output); if a guess is wrong' in caplog.text
    said(capsys, 'add', CASES / 'tagger_sigmoid.onnx', '--yes', '--replace')
    assert len(asked) == 1


def test_an_end_of_input_is_no_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(question: str) -> str:
        raise EOFError

    monkeypatch.setattr('sys.stdin.isatty', lambda: True, raising=False)
    monkeypatch.setattr('builtins.input', ended)
    assert 'is not added' in said(capsys, 'add', CASES / 'tagger_sigmoid.onnx', code=1)


def test_a_card_is_written_under_a_name_of_cards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'card.json'
    message = said(capsys, 'inspect', CASES / 'tagger_sigmoid.onnx', '--write', path, code=1)
    assert f'--write: expected a name that ends in .yaml, got {path}' in message
    assert not path.exists()


def test_what_cannot_run_is_not_added(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shapes = {'input_1': [1, 4, 64, 96], 'output0': [1, 6, 126]}
    values = [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in shapes.items()]
    nodes = [constant('output0', shapes['output0'])]
    path = tmp_path / 'rgbd.onnx'
    onnx.save(helper.make_model(helper.make_graph(nodes, 'net', values[:1], values[1:])), path)
    for command in ('add', 'inspect'):
        message = said(capsys, command, path, '--decoder', 'yolov8', code=1)
        assert "its input 'input_1' takes 4 channels (1x4x64x96)" in message
    assert not (tmp_path / 'own').exists()
    assert 'takes 4 channels' in said(capsys, 'add', path, '--no-run', code=1)
    shapes['input_1'] = [1, 3, 64, 96]
    values = [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in shapes.items()]
    other = helper.make_tensor_value_info('prompt', TensorProto.FLOAT, [1, 2])
    graph = helper.make_graph(nodes, 'net', [values[0], other], values[1:])
    onnx.save(helper.make_model(graph), path)
    said(capsys, 'add', path, '--decoder', 'yolov8', code=1)
    said(capsys, 'add', path, '--decoder', 'yolov8', '--no-run')


def test_an_opset_of_the_future_is_told_with_the_newest_that_runs(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = onnx.load(trained)
    model.opset_import[0].version = 99
    onnx.save(model, trained)
    message = said(capsys, 'add', trained, code=1)
    assert 'it uses opset 99, but onnxruntime ' in message
    assert message.endswith('or older, or pip install -U onnxruntime')


@pytest.mark.parametrize('name', ['my net', 'größe-模型', 'links'])
def test_the_files_of_a_cache_are_run_added_and_quantised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """As Hugging Face's: links into a folder of blobs without suffixes, and weights beside."""
    blobs, folder = tmp_path / 'blobs', tmp_path / name / 'onnx'
    blobs.mkdir()
    folder.mkdir(parents=True)
    weights = numpy_helper.from_array(np.ones((4, 3 * 8 * 8), np.float32), 'w')
    graph = helper.make_graph(
        [
            helper.make_node('Flatten', ['pixel_values'], ['flat']),
            helper.make_node('Gemm', ['flat', 'w'], ['logits'], transB=1),
        ],
        'net',
        [helper.make_tensor_value_info('pixel_values', TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info('logits', TensorProto.FLOAT, [1, 4])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8)
    onnx.save(
        model,
        blobs / 'model.onnx',
        save_as_external_data=True,
        location='model.onnx_data',
        size_threshold=0,
    )
    for k, file in enumerate(('model.onnx', 'model.onnx_data')):
        (blobs / file).rename(blobs / str(k))
        (folder / file).symlink_to(blobs / str(k))
    for place in (folder, tmp_path / name):
        place.chmod(0o555)
    try:
        text = said(capsys, 'inspect', folder / 'model.onnx')
        assert yaml.safe_load(text)['source']['file'] == str(folder / 'model.onnx')
        said(capsys, 'add', folder / 'model.onnx', '--name', 'mine')
    finally:
        for place in (tmp_path / name, folder):
            place.chmod(0o755)
    kept = find_card('mine').source.file
    assert onnx.load(kept).graph.initializer[0].raw_data == weights.raw_data
    assert load_with_weights(folder / 'model.onnx').graph.initializer[0].name == 'w'
    frames, output = tmp_path / 'frames.npy', tmp_path / 'int8.onnx'
    np.save(frames, np.arange(4 * 192, dtype=np.uint8).reshape(4, 8, 8, 3))
    options = [str(folder / 'model.onnx'), str(frames), str(output), '--method=minmax']
    assert quantize.main([*options, '--goal=0']) == 0
    assert choose_card(output).input == find_card('mine').input


def test_tao_networks_are_told_by_their_tensors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes = {'output_cov/Sigmoid': [1, 3, 4, 6], 'output_bbox/BiasAdd': [1, 12, 4, 6]}
    graph = helper.make_graph(
        [constant(name, shape) for name, shape in shapes.items()],
        'net',
        [helper.make_tensor_value_info('input_1', TensorProto.FLOAT, [1, 3, 64, 96])],
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in shapes.items()],
    )
    onnx.save(helper.make_model(graph), str(tmp_path / 'resnet34_peoplenet.onnx'))
    text = said(capsys, 'inspect', tmp_path / 'resnet34_peoplenet.onnx')
    assert '# a DetectNet_v2 of NVIDIA TAO' in text
    values = yaml.safe_load(text)
    assert values['decoder'] == 'detectnet_v2'
    assert values['input']['scale'] == pytest.approx(1 / 255)


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (['show', 'googelnet'], 'did you mean googlenet'),
        (['path', 'nothing-like-this'], 'see `rdl models list`'),
        (['inspect', '/no/such.onnx'], 'cannot read /no/such.onnx as an ONNX file'),
        (['add', '/no/such.yaml'], 'no model card at /no/such.yaml'),
        (['inspect', 'x.uff', '--task', 'detection'], 'there is no network file x.uff'),
        (['inspect', 'x.etlt', '--task', 'detection'], 'encrypted TAO files cannot be read'),
    ],
)
def test_mistakes_are_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    message = said(capsys, *arguments, code=1)
    assert message.startswith('rdl models: ')
    assert complaint in message


def test_a_damaged_pin_is_told(
    server: HttpsServer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said(capsys, 'download', SMALL)
    (pin,) = (tmp_path / 'cache' / 'models' / 'pins').iterdir()
    pin.write_text('torn')
    assert 'is damaged; remove it to trust the next' in said(capsys, 'show', SMALL, code=1)
    assert SMALL not in rows(said(capsys, 'list', '--here'))
