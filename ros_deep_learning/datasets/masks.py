# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures with a mask each, whose pixels are class numbers: Cityscapes, VOC and the like."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..errors import DatasetError
from .dataset import Part, Problem, Sample
from .listing import (
    files_in,
    folders_in,
    image_sets,
    is_file,
    labels_listed,
    picture_beside,
    pictures_below,
    read_class_names,
    read_data,
    split_of,
)
from .voc import voc_top

_VOC_FOLDER = 'SegmentationClass'
_MASK_FOLDERS = ('masks', 'labels', 'annotations', 'gtFine', _VOC_FOLDER)
_PICTURE_FOLDERS = ('images', 'leftImg8bit', 'JPEGImages')
_CITYSCAPES = ('_gtFine_labelTrainIds', '_gtFine_labelIds')

# https://github.com/mcordts/cityscapesScripts, cityscapesscripts/helpers/labels.py
_TRAIN_IDS = (
    *('road', 'sidewalk', 'building', 'wall', 'fence', 'pole', 'traffic light'),
    *('traffic sign', 'vegetation', 'terrain', 'sky', 'person', 'rider', 'car', 'truck'),
    *('bus', 'train', 'motorcycle', 'bicycle'),
)
_LABEL_IDS = (
    *('unlabeled', 'ego vehicle', 'rectification border', 'out of roi', 'static', 'dynamic'),
    *('ground', 'road', 'sidewalk', 'parking', 'rail track', 'building', 'wall', 'fence'),
    *('guard rail', 'bridge', 'tunnel', 'pole', 'polegroup', 'traffic light', 'traffic sign'),
    *('vegetation', 'terrain', 'sky', 'person', 'rider', 'car', 'truck', 'bus', 'caravan'),
    *('trailer', 'train', 'motorcycle', 'bicycle'),
)
# http://host.robots.ox.ac.uk/pascal/VOC/voc2012/, the classes in the order of the masks.
_VOC = (
    *('background', 'aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat'),
    *('chair', 'cow', 'diningtable', 'dog', 'horse', 'motorbike', 'person', 'pottedplant'),
    *('sheep', 'sofa', 'train', 'tvmonitor'),
)


def mask_parts(folder: Path) -> dict[str, Callable[[], Part]]:
    """Find the splits of a data set of masks; empty if it is none."""
    top = voc_top(folder) or folder
    pictures = next((top / n for n in _PICTURE_FOLDERS if (top / n).is_dir()), None)
    masks = next((top / n for n in _MASK_FOLDERS if _has_masks(top / n)), None)
    if pictures is not None and masks is not None:
        if masks.name == _VOC_FOLDER and (lists := image_sets(top / 'ImageSets' / 'Segmentation')):
            return {s: partial(_read_list, path, pictures, masks) for s, path in lists.items()}
        splits = {s: p for p in folders_in(masks) if (s := split_of(p.name)) is not None}
        if splits:
            return {
                split: partial(_read, pictures / path.name, path, top)
                for split, path in splits.items()
            }
        return {'all': partial(_read, pictures, masks, top)}
    # A split with the two folders in it.
    inner = {s: p for p in folders_in(folder) if (s := split_of(p.name)) is not None}
    parts: dict[str, Callable[[], Part]] = {}
    for split, path in inner.items():
        if (whole := mask_parts(path).get('all')) is not None:
            parts[split] = whole
    return parts


def _has_masks(folder: Path) -> bool:
    return any(path.suffix.lower() == '.png' for path in pictures_below(folder))


def _read_list(path: Path, pictures: Path, masks: Path) -> Part:
    """Read the masks that a file of ImageSets lists; VOC has no masks of most pictures."""
    samples, problems = [], []
    for mask in labels_listed(path, masks, '.png'):
        picture = picture_beside(mask, pictures)
        if picture is None:
            problems.append(Problem('missing picture', path, mask.stem))
        elif not is_file(mask):
            problems.append(Problem('missing label', picture, f'there is no {mask}'))
        else:
            samples.append(Sample(picture, mask=mask))
    classes = _classes(masks, [], masks.parent)
    return Part(classes, tuple(samples), tuple(problems))


def _read(pictures: Path, masks: Path, top: Path) -> Part:
    found = [path for path in pictures_below(masks) if path.suffix.lower() == '.png']
    classes = _classes(masks, found, top)
    problems: list[Problem] = []
    samples = []
    wanted = _of_cityscapes(found) if any('_gtFine_' in path.name for path in found) else found
    for mask in wanted:
        picture = _picture(mask, masks, pictures)
        if picture is None:
            text = f'no picture of its name in {pictures}'
            problems.append(Problem('missing picture', mask, text))
        else:
            samples.append(Sample(picture, mask=mask))
    with_mask = {sample.picture for sample in samples}
    problems += [
        Problem('missing label', path, f'no mask of its name in {masks}')
        for path in pictures_below(pictures)
        if path not in with_mask
    ]
    return Part(classes, tuple(samples), tuple(problems))


def _of_cityscapes(found: list[Path]) -> list[Path]:
    """Choose the masks of class numbers among Cityscapes' files."""
    for ending in _CITYSCAPES:
        if chosen := [path for path in found if path.stem.endswith(ending)]:
            return chosen
    return []


def _picture(mask: Path, masks: Path, pictures: Path) -> Path | None:
    folder = pictures / mask.parent.relative_to(masks)
    for ending in _CITYSCAPES:
        if mask.stem.endswith(ending):
            named = mask.with_stem(mask.stem.removesuffix(ending) + '_leftImg8bit')
            return picture_beside(named, folder)
    return picture_beside(mask, folder)


def _classes(masks: Path, found: list[Path], top: Path) -> tuple[str, ...]:
    folders = (top, top.parent, masks)
    for folder in folders:
        if named := read_class_names(folder):
            return named
        for path in files_in(folder, ['.json']):
            content = read_data(path)
            names = content.get('classes') if isinstance(content, dict) else None
            if isinstance(names, list):
                return tuple(map(str, names))
    if any(path.stem.endswith(_CITYSCAPES[0]) for path in found):
        return _TRAIN_IDS
    if any(path.stem.endswith(_CITYSCAPES[1]) for path in found):
        return _LABEL_IDS
    if masks.name == _VOC_FOLDER:
        return _VOC
    msg = (
        f'the masks in {masks} have no names of classes; to fix: write one a line into '
        f'{top / "classes.txt"}'
    )
    raise DatasetError(msg)
