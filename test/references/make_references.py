#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Make the small networks of test/references: a framework's own classes, with random weights.

Each is written as the framework exports it, with a JSON file of what the framework itself finds
in a picture. Weights are random numbers of a seed, so they are no one's; the backbones are small
ones, and weights have few digits, so that files stay below 160 KB. The architectures, anchors,
decoding, suppression and processors are the frameworks'. Run it where these can be imported:

    pip install torch torchvision transformers rfdetr onnx opencv-python-headless
    python3 test/references/make_references.py test/references
"""

from __future__ import annotations

import argparse
import json
import lzma
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
from PIL import Image
from torch import nn
from torchvision.models.detection import FCOS, FasterRCNN, RetinaNet
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.ssd import SSD
from torchvision.models.detection.ssdlite import SSDLiteHead

ROOT = Path(__file__).resolve().parent.parent.parent
PICTURES = ('plain', 'flipped')
SIDE = 320
RFDETR = 'rfdetr_nano'
CLASSES = 5
CHANNELS = 32


def picture(kind: str) -> np.ndarray:
    """Return a picture of a person, (320, 320, 3) uint8 RGB, or its mirror image."""
    image = cv2.imread(str(ROOT / 'models' / 'pictures' / 'astronaut.jpg'))[..., ::-1]
    return np.ascontiguousarray(image[:, ::-1] if kind == 'flipped' else image)


def wide_picture() -> np.ndarray:
    """Return a strip of the picture as a camera's of 16 to 10, (200, 320, 3)."""
    return np.ascontiguousarray(picture('plain')[20:220])


def backbone() -> nn.Sequential:
    """Return five convolutions of stride 2."""
    widths = (3, 8, 16, 16, 24, CHANNELS)
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.ReLU()]
    made = nn.Sequential(*layers)
    made.out_channels = CHANNELS
    return made


def anchors() -> AnchorGenerator:
    """Return anchors of three sizes and forms on one grid."""
    return AnchorGenerator(((32, 64, 128),), ((0.5, 1.0, 2.0),))


def faster_rcnn() -> nn.Module:
    """Return Faster R-CNN."""
    return FasterRCNN(
        backbone(),
        min_size=SIDE,
        max_size=SIDE,
        rpn_anchor_generator=anchors(),
        box_head=TwoMLPHead(CHANNELS * 7 * 7, 24),
        box_predictor=FastRCNNPredictor(24, CLASSES),
    )


def retinanet() -> nn.Module:
    """Return RetinaNet."""
    return RetinaNet(backbone(), CLASSES, min_size=SIDE, max_size=SIDE, anchor_generator=anchors())


def fcos() -> nn.Module:
    """Return FCOS."""
    centres = AnchorGenerator(((32,),), ((1.0,),))
    return FCOS(backbone(), CLASSES, min_size=SIDE, max_size=SIDE, anchor_generator=centres)


def ssdlite() -> nn.Module:
    """Return SSD with the heads of SSDLite."""
    boxes = DefaultBoxGenerator([[2, 3]], min_ratio=0.2, max_ratio=0.95)
    heads = SSDLiteHead([CHANNELS], boxes.num_anchors_per_location(), CLASSES, nn.BatchNorm2d)
    return SSD(
        backbone(),
        boxes,
        (SIDE, SIDE),
        CLASSES,
        head=heads,
        score_thresh=0.01,
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    )


TORCHVISION: dict[str, tuple[Callable[[], nn.Module], Sequence[str], int | None]] = {
    'torchvision_faster_rcnn': (faster_rcnn, ('rpn.head.cls_logits', 'cls_score'), 0),
    'torchvision_fcos': (fcos, ('cls_logits',), None),
    'torchvision_retinanet': (retinanet, ('cls_logits',), None),
    'torchvision_ssdlite': (ssdlite, ('classification_head.module_list.0.1',), 0),
}


