# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A classifier is trained for seconds, and what comes out runs in the package."""

from __future__ import annotations

import errno
import json
import shutil
from dataclasses import replace

import numpy as np
import onnx
import pytest

from ros_deep_learning import ImageNet
from ros_deep_learning.cli import imagenet
from ros_deep_learning.cli import train as train_program
from ros_deep_learning.datasets.dataset import Sample
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.errors import TrainingError
from ros_deep_learning.training.plan import input_spec, make_plan
from ros_deep_learning.training.run_folder import RunFolder

pytestmark = [pytest.mark.slow, pytest.mark.training]


def made(settings, folder):
    from ros_deep_learning.training.modules.making import make_module

    return make_module(settings, make_plan(folder, settings).classes)


def test_the_network_knows_pictures_that_it_has_not_seen(trained_classifier, class_folders):
    samples = open_dataset(class_folders, split='val').samples
    with ImageNet(trained_classifier.run.card) as net:
        assert net.labels == ('astronaut', 'cat', 'coffee')
        right = [net.classify(s.picture, top_k=1).class_ids[0] == s.class_id for s in samples]
    # A constant answer is right for a third.
    assert np.mean(right) > 0.8
    assert trained_classifier.result.startswith(f'accuracy {np.mean(right):.1%}')


def test_the_package_and_pytorch_agree_on_pictures_of_odd_sizes(
    trained_classifier, odd_pictures, class_folders
):
    """The trainer's way of a picture into PyTorch, and the package's into ONNX Runtime."""
    agree(trained_classifier.run, odd_pictures, class_folders)


@pytest.mark.parametrize('network', ['timm:convnext_atto', 'timm:vit_tiny_patch16_224'])
def test_a_network_of_timm_has_its_own_preprocessing_in_the_card(
    libraries, network, odd_pictures, class_folders, tmp_path
):
    import timm

    folder = tmp_path / 'run'
    arguments = ['--network', network, '--epochs', '1', '--weights', 'none', '--device', 'cpu']
    arguments += ['--size', '64'] if 'convnext' in network else []
    assert train_program.main([str(class_folders), '-o', str(folder), *arguments]) == 0
    with ImageNet(folder / 'card.yaml') as net:
        found = net.card.input
    published = timm.get_pretrained_cfg(network.removeprefix('timm:'))
    assert found.mean == pytest.approx(published.mean)
    assert found.std == pytest.approx(published.std)
    assert (found.resize, found.crop_fraction) == ('crop', published.crop_pct)
    assert (found.width, found.height) == ((64, 64) if 'convnext' in network else (224, 224))
    agree(RunFolder(folder), odd_pictures, class_folders)


def agree(run, paths, folder):
    """Compare the answers of PyTorch and of the package."""
    import torch

    from ros_deep_learning.training.exporting import load_best
    from ros_deep_learning.training.samples import Pictures

    settings = run.read_record().settings
    module = made(settings, folder)
    load_best(module, run)
    samples = [Sample(path, class_id=0) for path in paths]
    pictures = Pictures(samples, input_spec(settings, module.preprocessing), module.target())
    with torch.no_grad():
        inputs = torch.stack([pictures[k][0] for k in range(len(paths))])
        wanted = module.network(inputs).softmax(1)
    with ImageNet(run.card) as net:
        for path, row in zip(paths, wanted.numpy(), strict=True):
            found = net.classify(path, top_k=0)
            assert found.scores == pytest.approx(row[found.class_ids], abs=1e-3)


def test_the_file_alone_has_classes_preprocessing_and_provenance(trained_classifier, tmp_path):
    path = tmp_path / 'alone.onnx'
    path.write_bytes(trained_classifier.run.network.read_bytes())
    with ImageNet(path) as net:
        assert net.labels == ('astronaut', 'cat', 'coffee')
    metadata = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    origin = json.loads(metadata['ros_deep_learning.training'])
    assert origin['settings']['network'] == 'resnet18'
    assert origin['pictures'] == {'train': 48, 'val': 24}
    assert len(origin['data_sha256']) == 64


