# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""After the start, a parameter names only files that the operator has allowed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ros_deep_learning.errors import FetchError, SettingsError
from ros_deep_learning.networks import ImageNet
from ros_deep_learning.nodes.parameters.allowed_files import AllowedFiles
from ros_deep_learning.nodes.parameters.parameter_table import ParameterTable, rule_of
from ros_deep_learning.nodes.parameters.segnet_settings import SegNetSettings

FILES = ('model', 'class_labels_path', 'prototxt_path', 'class_colors_path')


@pytest.fixture
def allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AllowedFiles:
    monkeypatch.setenv('ROS_DEEP_LEARNING_MODELS', str(tmp_path / 'own'))
    (tmp_path / 'nets').mkdir()
    settings = replace(SegNetSettings(), class_labels_path='/etc/hostname')
    return AllowedFiles(ParameterTable(SegNetSettings), settings, [str(tmp_path / 'nets')])


def test_all_parameters_that_are_paths_are_checked() -> None:
    fields = ParameterTable(SegNetSettings).fields
    assert {name for name, field in fields.items() if rule_of(field).file} == set(FILES)
    remote = ('remote_url', 'remote_token_file', 'remote_ca_file')
    for fixed in ('model_folders', 'allow_downloads', 'trust_engine_file', *remote):
        assert rule_of(fields[fixed]).read_only


@pytest.mark.parametrize('name', FILES)
@pytest.mark.parametrize(
    'path', ['/etc/machine-id.yaml', '{}/nets/../secret.yaml', '{}/nets/link.yaml', 'here.yaml']
)
def test_no_other_file_is_named(
    allowed: AllowedFiles, tmp_path: Path, name: str, path: str
) -> None:
    (tmp_path / 'nets' / 'link.yaml').symlink_to('/etc/machine-id')
    text = path.format(tmp_path)
    with pytest.raises(SettingsError, match=f'parameter {name}: while the node runs') as caught:
        allowed.check({name: text})
    assert f'start the node with {name}:={text}, or with model_folders:=' in str(caught.value)


@pytest.mark.parametrize(
    'path', ['~no-such-user/x.yaml', 'a\0b.yaml', 'a\ud800.yaml', 'a' * 256 + '.yaml']
)
def test_what_is_no_path_is_an_error(allowed: AllowedFiles, path: str) -> None:
    with pytest.raises(SettingsError, match='is not a path: '):
        allowed.check({'model': path})


def test_these_may_be_named(allowed: AllowedFiles, tmp_path: Path) -> None:
    for model in ('selfie', '', '{}/nets/a.onnx', '{}/nets/b/c.yaml', '{}/own/cards/d.yaml'):
        allowed.check({'model': model.format(tmp_path)})
    # What the operator named at the start can come back.
    allowed.check({'class_labels_path': ''})
    allowed.check({'class_labels_path': '/etc/hostname', 'mask_filter': 'point'})


@pytest.mark.parametrize(
    ('allow', 'at_configure', 'live'),
    [('configure', True, False), ('always', True, True), ('never', False, False)],
)
def test_who_may_download(
    allow: str, at_configure: bool, live: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path))
    settings = replace(SegNetSettings(), allow_downloads=allow)
    for one, may in ((settings, at_configure), (settings.of_a_swap(), live)):
        assert (one.loading()['loader'] is None) == may
    if not live:
        with pytest.raises(FetchError, match=r'downloads are off; .* allow_downloads'):
            ImageNet('googlenet-12', **settings.of_a_swap().loading())
