# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the choice of a decoder."""

from __future__ import annotations

import pytest

from ros_deep_learning.errors import DecodeError
from ros_deep_learning.recognition.decoder_choice import choose
from ros_deep_learning.recognition.output_forms import FORMS
from ros_deep_learning.tasks.decoders.registry import DECODERS

WH = (640, 640)
TF = {
    'detection_anchor_indices': (100,),
    'detection_boxes': (100, 4),
    'detection_classes': (100,),
    'detection_multiclass_scores': (100, 91),
    'detection_scores': (100,),
    'num_detections': (),
    'raw_detection_boxes': (1917, 4),
    'raw_detection_scores': (1917, 91),
}


def labels(count, first='person'):
    return (first, *(f'class {k}' for k in range(1, count)))


def names(count):
    return {'names': str({k: f'class {k}' for k in range(count)}), 'task': 'detect'}


@pytest.mark.parametrize(
    ('shapes', 'network_wh', 'hints', 'decoder', 'roles'),
    [
        # Names and sizes of real exports of the networks.
        ({'output0': (84, 8400)}, WH, {}, 'yolov8', {'predictions': 'output0'}),
        ({'output0': (5, 8400)}, WH, {}, 'yolov8', {'predictions': 'output0'}),
        ({'output0': (84, 2100)}, (320, 320), {}, 'yolov8', {'predictions': 'output0'}),
        ({'output0': (25200, 85)}, WH, {}, 'yolov5', {'predictions': 'output0'}),
        ({'output0': (25200, 6)}, WH, {}, 'yolov5', {'predictions': 'output0'}),
        ({'output0': (300, 6)}, WH, {}, 'end_to_end', {'predictions': 'output0'}),
        ({'detections': (100, 6)}, (512, 512), {}, 'end_to_end', {'predictions': 'detections'}),
        ({'output0': (-1, 6)}, WH, {'metadata': {'end2end': 'True'}}, 'end_to_end', None),
        ({'output': (3598, 112)}, (416, 416), {}, 'nanodet_plus', None),
        ({'output0': (116, 8400), 'output1': (32, 160, 160)}, WH, {}, 'yolo_segment', None),
        (
            {'boxes': (3549, 4), 'scores': (3549, 80)},
            (416, 416),
            {},
            'boxes_scores',
            {'boxes': 'boxes', 'scores': 'scores'},
        ),
        (
            {'scores': (3000, 21), 'boxes': (3000, 4)},
            (300, 300),
            {'labels': labels(21, 'BACKGROUND')},
            'pytorch_ssd',
            {'boxes': 'boxes', 'scores': 'scores'},
        ),
        (
            {'boxes': (1917, 4), 'scores': (1917, 90)},
            (300, 300),
            {'labels': labels(90)},
            'ssd',
            {'boxes': 'boxes', 'scores': 'scores'},
        ),
        (
            TF,
            (300, 300),
            {},
            'tensorflow_ssd',
            {
                'boxes': 'detection_boxes',
                'classes': 'detection_classes',
                'scores': 'detection_scores',
                'count': 'num_detections',
            },
        ),
        (
            {'labels': (300,), 'boxes': (300, 4), 'scores': (300,)},
            WH,
            {},
            'labelled_boxes',
            {'boxes': 'boxes', 'classes': 'labels', 'scores': 'scores'},
        ),
        (
            {
                'num_dets': (1,),
                'det_boxes': (100, 4),
                'det_scores': (100,),
                'det_classes': (100,),
            },
            WH,
            {},
            'labelled_boxes',
            {
                'boxes': 'det_boxes',
                'classes': 'det_classes',
                'scores': 'det_scores',
                'count': 'num_dets',
            },
        ),
        (
            {'pred_logits': (100, 92), 'pred_boxes': (100, 4)},
            (800, 800),
            {'labels': labels(91)},
            'detr',
            {'logits': 'pred_logits', 'boxes': 'pred_boxes'},
        ),
        (
            {'logits': (300, 80), 'pred_boxes': (300, 4)},
            WH,
            {'labels': labels(80)},
            'rtdetr',
            {'logits': 'logits', 'boxes': 'pred_boxes'},
        ),
        (
            {'dets': (300, 4), 'labels': (300, 91)},
            (560, 560),
            {'labels': labels(91)},
            'rtdetr',
            {'logits': 'labels', 'boxes': 'dets'},
        ),
        (
            {'coverage': (1, 32, 64), 'bboxes': (4, 32, 64)},
            (1024, 512),
            {},
            'detectnet',
            {'coverage': 'coverage', 'boxes': 'bboxes'},
        ),
        (
            {'output_bbox/BiasAdd': (4, 34, 60), 'output_cov/Sigmoid': (1, 34, 60)},
            (960, 544),
            {},
            'detectnet_v2',
            {'coverage': 'output_cov/Sigmoid', 'boxes': 'output_bbox/BiasAdd'},
        ),
        (
            {'a': (3, 34, 60), 'b': (12, 34, 60)},
            (960, 544),
            {},
            'detectnet_v2',
            {'coverage': 'a', 'boxes': 'b'},
        ),
        (
            {'537': (1, 8, 8), '538': (2, 8, 8), '539': (2, 8, 8), '540': (10, 8, 8)},
            (32, 32),
            {},
            'centerface',
            {'heatmap': '537', 'scale': '538', 'offset': '539', 'landmarks': '540'},
        ),
        # Ambiguous by their shapes; the decoder or the labels decide.
        ({'output': (8400, 85)}, WH, {'decoder': 'yolox'}, 'yolox', {'predictions': 'output'}),
        ({'out': (8400, 84)}, WH, {'labels': labels(80)}, 'yolov8_rows', {'predictions': 'out'}),
        ({'output0': (25200, 85)}, WH, {'metadata': names(80)}, 'yolov5', None),
    ],
)
def test_known_exports(shapes, network_wh, hints, decoder, roles):
    choice = choose(shapes, network_wh, **hints)
    assert choice.decoder == decoder
    if roles is not None:
        assert choice.roles == roles
    assert set(DECODERS[decoder].roles) <= set(choice.roles)