def test_the_program_imagenet_runs_the_card(trained_classifier, class_folders, capsys):
    card, picture = trained_classifier.run.card, class_folders / 'val/cat/003.jpg'
    assert imagenet.main(['--network', str(card), str(picture)]) == 0
    assert 'cat (class 1)' in capsys.readouterr().out


def test_a_finished_folder_is_not_overwritten(trained_classifier, class_folders, capsys):
    folder = str(trained_classifier.run.folder)
    assert train_program.main([str(class_folders), '-o', folder, '--size', '32']) == 1
    assert 'has a training already; to fix: --resume' in capsys.readouterr().err
    assert train_program.main(['-o', folder, '--resume', '--batch', '4']) == 1
    assert 'was begun with other settings: batch 8 and 4' in capsys.readouterr().err


def test_what_spoilt_the_start_is_put_right_in_the_same_folder(
    libraries, class_folders, classifier_settings, tmp_path
):
    from ros_deep_learning.training.training import train

    run = tmp_path / 'run'
    for values, reason in (
        ({'network': 'resnet81'}, "torchvision has no classifier 'resnet81'"),
        ({'network': 'squeezenet1_0', 'size_wh': (16, 16)}, 'squeezenet1_0 does not take 16x16'),
        ({'network': 'vit_b_16'}, 'vit_b_16 does not take 32x32: .*; to fix: --size'),
        ({'network': 'mobilenet_v3_small', 'batch': 1}, 'cannot learn from one picture at a time'),
    ):
        with pytest.raises(TrainingError, match=reason):
            train(class_folders, replace(classifier_settings, **values), run)
    with pytest.raises(TrainingError, match='one picture at a time'):
        train(None, None, run, resume=True)
    done = train(class_folders, replace(classifier_settings, epochs=1), run)
    assert done.run.read_record().settings.network == 'resnet18'


def test_a_continued_training_keeps_its_licence_and_where_its_weights_are_from(
    trained_classifier, class_folders, classifier_settings, tmp_path
):
    from ros_deep_learning.training.training import train

    weights, run = tmp_path / 'weights.ckpt', tmp_path / 'run'
    shutil.copy(trained_classifier.run.best, weights)
    settings = replace(classifier_settings, weights=str(weights), epochs=1)
    train(class_folders, settings, run, licence='MIT')
    weights.unlink()
    same = class_folders / '..' / class_folders.name
    card = train(same, None, run, resume=True).card
    assert card.licence == 'MIT'
    metadata = {entry.key: entry.value for entry in onnx.load(run / 'best.onnx').metadata_props}
    assert json.loads(metadata['ros_deep_learning.training'])['weights_from'] == str(weights)


def test_memory_that_runs_out_halves_the_batch(
    libraries, class_folders, classifier_settings, tmp_path, monkeypatch
):
    import torch

    from ros_deep_learning.training.modules.classifier import Classifier
    from ros_deep_learning.training.training import train

    whole, seen, stages = Classifier.loss, [], []

    def scarce(self, batch):
        if len(batch[1]) > 4:
            raise torch.OutOfMemoryError
        seen.append(len(batch[1]))
        return whole(self, batch)

    monkeypatch.setattr(Classifier, 'loss', scarce)
    done = train(
        class_folders,
        replace(classifier_settings, epochs=1),
        tmp_path / 'run',
        progress=lambda stage, share: stages.append(stage),
    )
    assert (done.fitted.parts, seen) == (2, [4] * 12)
    assert 'out of memory: 4 pictures at a time now' in stages
    assert done.run.read_record().parts == 2


