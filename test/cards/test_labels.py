# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Label files."""

from __future__ import annotations

from pathlib import Path

import pytest

from ros_deep_learning.cards.labels import MAX_LABELS_BYTES, labels_in_metadata, load_labels
from ros_deep_learning.cards.zoo import zoo_folder
from ros_deep_learning.errors import CardError


@pytest.mark.parametrize(
    ('data', 'labels'),
    [
        (b'cat\ndog\n', ('cat', 'dog')),
        (b'cat\r\n dog \r\n\r\n\n', ('cat', 'dog')),
        (b'\xef\xbb\xbfcat', ('cat',)),
        ('Straße\nköpek'.encode(), ('Straße', 'köpek')),
        (b'n01440764 tench, Tinca tinca\nn0 x', ('tench, Tinca tinca', 'n0 x')),
    ],
)
def test_reads_one_label_a_line(tmp_path: Path, data: bytes, labels: tuple[str, ...]) -> None:
    path = tmp_path / 'labels.txt'
    path.write_bytes(data)
    assert load_labels(path) == labels
    assert load_labels(str(path)) == labels


@pytest.mark.parametrize(
    ('text', 'labels'),
    [
        ('path: x\nnc: 2\nnames: [cat, dog]\n', ('cat', 'dog')),
        ('names:\n  0: cat\n  1: dog\n', ('cat', 'dog')),
        ('names: {1: a, 2: 7}', ('a', '7')),
    ],
)
def test_reads_the_yaml_of_a_data_set(tmp_path: Path, text: str, labels: tuple[str, ...]) -> None:
    path = tmp_path / 'data.yaml'
    path.write_text(text)
    assert load_labels(path) == labels


@pytest.mark.parametrize(
    ('name', 'text', 'labels'),
    [
        ('config.json', '{"id2label": {"0": "cat", "1": "dog"}}', ('cat', 'dog')),
        # Keys are numbers of logits: a hole is a class without a name.
        ('config.json', '{"id2label": {"1": "cat", "3": "dog"}}', ('0', 'cat', '2', 'dog')),
        ('config.json', '{"pretrained_cfg": {}, "label_names": ["a", "b"]}', ('a', 'b')),
        ('infer_cfg.yml', 'arch: YOLO\nlabel_list:\n- cat\n- dog\n', ('cat', 'dog')),
    ],
)
def test_reads_the_labels_of_configurations(tmp_path, name, text, labels):
    path = tmp_path / name
    path.write_text(text)
    assert load_labels(path) == labels


LABEL_MAP = """
item {
  name: "/m/01g317"
  id: 1
  display_name: "person"
}
item: { id: 3 name: 'traffic light' }
"""


def test_reads_the_label_map_of_tensorflow(tmp_path: Path) -> None:
    path = tmp_path / 'label_map.pbtxt'
    path.write_text(LABEL_MAP)
    assert load_labels(path) == ('background', 'person', '2', 'traffic light')
    for broken in ('cat\ndog\n', 'item { id: 1 }', 'item { id: 999999999 name: "a" }'):
        path.write_text(broken)
        with pytest.raises(CardError, match=r'label_map\.pbtxt has no labels in items with id'):
            load_labels(path)


@pytest.mark.parametrize(
    ('text', 'labels'),
    [
        ('0  person\n1  bicycle\n3  car', ('person', 'bicycle', '2', 'car')),
        ('0: cat\n1: dog', ('cat', 'dog')),
        # Numbers that are a part of the label.
        ('1 euro\n2 euro', ('1 euro', '2 euro')),
        ('0 a\nb', ('0 a', 'b')),
        ('0 a\n2 b\n1 c', ('0 a', '2 b', '1 c')),
        ('0\n1', ('0', '1')),
    ],
)
def test_reads_numbered_lines(tmp_path: Path, text: str, labels: tuple[str, ...]) -> None:
    path = tmp_path / 'labels.txt'
    path.write_text(text)
    assert load_labels(path) == labels


@pytest.mark.parametrize(
    'text', ['{}', '[1]', '{"id2label": {"0": "LABEL_0"}}', '{"id2label": {"a": "b"}}']
)
def test_a_json_file_without_labels_is_refused(tmp_path, text):
    path = tmp_path / 'config.json'
    path.write_text(text)
    with pytest.raises(CardError, match='has no labels under the key id2label or label_names'):
        load_labels(path)


