# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Labels of networks: on a person and a cup of coffee, by the networks of the package."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from ros_deep_learning.cli import rdl
from ros_deep_learning.collecting.autolabel import autolabel
from ros_deep_learning.collecting.folder import CollectedFolder
from ros_deep_learning.collecting.label import DrawnBox
from ros_deep_learning.collecting.queue import Queue
from ros_deep_learning.collecting.suggestions import Suggester, open_suggester
from ros_deep_learning.datasets.mask_files import read_mask
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.errors import SettingsError
from ros_deep_learning.networks.detectnet import DetectNet
from ros_deep_learning.networks.segnet import SegNet

IMAGES = Path(__file__).parents[2] / 'docs' / 'images'


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / 'photos'
    folder.mkdir()
    shutil.copy(IMAGES / 'segnet.jpg', folder / 'person.jpg')
    shutil.copy(IMAGES / 'imagenet.jpg', folder / 'coffee.jpg')
    (folder / 'broken.jpg').write_bytes(b'no picture')
    return folder


def test_masks_of_a_network_are_those_of_segnet(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ['autolabel', str(photos), '--model', 'selfie', '--val', '0']
    assert rdl.main(command) == 0
    printed = capsys.readouterr().out
    assert 'broken.jpg: no picture that OpenCV decodes' in printed
    top = photos.with_name('photos_labelled')
    assert f'{top}: 2 pictures labelled by selfie, 0 of them with nothing found' in printed
    found = open_dataset(top, split=None)
    sample = next(s for s in found.samples if s.picture.name.startswith('person-'))
    with SegNet('selfie', threshold=0.5) as network:
        seen = network.segment(sample.picture)
        names = np.array([*network.labels, *[''] * (256 - len(network.labels))])
    own = np.array([*found.classes, *[''] * (256 - len(found.classes))])
    assert (own[read_mask(sample.mask)] == names[seen.class_mask]).all()
    assert rdl.main(command) == 0
    assert '0 pictures labelled by selfie' in capsys.readouterr().out


def test_waiting_pictures_get_the_class_that_is_sure(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = CollectedFolder(tmp_path / 'data', 'classification', ('espresso', 'tench'))
    for path in sorted(photos.iterdir()):
        folder.keep(path.name, path.read_bytes())
    assert rdl.main(['autolabel', str(folder.top), '--model', 'efficientnet-lite0']) == 0
    assert 'person.jpg: efficientnet-lite0 is sure of no class' in capsys.readouterr().out
    assert [Path(entry).parent.name for entry in folder.entries()] == ['espresso']
    assert [path.name for path in folder.waiting()] == ['broken.jpg', 'person.jpg']


def test_given_classes_are_those_that_are_labelled_also_of_a_set_with_others(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = CollectedFolder(tmp_path / 'data', 'classification', ('tench',))
    for path in sorted(photos.iterdir()):
        folder.keep(path.name, path.read_bytes())
    command = ['autolabel', str(folder.top), '--model', 'efficientnet-lite0']
    assert rdl.main([*command, '--classes', 'espresso']) == 0
    folder.refresh()
    assert folder.classes == ('tench', 'espresso')
    assert [Path(entry).parent.name for entry in folder.entries()] == ['espresso']
    for path in folder.waiting():
        path.unlink()
    assert rdl.main(command) == 1
    assert f'no picture in {folder.top}/unlabelled' in capsys.readouterr().err


class Certain:
    """A classifier of 300 classes that is sure of one."""

    task = 'classification'
    labels = tuple(f'class {k}' for k in range(300))
    card = SimpleNamespace(name='certain')

    def __init__(self, best: int) -> None:
        self.best = best

    def classify(self, _: object, *, top_k: int) -> SimpleNamespace:
        return SimpleNamespace(class_ids=[self.best] * top_k)


@pytest.mark.parametrize('best', [0, 254, 255, 256, 299])
def test_each_of_many_classes_is_one(best: int) -> None:
    network: Any = Certain(best)
    label = Suggester(network, network.labels).suggest(np.zeros((4, 4, 3), np.uint8))
    assert label is not None
    assert label.class_id == best


def test_waiting_pictures_of_a_taken_name_are_labelled_too(photos: Path, tmp_path: Path) -> None:
    folder = CollectedFolder(tmp_path / 'data', 'classification')
    contents = {(photos / name).read_bytes() for name in ('person.jpg', 'coffee.jpg')}
    network: Any = Certain(7)
    suggester = Suggester(network, network.labels)
    for content in contents:
        waiting = folder.keep('frame-000001.jpg', content)
        assert len(Queue(folder)) == 1
        found = Queue(folder).next(())
        assert found is not None
        assert found.path == waiting
        assert autolabel(folder, [waiting], suggester, 0.0).labelled == 1
    assert folder.waiting() == []
    assert {folder.read(entry) for entry in folder.entries()} == contents


def test_pictures_of_the_data_set_itself_are_not_doubled(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = CollectedFolder(tmp_path / 'data', 'classification')
    waiting = folder.keep('person.jpg', (photos / 'person.jpg').read_bytes())
    monkeypatch.chdir(tmp_path)
    relative = waiting.relative_to(tmp_path)
    queue = Queue(folder, [relative])
    assert len(queue) == 1
    found = queue.next(())
    assert found is not None
    assert found.is_inside
    network: Any = Certain(7)
    suggester = Suggester(network, network.labels)
    assert autolabel(folder, [relative], suggester, 0.0).labelled == 1
    (entry,) = folder.entries()
    assert folder.waiting() == []
    assert Queue(folder, [folder.top / entry]).next(()) is None
    done = autolabel(folder, [Path('data', entry)], suggester, 0.0)
    assert (done.labelled, done.there) == (0, 1)
    assert folder.entries() == [entry]


def test_boxes_are_those_of_detectnet_in_shares(ssd_onnx: Path, astronaut: np.ndarray) -> None:
    frame_bgr = np.ascontiguousarray(astronaut[..., ::-1])
    with DetectNet('ssd-mobilenet-v2', threshold=0.5) as network:
        people = [one for one in network.detect(astronaut) if one.label == 'person']
    suggester = open_suggester('ssd-mobilenet-v2', None, ('cat', 'Person'), threshold=0.5)
    try:
        label = suggester.suggest(frame_bgr)
        assert label is not None
        assert label.boxes
        height, width = astronaut.shape[:2]
        for box, one in zip(label.boxes, people, strict=True):
            assert isinstance(box, DrawnBox)
            assert box.class_id == 1
            pixels = np.array(box.box_xyxy) * (width, height, width, height)
            assert pixels == pytest.approx(one.box_xyxy, abs=0.01)
        scores = suggester.scores(frame_bgr)
        assert len(scores) >= len(people)
        assert max(scores) == pytest.approx(people[0].score, abs=1e-6)
        # Of other classes nothing is kept.
        nothing = Suggester(suggester.network, ('cat',)).suggest(frame_bgr)
        assert nothing is not None
        assert nothing.boxes == ()
        with pytest.raises(SettingsError, match='has none of the classes unicorn'):
            Suggester(suggester.network, ('unicorn',))
    finally:
        suggester.close()


def test_pictures_are_taken_where_a_network_is_unsure(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / 'broken.jpg').unlink()
    command = ['collect', str(photos), str(tmp_path / 'data'), '--headless']
    command += ['--task', 'classification', '--model', 'efficientnet-lite0', '--unsure']
    assert rdl.main([*command, '0.9,1']) == 0
    assert rdl.main([*command, '0,0.5']) == 0
    first, second = CollectedFolder(tmp_path / 'data', 'classification').waiting()
    kinds = [cv2.imread(str(path)).shape for path in (first, second)]
    assert kinds == [cv2.imread(str(photos / name)).shape for name in ('coffee.jpg', 'person.jpg')]
    assert capsys.readouterr().out.count('1 pictures kept in') == 2
