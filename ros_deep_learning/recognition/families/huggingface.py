# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Hugging Face: transformers with the input pixel_values, and classifiers of timm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...cards.card import MAX_SIDE
from ...cards.coco_labels import WITH_NOTHING, is_coco, leaves_out_none
from ...tasks.classification import ClassKind
from ..activations import score_role
from ..evidence import Evidence, Family, Finding, is_number, mean_and_std
from ..usual import ANTIALIASED, IMAGENET, STRETCH, UNIT

_SOFTMAX = ('detr', 'yolos', 'table-transformer')
_UNIT = ('rt_detr', 'rt_detr_v2', 'd_fine')
_DETR_QUERIES = 100
# Classes of COCO and of its panoptic form, with "no object".
_WITH_NOTHING = (WITH_NOTHING, 251)
# Classes of COCO, of COCO as DETR numbers them, and of Objects365.
_WITHOUT = (80, 91, 365, 366)
_TAGGER = 'multi_label_classification'
_HALF: dict[str, Any] = {'scale': 1 / 255, 'mean': (0.5,) * 3, 'std': (0.5,) * 3}

_SQUARED_FROM = 384
"""ConvNeXT's processor crops smaller images only."""
_LEVIT = 224 / 256


def recognise(evidence: Evidence) -> Finding | None:
    """Recognise by tensor names; config.json and preprocessor_config.json are read beside it."""
    shapes = evidence.shapes
    if classifier := _timm(evidence) or _described_classifier(evidence):
        return classifier
    if 'logits' not in shapes or evidence.input_name != 'pixel_values':
        return None
    config = evidence.beside('preprocessor_config.json')
    stated, near = read_processor(config)
    size_wh = input_size(config)
    logits = shapes['logits']
    by = 'tensors named as those of transformers'
    if stated:
        by += ' and preprocessor_config.json'
    if 'pred_boxes' in shapes and len(logits) == 2:
        if not _tells(evidence):
            return None
        return _sized(_detector(evidence, by, stated, near), size_wh)
    roles = {'logits': 'logits'}
    if len(logits) == 1:
        by, role = _role(evidence, 'logits', by)
        roles = {role: 'logits'}
        guessed = _rest(_HALF, stated) | near | ANTIALIASED
        return _sized(Finding(by, 'classification', None, roles, stated, guessed), size_wh)
    if len(logits) == 3:
        guessed = _rest(IMAGENET | STRETCH, stated) | near
        found = Finding(by, 'segmentation', None, roles, stated, guessed, (512, 512))
        return _sized(found, size_wh)
    return None


def _role(evidence: Evidence, name: str, by: str) -> tuple[str, ClassKind]:
    """Return the evidence and the role of a classifier's output; config.json tells taggers."""
    role = score_role(evidence, name)
    if role != 'probabilities' and evidence.beside('config.json').get('problem_type') == _TAGGER:
        return f'{by}, problem_type {_TAGGER} in config.json', 'sigmoid_logits'
    return by, role


def _sized(found: Finding, size_wh: tuple[int, int] | None) -> Finding:
    """Return a finding with the size that a configuration states, if it does."""
    return found if size_wh is None else replace(found, size_wh=size_wh, states_size=True)


def _timm(evidence: Evidence) -> Finding | None:
    """Recognise a classifier with timm's configuration, in config.json or in the metadata."""
    ((name, shape), *more) = evidence.shapes.items()
    if more or len(shape) != 1:
        return None
    config, where = evidence.beside('config.json').get('pretrained_cfg'), 'config.json'
    if not isinstance(config, dict):
        config, where = _literals(evidence.metadata), 'the metadata'
    stated: dict[str, Any] = {**mean_and_std(config)}
    if len(stated) != 2:
        return None
    is_of_pixels = max(*stated['mean'], *stated['std']) > 1
    stated['scale'] = 1.0 if is_of_pixels else 1 / 255
    stated |= ANTIALIASED
    crop, guessed = config.get('crop_pct'), {'resize': 'crop'}
    if config.get('crop_mode') == 'squash':
        stated, guessed = stated | STRETCH, {}
    elif is_number(crop) and 0 < crop <= 1:
        stated, guessed = stated | {'resize': 'crop', 'crop_fraction': float(crop)}, {}
    by = f"timm's mean and std in {where}"
    if is_of_pixels:
        by = f'mean and std of pixels 0..255 in {where}'
    role = score_role(evidence, name)
    found = Finding(by, 'classification', None, {role: name}, stated, guessed)
    sides = config.get('input_size')
    size_wh = _sides(*sides[:0:-1]) if isinstance(sides, list) and len(sides) == 3 else None
    return _sized(found, size_wh)