@pytest.mark.parametrize(
    'text',
    [
        'nc: 2',
        'names: 3',
        'names: {0: a, 5: b}',
        'names: {.inf: a}',
        'id2label: {.inf: a}',
        '- a',
        '',
    ],
)
def test_a_yaml_file_without_labels_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / 'data.yaml'
    path.write_text(text)
    with pytest.raises(CardError, match=r'data\.yaml has no labels under the key names'):
        load_labels(path)


@pytest.mark.parametrize(
    ('data', 'complaint'),
    [
        (b'', 'is empty'),
        (b'\n \n', 'is empty'),
        (b'cat\n\ndog', 'line 2 is not a label'),
        (b'\ncat', 'line 1 is not a label'),
        (b'cat\nd\x00g', 'line 2 is not a label'),
        (b'\x89PNG\xff', 'is not UTF-8 text (byte 0)'),
        (b'x' * (MAX_LABELS_BYTES + 1), 'larger than'),
    ],
)
def test_refuses_what_is_no_list_of_labels(tmp_path: Path, data: bytes, complaint: str) -> None:
    path = tmp_path / 'labels.txt'
    path.write_bytes(data)
    with pytest.raises(CardError) as caught:
        load_labels(path)
    assert str(caught.value).startswith(f'labels file {path}')
    assert complaint in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CardError, match='cannot be read: No such file'):
        load_labels(tmp_path / 'gone.txt')


@pytest.mark.parametrize(
    ('names', 'labels'),
    [
        ("{0: 'cat', 1: 'dog'}", ('cat', 'dog')),
        ("['cat', 'dog']", ('cat', 'dog')),
        ('{}', ()),
        ('', ()),
        ("{1: 'cat', 2: 'dog'}", ('cat', 'dog')),
        ('{"0": "cat", "1": "dog"}', ('cat', 'dog')),
        ('["cat", "dog"]', ('cat', 'dog')),
        ("{2: 'cat', 3: 'dog'}", ()),
        ("{0: 'cat', 2: 'dog'}", ()),
        ("{'cat': 0}", ()),
        ("{1e999: 'cat'}", ()),
        ('null', ()),
        ("__import__('os').getcwd()", ()),
        ('[' * 10_000, ()),
        ('7', ()),
    ],
)
def test_labels_in_metadata(names: str, labels: tuple[str, ...]) -> None:
    assert labels_in_metadata({}) == ()
    for key in ('names', 'classes', 'class_names', 'id2label'):
        assert labels_in_metadata({key: names}) == labels


@pytest.mark.parametrize(
    'path',
    [p for p in sorted((zoo_folder() / 'labels').glob('*.txt')) if 'colors' not in p.stem],
    ids=lambda path: path.stem,
)
def test_no_two_classes_of_the_zoo_have_one_label(path: Path) -> None:
    labels = load_labels(path)
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize('name', ['a\0', '\x1b[2J', '\ud800', ''])
def test_labels_in_a_network_are_checked_as_those_of_a_file_are(name: str) -> None:
    with pytest.raises(CardError, match='of class 1 is not a label; to fix: give'):
        labels_in_metadata({'names': repr(['cat', name])})


@pytest.mark.parametrize('name', ['config.json', 'data.yaml'])
@pytest.mark.parametrize('label', ['', 'cat\\u001b[2J', '\\u0000'])
def test_labels_in_a_configuration_are_checked_as_those_of_a_text_file_are(
    tmp_path, name, label
) -> None:
    path = tmp_path / name
    key = 'label_names' if name.endswith('json') else 'names'
    path.write_text(f'{{"{key}": ["dog", "{label}"]}}', encoding='utf-8')
    with pytest.raises(CardError, match=rf'{name}: .* of class 1 is not a label'):
        load_labels(path)


@pytest.mark.parametrize('value', ['!!timestamp x', '!!bool x', '!!int ""', '!!set {'])
def test_a_value_that_yaml_cannot_make_is_refused_in_one_line(tmp_path, value) -> None:
    path = tmp_path / 'data.yaml'
    path.write_text(f'nc: {value}\nnames: [cat]', encoding='utf-8')
    with pytest.raises(CardError, match=r'data\.yaml is not valid YAML: [^\n]*$'):
        load_labels(path)