@pytest.mark.parametrize(
    ('shapes', 'network_wh', 'hints', 'candidates'),
    [
        (
            {'output': (8400, 85)},
            WH,
            {},
            {'yolov5', 'yolox', 'nanodet_raw', 'nanodet_plus', 'yolov8_rows'},
        ),
        ({'output': (8400, 85)}, WH, {'labels': labels(80)}, {'yolov5', 'yolox'}),
        ({'boxes': (1917, 4), 'scores': (1917, 90)}, (300, 300), {}, {'ssd', 'pytorch_ssd'}),
        ({'pred_logits': (100, 92), 'pred_boxes': (100, 4)}, WH, {}, {'detr', 'rtdetr'}),
        ({'a': (1, 34, 60), 'b': (4, 34, 60)}, (960, 544), {}, {'detectnet', 'detectnet_v2'}),
        (
            {'a': (99, 4), 'b': (99, 7)},
            WH,
            {},
            {'ssd', 'pytorch_ssd', 'detr', 'rtdetr'},
        ),
    ],
)
def test_ambiguity_lists_candidates_and_tensors(shapes, network_wh, hints, candidates):
    with pytest.raises(DecodeError) as caught:
        choose(shapes, network_wh, **hints)
    message = str(caught.value)
    ways = message.split(' can be read as ')[1]
    assert {name for name in DECODERS if f'{name} (' in ways} >= candidates
    assert {word for word in ways.split() if word in DECODERS} == candidates
    for name, shape in shapes.items():
        assert f'{name!r} {shape}' in message
    assert 'in the card' in message


def test_one_decoder_in_several_ways_is_ambiguous_too():
    shapes = {'a': (10, 4), 'b': (10,), 'c': (10,)}
    with pytest.raises(DecodeError, match=r"classes = 'b', scores = 'c'\) or .*classes = 'c'"):
        choose(shapes, WH, decoder='labelled_boxes')


@pytest.mark.parametrize(
    'shapes', [{}, {'x': ()}, {'x': (7,)}, {'x': (84, 8401)}, {'x': (1, 2, 3, 4)}]
)
def test_nothing_fits(shapes):
    with pytest.raises(DecodeError, match='no known decoder can read the outputs') as caught:
        choose(shapes, WH)
    for name, shape in shapes.items():
        assert f'{name!r} {shape}' in str(caught.value)


