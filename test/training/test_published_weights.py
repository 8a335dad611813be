# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Published weights are used where they can be had, and it is said which; no hub is reached."""

from __future__ import annotations

from urllib.error import URLError

import pytest

from ros_deep_learning.cards.card import load_card
from ros_deep_learning.cli import train as train_program
from ros_deep_learning.training.settings import TrainingSettings

pytestmark = [pytest.mark.slow, pytest.mark.training]


@pytest.fixture(autouse=True)
def no_hub(libraries, tmp_path, monkeypatch):
    """Make the folder of torch's hub an empty one, and the way to all hubs a closed one."""
    import huggingface_hub.constants
    import torch

    def refuse(url, *_, **__):
        msg = 'no way to a hub'
        raise URLError(msg)

    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    monkeypatch.setattr(torch.hub, 'download_url_to_file', refuse)
    monkeypatch.setattr(huggingface_hub.constants, 'HF_HUB_CACHE', str(tmp_path / 'hf'))
    monkeypatch.setattr(huggingface_hub.constants, 'HF_HUB_OFFLINE', True)


def published(tmp_path, name):
    """Write weights of a network as torch's hub keeps those that torchvision publishes."""
    import torch
    import torchvision

    torch.manual_seed(5)
    other = {} if name == 'resnet18' else {'weights_backbone': None}
    network = torchvision.models.get_model(name, weights=None, **other)
    url = torchvision.models.get_model_weights(name).DEFAULT.url
    path = tmp_path / 'torch/hub/checkpoints' / url.rpartition('/')[2]
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), path)
    return network.state_dict()


def made(task, network, size, classes=('cat', 'dog', 'cow')):
    from ros_deep_learning.training.modules.making import make_module

    return make_module(TrainingSettings(task, network, (size, size)), classes)


@pytest.mark.parametrize('there', [True, False])
def test_a_training_says_with_which_weights_it_begins(there, class_folders, tmp_path, capsys):
    if there:
        published(tmp_path, 'resnet18')
    folder = tmp_path / 'run'
    wanted = ['--size', '32', '--epochs', '1', '--device', 'cpu']
    assert train_program.main([str(class_folders), '-o', str(folder), *wanted]) == 0
    said = capsys.readouterr().out
    if there:
        assert 'from the published ResNet18_Weights.IMAGENET1K_V1, without fc\n' in said
    else:
        url = 'https://download.pytorch.org/models/resnet18-f37072fd.pth'
        assert f'from random weights, since {url} could not be had (' in said
        assert 'no way to a hub' in said
    assert load_card(folder / 'card.yaml').checked == 'real weights'


@pytest.mark.parametrize(
    ('task', 'network', 'of', 'left'),
    [
        ('classification', 'resnet18', 'resnet18', 'fc'),
        ('detection', 'ssdlite320_mobilenet_v3_large', 'ssdlite320_mobilenet_v3_large', 'head'),
        ('segmentation', 'fcn_resnet18', 'resnet18', ''),
        (
            'segmentation',
            'lraspp_mobilenet_v3_large',
            'lraspp_mobilenet_v3_large',
            'classifier',
        ),
    ],
)
def test_published_weights_of_each_task_are_in_the_network(tmp_path, task, network, of, left):
    import torch

    file = published(tmp_path, of)
    module = made(task, network, 64)
    assert module.begun_with.trained
    assert module.begun_with.source.startswith('the published ')
    own = module.network.state_dict()
    if network == 'fcn_resnet18':
        own = {name.removeprefix('backbone.'): value for name, value in own.items()}
    same = {name for name in file if name in own and torch.equal(own[name], file[name])}
    # All but what depends on the number of classes.
    others = {name for name in file if name not in same}
    assert len(same) > 60
    assert all(name.startswith(left or 'fc') for name in others), others
    if left:
        assert left in module.begun_with.source
    # A lower rate, since what was learnt is to stay.
    assert module._learning_rate == 3e-4


def test_weights_that_timm_names_are_in_the_network(tmp_path):
    """As Hugging Face's client keeps them."""
    import timm
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(5)
    file = timm.create_model('test_resnet', pretrained=False).state_dict()
    place = timm.get_pretrained_cfg('test_resnet').hf_hub_id.replace('/', '--')
    folder = tmp_path / 'hf' / f'models--{place}'
    (folder / 'snapshots/0123abc').mkdir(parents=True)
    save_file(file, folder / 'snapshots/0123abc/model.safetensors')
    (folder / 'refs').mkdir()
    (folder / 'refs/main').write_text('0123abc')
    module = made('classification', 'timm:test_resnet', 64)
    assert module.begun_with.source == 'the weights that timm names'
    assert module.begun_with.trained
    own = module.network.state_dict()
    assert {name for name in file if not torch.equal(own[name], file[name])} == {
        'fc.weight',
        'fc.bias',
    }
