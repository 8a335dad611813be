# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of reading a prototxt: syntax, line numbers and malicious files."""

from __future__ import annotations

import pytest

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.caffe import prototxt as module
from ros_deep_learning.importers.caffe.prototxt import read_prototxt


@pytest.fixture
def read(tmp_path):
    def read_text(text):
        path = tmp_path / 'deploy.prototxt'
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_prototxt(path)

    return read_text


def test_an_empty_file_has_no_layers(read):
    assert read('').layers == ()
    assert read('# nothing\n').layers == ()


def test_layers_know_their_lines_and_what_they_set(read):
    text = """name: "layer { in a string"  # layer { in a comment
    layer { name: "a" type: 'ReLU' }
    layer: {
      name: "\\"layer {" type: "Pooling" pooling_param: < pool: MAX, kernel_size: 3; stride: 2 >
    }

    layer
    { name: "c" convolution_param { kernel_size: [3, 3] num_output: 10 weight_filler { std: 1 } }
    }
    """
    found = read(text)
    assert [(message.name, text.line) for message, text in found.layers] == [
        ('a', 2),
        ('"layer {', 3),
        ('c', 8),
    ]
    assert [sorted(text.fields) for _, text in found.layers] == [
        [],
        ['pooling_param.kernel_size', 'pooling_param.pool', 'pooling_param.stride'],
        [
            'convolution_param.kernel_size',
            'convolution_param.num_output',
            'convolution_param.weight_filler',
        ],
    ]
    assert list(found.layers[2][0].convolution_param.kernel_size) == [3, 3]


def test_what_only_training_needs_is_skipped(read):
    found = read(
        'force_backward: true layer { name: "a" type: "Data" phase: TEST '
        'data_param { source: "x" backend: LMDB deep { er { and: "er" } } } '
        'param { lr_mult: 1 } loss_weight: [1.0, 2] }'
    )
    assert found.layers[0][0].name == 'a'


def test_a_mark_before_the_text_does_not_matter(read):
    assert read('\ufefflayer { name: "a" }').layers[0][1].line == 1


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('layer {', 'not a prototxt: line 1'),
        ('layer { name: "a" ', 'not a prototxt'),
        ('}', 'not a prototxt'),
        ('<html><body>404</body></html>', 'not a prototxt'),
        ('\n\nlayer { name: 5 }', 'not a prototxt: line 3:15'),
        ('layer { name: "a', 'not a prototxt'),
        ('layer { name: "\\377" }', 'not a prototxt'),
        ('layer { pooling_param { pool: MIN } }', 'no value named MIN'),
        ('layers { type: WARP }', 'no value named WARP'),
        ('layer { pooling_param { kernel_size: -3 } }', 'not a prototxt'),
        ('layer { pooling_param { kernel_size: 1e40 } }', 'not a prototxt'),
        ('layer { pooling_param { kernel_size: 3 kernel_size: 3 } }', 'not a prototxt'),
        ('layer { name: "a" } layers { name: "b" }', 'has both "layer" and "layers"'),
        ('layer: [{ name: "a" }, { name: "b" }]', 'write each layer as its own "layer { ... }"'),
        (b'\xff\xfe\x00', 'not text in UTF-8'),
        (b'layer { name: "a" }\x00', 'not a prototxt'),
    ],
)
def test_what_is_no_prototxt_is_refused_in_one_line(text, reason, read):
    with pytest.raises(ConversionError) as caught:
        read(text)
    assert reason in str(caught.value)
    assert 'deploy.prototxt: ' in str(caught.value)
    assert '\n' not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    'opening', ['a {', 'layer {', 'a [', 'a <', 'layer { pooling_param { x {']
)
def test_messages_without_end_in_each_other_are_refused(opening, read):
    with pytest.raises(ConversionError, match='messages nested more than 16 deep'):
        read(opening * 50_000)


def test_layers_without_end_are_refused(read):
    with pytest.raises(ConversionError, match='more than 10000 layers'):
        read('layer{}' * 10_001)


@pytest.mark.parametrize('text', ['"\\"' * 200_000, '"' * 200_001, "'\\", ':' * 200_000])
def test_hostile_strings_take_no_time(text, read):
    with pytest.raises(ConversionError, match='not a prototxt'):
        read(text)


def test_a_file_that_is_too_large_or_missing_is_refused(read, tmp_path, monkeypatch):
    with pytest.raises(ConversionError, match='cannot be read: No such file'):
        read_prototxt(tmp_path / 'none.prototxt')
    with pytest.raises(ConversionError, match='cannot be read: Is a directory'):
        read_prototxt(tmp_path)
    monkeypatch.setattr(module, 'MAX_BYTES', 10)
    with pytest.raises(ConversionError, match='it is larger than 10 bytes'):
        read(' ' * 11)