def test_a_loss_that_is_nan_stops_and_keeps_the_last_good_network(
    libraries, class_folders, classifier_settings, tmp_path, monkeypatch
):
    from ros_deep_learning.training.modules.classifier import Classifier
    from ros_deep_learning.training.training import train

    whole, calls = Classifier.loss, []

    def breaks(self, batch):
        calls.append(batch)
        return whole(self, batch) * (float('nan') if len(calls) == 8 else 1)

    monkeypatch.setattr(Classifier, 'loss', breaks)
    with pytest.raises(TrainingError, match='the loss is nan in epoch 2, batch 2; ') as raised:
        train(class_folders, classifier_settings, tmp_path / 'run')
    assert f'the network of epoch 1 is kept in {tmp_path}/run/best.onnx' in str(raised.value)
    with ImageNet(tmp_path / 'run/card.yaml') as net:
        assert len(net.labels) == 3


def test_a_validation_loss_that_is_nan_keeps_the_last_good_network(
    libraries, class_folders, classifier_settings, tmp_path, monkeypatch
):
    """As after a last step that has spoilt the weights."""
    import torch

    from ros_deep_learning.training.modules.classifier import Classifier
    from ros_deep_learning.training.training import train

    whole = Classifier.judge

    def spoilt(self, batch):
        if self.current_epoch == 1:
            torch.nn.init.constant_(self.network.fc.bias, float('nan'))
        whole(self, batch)

    monkeypatch.setattr(Classifier, 'judge', spoilt)
    with pytest.raises(TrainingError, match='the validation loss is nan in epoch 2; ') as raised:
        train(class_folders, classifier_settings, tmp_path / 'run')
    assert f'the network of epoch 1 is kept in {tmp_path}/run/best.onnx' in str(raised.value)
    with ImageNet(tmp_path / 'run/card.yaml') as net:
        assert np.isfinite(net.classify(class_folders / 'val/cat/003.jpg', top_k=0).scores).all()


def test_a_training_stops_when_the_validation_loss_no_longer_falls(
    libraries, class_folders, tmp_path, monkeypatch, capsys
):
    from ros_deep_learning.training.modules.classifier import Classifier

    def judge(self, batch):
        loss = [3.0, 1.0, 2.0, 1.0, 0.5][self.current_epoch]
        self._accuracy(self.network(batch[0]), batch[1])
        self.log('val_loss', loss, batch_size=len(batch[1]))
        self.log('accuracy', self._accuracy, on_epoch=True)

    monkeypatch.setattr(Classifier, 'judge', judge)
    folder = tmp_path / 'run'
    wanted = ['--size', '32', '--epochs', '9', '--patience', '2', '--weights', 'none']
    wanted += ['--device', 'cpu', '-o', str(folder)]
    assert train_program.main([str(class_folders), *wanted]) == 0
    assert 'in epoch 2 of 4, stopped early\n' in capsys.readouterr().out
    report = (folder / 'report.html').read_text()
    assert '4 epochs. Stopped after 2 epochs without a lower validation loss.' in report
    # It is finished: what was killed before the report was written makes no further step.
    (folder / 'report.html').unlink()
    assert train_program.main(['--resume', '-o', str(folder)]) == 0
    assert 'in epoch 2 of 4, stopped early\n' in capsys.readouterr().out
    assert (folder / 'report.html').read_text().count('<polyline') >= 3


def test_the_report_has_what_is_best_to_know(trained_classifier, class_folders):
    """Curves, confusion matrix, curves of precision, worst pictures, speed of each backend."""
    page = trained_classifier.run.report.read_text()
    for text in ('Loss', 'Accuracy', 'Precision and recall', 'Confusion matrix', 'Settings'):
        assert f'>{text}<' in page
    for run in trained_classifier.judged.runs:
        assert f'<td>{run.backend}</td>' in page
        assert f'<td>{run.cost.ms:.1f}</td>' in page
    assert 'onnxruntime' in {run.backend for run in trained_classifier.judged.runs}
    samples = open_dataset(class_folders, split='val').samples
    with ImageNet(trained_classifier.run.card) as net:
        wrong = sum(net.classify(s.picture, top_k=1).class_ids[0] != s.class_id for s in samples)
    assert page.count('src="data:image/') == min(8, wrong)
    assert ('>Worst pictures<' in page) == (wrong > 0)
    assert 'http://' not in page
    assert 'https://' not in page