def test_the_cards_word_is_taken_as_it_is():
    # No grid of this input has 1234 rows, and there is another output.
    choice = choose({'x': (1234, 85), 'y': (3,)}, WH, decoder='yolov5', roles={'predictions': 'x'})
    assert (choice.decoder, choice.roles) == ('yolov5', {'predictions': 'x'})


def test_the_cards_decoder_needs_no_plausible_size():
    assert choose({'x': (1234, 85)}, WH, decoder='yolov5').roles == {'predictions': 'x'}


def test_the_cards_roles_settle_the_rest():
    shapes = {'a': (10, 4), 'b': (10,), 'c': (10,)}
    choice = choose(shapes, WH, decoder='labelled_boxes', roles={'scores': 'b'})
    assert choice.roles == {'boxes': 'a', 'classes': 'c', 'scores': 'b'}


def test_roles_without_a_decoder():
    shapes = {'a': (1234, 4), 'b': (1234, 90), 'more': (7, 7)}
    roles = {'boxes': 'a', 'scores': 'b'}
    assert choose(shapes, WH, roles=roles, labels=labels(90)).decoder == 'ssd'
    assert choose(shapes, WH, roles={'logits': 'b', 'boxes': 'a'}, labels=labels(90)).decoder == (
        'rtdetr'
    )


def test_the_cards_decoder_does_not_fit():
    with pytest.raises(DecodeError, match=r"decoder yolov8 cannot read .* 'x' \(3, 4, 5\)"):
        choose({'x': (3, 4, 5)}, WH, decoder='yolov8')


def test_the_cards_decoder_is_not_known():
    with pytest.raises(DecodeError, match="no decoder 'yolo9000'"):
        choose({'x': (84, 8400)}, WH, decoder='yolo9000')


@pytest.mark.parametrize('count', [79, 81])
def test_another_number_of_labels_fits_nothing(count):
    with pytest.raises(DecodeError, match='no known decoder'):
        choose({'output0': (84, 8400)}, WH, labels=labels(count))


def test_metadata_of_another_task():
    with pytest.raises(DecodeError, match="made for 'segment'"):
        choose({'output0': (116, 8400)}, WH, metadata={'task': 'segment'})


@pytest.mark.parametrize('text', ['', '{', '{2: 2}', '7', "['a']", '__import__("os")', '[' * 9999])
def test_metadata_that_is_no_dict_of_names_tells_nothing(text):
    hostile = {'names': text}
    if text == "['a']":
        assert choose({'x': (5, 8400)}, WH, metadata=hostile).decoder == 'yolov8'
    else:
        assert choose({'x': (84, 8400)}, WH, metadata=hostile).decoder == 'yolov8'


def test_open_axes_leave_more_open():
    with pytest.raises(DecodeError, match='can be read as'):
        choose({'output0': (-1, 85)}, WH)
    assert choose({'output0': (-1, -1, -1), 'x': (3, -1, -1)}, WH, decoder='detectnet_v2')


def test_every_decoder_has_a_form():
    assert {form.decoder for form in FORMS} == set(DECODERS)
    for form in FORMS:
        assert set(DECODERS[form.decoder].roles) == set(form.patterns)
        assert not form.names or set(form.names) == set(form.patterns)


def test_a_decoder_of_outputs_without_batch_axis_can_be_named():
    whole = {'boxes': (-1, 4), 'labels': (-1,), 'scores': (-1,)}
    shapes = {name: shape[1:] for name, shape in whole.items()}
    with pytest.raises(DecodeError, match='in the card'):
        choose(shapes, WH, whole=whole)
    roles = {'boxes': 'boxes', 'classes': 'labels', 'scores': 'scores'}
    choice = choose(shapes, WH, decoder='torchvision', roles=roles, whole=whole)
    assert choice.roles == roles


def test_a_network_with_hundreds_of_outputs_is_refused():
    """Without trying each three of them, which would take minutes."""
    shapes = {f'output{k}': (100,) for k in range(300)} | {'output': (100, 4)}
    with pytest.raises(DecodeError, match='no known decoder can read'):
        choose(shapes, WH, whole=shapes)