def transformers_models() -> dict[str, tuple[Callable[[], Any], Any]]:
    """Return models and processors of transformers by name."""
    import transformers as t

    stages = {'embedding_size': 8, 'hidden_sizes': [8, 16, 24, 32], 'depths': [1] * 4}
    labels = {k: f'name {k}' for k in range(CLASSES)}
    small = {'d_model': 32, 'decoder_ffn_dim': 32, 'encoder_ffn_dim': 32, 'id2label': labels}
    last = ['stage2', 'stage3', 'stage4']
    size = {'height': SIDE, 'width': SIDE}

    def detr() -> Any:
        residual = t.ResNetConfig(**stages, layer_type='basic', out_features=['stage4'])
        return t.DetrForObjectDetection(t.DetrConfig(
            use_timm_backbone=False, backbone=None, use_pretrained_backbone=False,
            backbone_config=residual, num_queries=40, encoder_layers=1, decoder_layers=1,
            encoder_attention_heads=4, decoder_attention_heads=4, **small,
        ))  # fmt: skip

    def rt_detr() -> Any:
        residual = t.RTDetrResNetConfig(**stages, layer_type='basic', out_features=last)
        return t.RTDetrForObjectDetection(t.RTDetrConfig(
            backbone_config=residual, encoder_hidden_dim=32, encoder_in_channels=[16, 24, 32],
            num_queries=40, encoder_layers=1, decoder_layers=1, encoder_attention_heads=4,
            decoder_attention_heads=4, decoder_in_channels=[32] * 3, num_denoising=0,
            hidden_expansion=0.5, **small,
        ))  # fmt: skip

    def d_fine() -> Any:
        residual = t.RTDetrResNetConfig(**stages, layer_type='basic', out_features=last)
        return t.DFineForObjectDetection(t.DFineConfig(
            backbone_config=residual, encoder_hidden_dim=32, encoder_in_channels=[16, 24, 32],
            num_queries=40, encoder_layers=1, decoder_layers=2, encoder_attention_heads=4,
            decoder_attention_heads=4, decoder_in_channels=[32] * 3, num_denoising=0,
            hidden_expansion=0.5, eval_idx=-1, **small,
        ))  # fmt: skip

    def segformer() -> Any:
        return t.SegformerForSemanticSegmentation(t.SegformerConfig(
            hidden_sizes=[8, 16, 24, 32], depths=[1] * 4, num_attention_heads=[1, 1, 2, 2],
            decoder_hidden_size=32, id2label=labels,
        ))  # fmt: skip

    return {
        'transformers_detr': (detr, t.DetrImageProcessor(size=size)),
        'transformers_rt_detr': (rt_detr, t.RTDetrImageProcessor(size=size)),
        'transformers_d_fine': (d_fine, t.RTDetrImageProcessor(size=size)),
        'transformers_segformer': (segformer, t.SegformerImageProcessor(size=size)),
    }


def enliven(
    model: nn.Module, run: Callable[[], Any], heads: Sequence[str], nothing: int | None
) -> None:
    """Give random weights activations and scores that differ.

    Args:
        model: The network, in place.
        run: Runs it on pictures.
        heads: Ends of the names of the layers that make scores.
        nothing: Class that stands for no object, as of a softmax; None for sigmoids. As after
            training, few rows have an object.
    """
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    run()
    model.eval()
    columns = CLASSES + (nothing == -1)
    layers = [m for name, m in model.named_modules() if name.endswith(tuple(heads))]
    for layer in layers:
        seen: list[torch.Tensor] = []
        hook = layer.register_forward_hook(lambda *found, seen=seen: seen.append(found[2]))
        run()
        hook.remove()
        if not seen:
            continue
        if layer.bias.numel() % columns == 0:
            rows = layer.bias.data.view(-1, columns)
            if nothing is None:
                rows -= 2.0
            else:
                rows[:, nothing] += 7.0
        layer.weight.data *= 2.5 / torch.cat([part.flatten() for part in seen]).std()
    coarsen(model)