def test_weights_are_averaged_as_by_plain_arithmetic(libraries):
    import torch
    from torch.optim.swa_utils import AveragedModel

    from ros_deep_learning.training.callbacks import AveragedWeights

    layer = torch.nn.Linear(2, 3, bias=False)
    averaged = AveragedModel(layer, use_buffers=True, **AveragedWeights()._kwargs)
    random, wanted = np.random.default_rng(2), None
    for step in range(200):
        weights = random.normal(size=(3, 2))
        layer.weight.data = torch.from_numpy(weights).float()
        averaged.update_parameters(layer)
        decay = min(0.999, (1 + step) / (10 + step))
        wanted = weights if wanted is None else wanted * decay + weights * (1 - decay)
    assert averaged.module.weight.detach().numpy() == pytest.approx(wanted, abs=1e-5)


def test_a_full_disk_is_said_and_the_older_state_stays(libraries, tmp_path, monkeypatch):
    from ros_deep_learning.training import checkpoints

    def full(target, *, private):
        raise OSError(errno.ENOSPC, 'No space left on device')

    path = tmp_path / 'last.ckpt'
    path.write_bytes(b'older')
    monkeypatch.setattr(checkpoints, 'replacing', full)
    with pytest.raises(TrainingError, match=r'cannot write .*: no space left on the disk'):
        checkpoints.WholeFiles().save_checkpoint({}, path)
    assert path.read_bytes() == b'older'


def test_a_disk_that_is_full_for_the_curves_is_said_and_the_network_kept(
    libraries, class_folders, classifier_settings, tmp_path, monkeypatch
):
    from pytorch_lightning.loggers import TensorBoardLogger

    from ros_deep_learning.training.training import train

    log = TensorBoardLogger.log_metrics

    def full(self, metrics, step=None):
        if metrics.get('epoch') == 1:
            raise OSError(errno.ENOSPC, 'No space left on device')
        return log(self, metrics, step)

    monkeypatch.setattr(TensorBoardLogger, 'log_metrics', full)
    reason = r'cannot train in .*: no space left on the disk; .* epoch 1 is kept in'
    with pytest.raises(TrainingError, match=reason):
        train(class_folders, classifier_settings, tmp_path / 'run')
    assert (tmp_path / 'run/best.onnx').is_file()


def test_weights_of_a_file_are_used_and_those_of_another_network_refused(
    trained_classifier, class_folders, classifier_settings
):
    best = trained_classifier.run.best
    settings = replace(classifier_settings, weights=str(best))
    module = made(settings, class_folders)
    assert module.begun_with.source == str(best)
    assert module.begun_with.trained
    with pytest.raises(TrainingError, match=r'best\.ckpt is of another network: .* tensors fit'):
        made(replace(settings, network='mobilenet_v3_small'), class_folders)
    with pytest.raises(TrainingError, match="torchvision has no classifier 'resnet19'"):
        made(replace(settings, network='resnet19'), class_folders)
    with pytest.raises(TrainingError, match="timm has no network 'resnet19'; it has resnet"):
        made(replace(settings, network='timm:resnet19'), class_folders)


def test_weights_that_timm_cannot_get_are_said(
    libraries, class_folders, classifier_settings, monkeypatch
):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, 'HF_HUB_OFFLINE', True)
    settings = replace(classifier_settings, network='timm:resnet18', weights='auto')
    begun_with = made(settings, class_folders).begun_with
    assert begun_with.source.startswith('random weights, since those of timm could not be had (')
    assert not begun_with.trained


def test_a_gpu_that_is_not_there_is_said(libraries, monkeypatch):
    import torch

    from ros_deep_learning.training.running import choose_device

    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(TrainingError, match=r'there is no GPU to train on: .* --device cpu'):
        choose_device('cuda')