def _literals(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Parse the values of timm's configuration."""
    found: dict[str, Any] = {}
    for key in ('mean', 'std', 'crop_pct'):
        try:
            found[key] = json.loads(metadata.get(key, '').replace('(', '[').replace(')', ']'))
        except (ValueError, RecursionError):
            continue
    return found


def _tells(evidence: Evidence) -> bool:
    """Return whether anything tells softmax from sigmoid; else it is a question."""
    queries, classes = evidence.shapes['logits']
    return (
        'model_type' in evidence.beside('config.json')
        or _told_by_labels(evidence) is not None
        or queries > 0
        or classes in (*_WITH_NOTHING, *_WITHOUT)
    )


def _told_by_labels(evidence: Evidence) -> bool | None:
    """Return whether the number of labels tells softmax, or sigmoid; None where it does not."""
    labels, classes = evidence.labels, evidence.shapes['logits'][1]
    if not labels:
        return None
    if is_coco(labels) and classes in (WITH_NOTHING, WITH_NOTHING - 1):
        return classes == WITH_NOTHING
    return classes == len(labels) + 1 if classes in (len(labels), len(labels) + 1) else None


def _detector(
    evidence: Evidence, by: str, stated: Mapping[str, Any], near: Mapping[str, Any]
) -> Finding:
    queries, classes = evidence.shapes['logits']
    kind = evidence.beside('config.json').get('model_type')
    if kind is not None:
        by += f', model_type {kind} in config.json'
        softmax, is_sure = kind in _SOFTMAX, True
    elif (told := _told_by_labels(evidence)) is not None:
        by += f', {classes} logits for {len(evidence.labels)} labels'
        softmax, is_sure = told, True
    else:
        if queries > 0:
            by += f', {queries} queries'
            softmax = queries == _DETR_QUERIES
        else:
            by += f', {classes} logits'
            softmax = classes in _WITH_NOTHING
        is_sure = False
    decoder = 'detr' if softmax else 'rtdetr'
    if not softmax and leaves_out_none(evidence.labels, classes):
        decoder = 'rtdetr_coco'
    plain = kind in _UNIT or (kind is None and not softmax)
    guessed = _rest((UNIT if plain else IMAGENET) | STRETCH, stated) | dict(near)
    return Finding(
        by,
        'detection',
        decoder,
        {'logits': 'logits', 'boxes': 'pred_boxes'},
        stated,
        guessed,
        (640, 640) if plain else (800, 800),
        is_sure=is_sure,
    )


def _rest(usual: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, Any]:
    if stated:
        usual = {key: value for key, value in usual.items() if key == 'resize'}
    return {key: value for key, value in usual.items() if key not in stated}


def _described_classifier(evidence: Evidence) -> Finding | None:
    """Recognise a classifier of any tensor names by preprocessor_config.json beside it."""
    ((name, shape), *more) = evidence.shapes.items()
    if more or len(shape) != 1 or shape[0] < 1:
        return None
    config = evidence.beside('preprocessor_config.json')
    stated, near = read_processor(config)
    if not stated:
        return None
    by, role = _role(evidence, name, 'preprocessor_config.json')
    guessed = {} if 'resize' in stated else STRETCH | near
    found = Finding(by, 'classification', None, {role: name}, stated | ANTIALIASED, guessed)
    return _sized(found, input_size(config))


def read_processor(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a ``preprocessor_config.json``: the arguments of an image processor's class.

    Keys that are missing have the defaults of the class.

    Returns:
        Fields of ``InputSpec`` that it states, and the resize where that is none of ours, as a
        guess; both are empty without a file.
    """
    if not config:
        return {}, {}
    kind = str(config.get('image_processor_type', config.get('feature_extractor_type', '')))
    placed, guessed = _placement(config, kind)
    stated = _values(config, kind) | placed
    if config.get('do_flip_channel_order', 'MobileViT' in kind):
        stated['channels'] = 'bgr'
    return stated, guessed


def input_size(config: Mapping[str, Any]) -> tuple[int, int] | None:
    """Read the width and height of the images that a ``preprocessor_config.json`` gives.

    Returns:
        None where they depend on the image, or are not stated.
    """
    key = 'crop_size' if config.get('do_center_crop') else 'size'
    size, kind = config.get(key), str(config.get('image_processor_type', ''))
    if not isinstance(size, dict):
        return _sides(size, size)
    if 'shortest_edge' in size and 'ConvNext' in kind:
        # It crops to a square of this side.
        return _sides(size['shortest_edge'], size['shortest_edge'])
    return _sides(size.get('width'), size.get('height'))


def _sides(width: Any, height: Any) -> tuple[int, int] | None:
    fits = all(type(side) is int and 0 < side <= MAX_SIDE for side in (width, height))
    return (width, height) if fits else None


def _values(config: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return scale, mean and std."""
    factor = config.get('rescale_factor')
    if not config.get('do_rescale', True):
        factor = 1.0
    stated: dict[str, Any] = {
        'scale': float(factor) if is_number(factor) and factor > 0 else 1 / 255
    }
    given = mean_and_std(config, 'image_mean', 'image_std')
    if config.get('do_normalize', True):
        stated |= given
    if config.get('rescale_offset'):
        # Pixels become pixel * factor - 1 before the mean is subtracted.
        stated['mean'] = tuple(mean + 1.0 for mean in stated.get('mean', (0.0,) * 3))
    if 'EfficientNet' in kind and config.get('include_top', True) and 'std' in given:
        # It divides by the standard deviation once more.
        own = given['std']
        stated['std'] = tuple(s * s for s in own) if 'std' in stated else own
    return stated


def _placement(config: Mapping[str, Any], kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the resize that is stated, or else the nearest to it as a guess."""
    size, crop, share = config.get('size'), config.get('crop_size'), config.get('crop_pct')
    edge = size.get('shortest_edge') if isinstance(size, dict) else size
    height = size.get('height') if isinstance(size, dict) else None
    inner = crop.get('height') if isinstance(crop, dict) else crop
    if share is None and 'ConvNext' in kind:
        share = 224 / 256
    share = share if is_number(share) and 0 < share <= 1 else None
    if config.get('do_center_crop'):
        is_square = isinstance(height, int) or (isinstance(edge, int) and 'DeiT' in kind)
        before = height if isinstance(height, int) else edge
        fields: dict[str, Any] = {'resize': 'crop'}
        if isinstance(before, int) and isinstance(inner, int) and 0 < inner <= before:
            fields['crop_fraction'] = inner / before * (share or 1.0)
            fields['crop_fraction'] *= _LEVIT if 'Levit' in kind else 1.0
        # Stretched to a square, then cropped: none of the ways of a card.
        return ({}, fields) if is_square else (fields, {})
    if share is not None and isinstance(edge, int):
        if edge >= _SQUARED_FROM:
            return STRETCH, {}
        return {'resize': 'crop', 'crop_fraction': float(share)}, {}
    is_whole = isinstance(height, int) or (isinstance(size, int) and not isinstance(size, bool))
    if is_whole and config.get('do_resize', True):
        return STRETCH, {}
    return {}, {}


FAMILY = Family('Hugging Face transformers and timm', recognise)