def write_rfdetr(folder: Path, name: str) -> None:
    """Write RF-DETR Nano as its own ``export`` does, and what its own ``predict`` finds.

    Width and depth of its backbone are constants of the package, so they are replaced there.
    """
    from rfdetr import RFDETRNano
    from rfdetr.models._defaults import MODEL_DEFAULTS
    from rfdetr.models.backbone import dinov2

    full, width = dinov2.get_config, 32
    small = {'hidden_size': width, 'num_attention_heads': 2, 'num_hidden_layers': 3}
    dinov2.get_config = lambda *given: full(*given) | small | {'mlp_ratio': 1}
    dinov2.size_to_width['small'] = width
    object.__setattr__(MODEL_DEFAULTS, 'dim_feedforward', width)
    net = RFDETRNano(
        pretrain_weights=None, num_classes=CLASSES, hidden_dim=width, sa_nheads=2, ca_nheads=2,
        dec_layers=1, num_queries=40, num_select=40, group_detr=1, resolution=SIDE,
        out_feature_indexes=[1, 2, 3], device='cpu',
    )  # fmt: skip
    model = net.model.model
    images = {kind: Image.fromarray(picture(kind)) for kind in PICTURES}
    # The last layer of the boxes begins with zeros: then they are all anchors of one size.
    nn.init.normal_(model.bbox_embed.layers[-1].weight, std=0.8)

    def run() -> None:
        for image in images.values():
            net.predict(image)

    enliven(model, run, ('class_embed', 'enc_out_class_embed.0'), None)
    # The last logit is no class's; training makes it low.
    model.class_embed.bias.data = torch.tensor([-3.0] * CLASSES + [-9.0])
    found = {}
    for kind, image in images.items():
        seen = net.predict(image, threshold=0.3)
        by_key = {'boxes': seen.xyxy, 'labels': seen.class_id, 'scores': seen.confidence}
        found[kind] = {key: rounded(torch.tensor(value)) for key, value in by_key.items()}
    net.export(str(folder), verbose=False, output_name=name)
    strip(folder / f'{name}.onnx')
    write_json(folder / f'{name}.json', found)


def coarsen(model: nn.Module) -> None:
    """Round each weight to 3 bits of its fraction, so that files compress to a third."""
    for weights in model.parameters():
        fraction, exponent = torch.frexp(weights.data)
        weights.data = torch.ldexp(torch.round(fraction * 8) / 8, exponent)


def export(model: nn.Module, image: Any, path: Path, inputs: str, outputs: list[str]) -> None:
    """Write a network as the tracing exporter of PyTorch does."""
    torch.onnx.export(
        model,
        image,
        str(path),
        opset_version=17,
        dynamo=False,
        input_names=[inputs],
        output_names=outputs,
    )
    strip(path)


def strip(path: Path) -> None:
    """Remove from a file where its nodes came from, a third of such small ones."""
    written = onnx.load(path)
    for node in written.graph.node:
        node.ClearField('name')
        node.ClearField('doc_string')
        node.ClearField('metadata_props')
    onnx.save(written, path)


def write_torchvision(folder: Path, name: str) -> None:
    """Write a detector of torchvision and what it finds."""
    make, heads, nothing = TORCHVISION[name]
    model = make().eval()
    images = {kind: torch.from_numpy(picture(kind)).permute(2, 0, 1) / 255 for kind in PICTURES}
    enliven(model, lambda: model(list(images.values())), heads, nothing)
    found = {}
    for kind, image in images.items():
        (result,) = model([image])
        found[kind] = {key: rounded(value) for key, value in result.items()}
    export(model, ([images['plain']],), folder / f'{name}.onnx', 'images', list(result))
    if name != 'torchvision_ssdlite':
        # torchvision pads by itself to a size that can be divided by this.
        model.transform.size_divisible = SIDE
        (result,) = model([torch.from_numpy(wide_picture()).permute(2, 0, 1) / 255])
        found['wide'] = {key: rounded(value) for key, value in result.items()}
    write_json(folder / f'{name}.json', found)


def write_transformers(folder: Path, name: str) -> None:
    """Write a network of transformers, its configurations, and what it finds."""
    make, processor = transformers_models()[name]
    model = make().eval()
    if name == 'transformers_detr':
        # Its first weights are so small that all queries have the same answer.
        for layer in model.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_normal_(layer.weight)
        nn.init.normal_(model.model.query_position_embeddings.weight)
    images = {
        kind: processor(images=picture(kind), return_tensors='pt')['pixel_values']
        for kind in PICTURES
    }

    def run() -> None:
        for image in images.values():
            model(pixel_values=image)

    enliven(model, run, ('class_labels_classifier', 'class_embed.0', 'class_embed.1',
                         'enc_score_head', 'decode_head.classifier'),
            -1 if name == 'transformers_detr' else None)  # fmt: skip
    if name == 'transformers_detr':
        model.class_labels_classifier.bias.data[-1] -= 2.6
    found: dict[str, Any] = {}
    sizes = [(SIDE, SIDE)]
    for kind, image in images.items():
        result = model(pixel_values=image)
        if name == 'transformers_segformer':
            (mask,) = processor.post_process_semantic_segmentation(result, target_sizes=sizes)
            found[kind] = {'pixels_of_class': torch.bincount(mask.flatten(), minlength=CLASSES)
                           .tolist(), 'mask_by_16': mask[8::16, 8::16].tolist()}  # fmt: skip
            continue
        (boxes,) = processor.post_process_object_detection(
            result, threshold=0.3, target_sizes=torch.tensor(sizes)
        )
        found[kind] = {key: rounded(boxes[key]) for key in ('boxes', 'labels', 'scores')}
    outputs = ['logits'] if name == 'transformers_segformer' else ['logits', 'pred_boxes']
    # As on the hub: a folder a network, with its configurations.
    own = folder / name
    own.mkdir(exist_ok=True)
    export(
        Exported(model, outputs), (images['plain'],), own / 'model.onnx', 'pixel_values', outputs
    )
    (own / 'config.json').write_text(model.config.to_json_string())
    processor.save_pretrained(own)
    write_json(own / 'found.json', found)


class Exported(nn.Module):
    """A model of transformers with outputs in a tuple, as optimum exports it."""

    def __init__(self, model: nn.Module, outputs: Sequence[str]) -> None:
        """Wrap a model."""
        super().__init__()
        self.model, self.outputs = model, outputs

    def forward(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Run the model."""
        found = self.model(pixel_values=pixel_values)
        return tuple(found[name] for name in self.outputs)


def rounded(values: torch.Tensor) -> list[Any]:
    """Return a list with six digits."""
    return [
        [float(f'{x:.6g}') for x in row] if isinstance(row, list) else float(f'{row:.6g}')
        for row in values[:60].tolist()
    ]


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write compact JSON."""
    path.write_text(json.dumps(content, separators=(',', ':')) + '\n')


def main() -> None:
    """Write all, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path)
    parser.add_argument('names', nargs='*')
    arguments = parser.parse_args()
    names = arguments.names or [*TORCHVISION, *transformers_models(), RFDETR]
    for name in names:
        torch.manual_seed(0)
        write = write_torchvision if name in TORCHVISION else write_transformers
        with torch.no_grad():
            (write_rfdetr if name == RFDETR else write)(arguments.folder, name)
        print(name)
    for path in arguments.folder.rglob('*.onnx'):
        path.with_suffix('.onnx.xz').write_bytes(lzma.compress(path.read_bytes(), preset=9))
        path.unlink()


if __name__ == '__main__':
    main()
