# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write models/answers.json: what networks of the zoo give for a kept picture and its mirror.

No code of the package runs here: ONNX Runtime on the files as they are, or OpenCV's DNN on
TensorFlow's graph, with preprocessing and decoding written from the papers and repositories of
the networks. Usage, with files that the tests keep in the user's cache:
    python3 test/references/make_answers.py ~/.cache/ros_deep_learning/media/ssd_mobilenet_v2.pb \
        ~/.cache/ros_deep_learning/media/ssd_mobilenet_v2.pbtxt \
        ~/.cache/ros_deep_learning/media/centerface.onnx
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime

MODELS = Path(__file__).resolve().parents[2] / 'models'
PICTURE = 'astronaut.jpg'
STEP = 8


def run(path, tensor):
    """Run a network of a file, or of its bytes."""
    onnxruntime.set_default_logger_severity(3)
    network = path if isinstance(path, bytes) else str(path)
    session = onnxruntime.InferenceSession(network, providers=['CPUExecutionProvider'])
    return session.run(None, {session.get_inputs()[0].name: tensor})


def planar(image):
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)


def efficientnet_lite0(bgr):
    """The centre 7/8 as TensorFlow's repository crops, (pixel - 127) / 128, softmax."""
    side = round(min(bgr.shape[:2]) * 0.875)
    top, left = (bgr.shape[0] - side) // 2, (bgr.shape[1] - side) // 2
    cut = bgr[top : top + side, left : left + side, ::-1]
    small = cv2.resize(cut, (224, 224), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    path = MODELS / 'weights' / 'efficientnet_lite0_w16.onnx'
    logits = run(path, planar((small - 127) / 128))[0].reshape(-1).astype(np.float64)
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    best = np.argsort(-shares)[:5]
    return {'classes': [[int(k), round(float(shares[k]), 5)] for k in best]}


def ssd_mobilenet_v2(bgr):
    """OpenCV's DNN reads TensorFlow's graph; its own preprocessing and suppression."""
    height, width = bgr.shape[:2]
    net = cv2.dnn.readNetFromTensorflow(sys.argv[1], sys.argv[2])
    net.setInput(cv2.dnn.blobFromImage(bgr, size=(300, 300), swapRB=True))
    rows = net.forward()[0, 0]
    edges = (width, height, width, height)
    boxes = np.clip(rows[:, 3:7] * edges, 0, edges)
    # Class 0 of the graph is the background.
    return listed(boxes, rows[:, 2], rows[:, 1].astype(int) - 1)


def centerface(bgr):
    """The authors' decoding: https://github.com/Star-Clouds/CenterFace, prj-python."""
    height, width = bgr.shape[:2]
    factor = min(640 / width, 480 / height)
    inner = (round(width * factor), round(height * factor))
    left, top = (640 - inner[0]) // 2, (480 - inner[1]) // 2
    canvas = np.zeros((480, 640, 3), np.uint8)
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(bgr, inner)
    model = onnx.load(sys.argv[3])
    for value in (*model.graph.input, *model.graph.output):
        for dimension in value.type.tensor_type.shape.dim:
            dimension.dim_param = '?'
    heat, scale, offset, _ = run(model.SerializeToString(), planar(canvas[..., ::-1]))
    found = []
    for y, x in zip(*np.where(heat[0, 0] > 0.3), strict=True):
        high, wide = np.exp(scale[0, :, y, x]) * 4
        centre_y, centre_x = (y + offset[0, 0, y, x] + 0.5) * 4, (x + offset[0, 1, y, x] + 0.5) * 4
        box = (centre_x - wide / 2, centre_y - high / 2, centre_x + wide / 2, centre_y + high / 2)
        found.append((*box, heat[0, 0, y, x]))
    rows = np.array(found, np.float64).reshape(-1, 5)
    corners = [[x1, y1, x2 - x1, y2 - y1] for x1, y1, x2, y2, _ in rows]
    kept = np.array(cv2.dnn.NMSBoxes(corners, rows[:, 4].tolist(), 0.3, 0.3)).reshape(-1)
    rows = rows[kept]
    boxes = (rows[:, :4] - (left, top, left, top)) / factor
    edges = (width, height, width, height)
    return listed(np.clip(boxes, 0, edges), rows[:, 4], np.zeros(len(rows), int))


def listed(boxes, scores, classes):
    order = [k for k in np.argsort(-scores) if scores[k] >= 0.4]
    return {
        'boxes': [
            [int(classes[k]), round(float(scores[k]), 4), *np.round(boxes[k], 2).tolist()]
            for k in order
        ]
    }


def selfie(bgr):
    """MediaPipe's model card: RGB in 0..1, and the probability of a person."""
    small = cv2.resize(bgr[..., ::-1], (256, 256), interpolation=cv2.INTER_LINEAR)
    path = MODELS / 'weights' / 'mp_selfie_256.onnx'
    plane = run(path, planar(small.astype(np.float32) / 255))[0].reshape(256, 256)
    large = cv2.resize(plane, bgr.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return sampled((large > 0.5).astype(np.uint8))


def duckietown_lanes(bgr):
    """The package's own preprocessing: BGR, 320x240, divided by 255 inside."""
    small = cv2.resize(bgr, (320, 240), interpolation=cv2.INTER_LINEAR)
    path = MODELS / 'weights' / 'duckietown_unet_3c_240x320_w16.onnx'
    planes = run(path, planar(small))[0][0]
    assert planes.shape == (3, 240, 320), planes.shape
    large = [cv2.resize(p, bgr.shape[1::-1], interpolation=cv2.INTER_LINEAR) for p in planes]
    return sampled(np.argmax(large, axis=0))


def sampled(mask):
    """Keep each eighth pixel of each eighth row, as digits."""
    return {'mask': [''.join(map(str, row)) for row in mask[::STEP, ::STEP].tolist()]}


def main() -> None:
    picture = cv2.imread(str(MODELS / 'pictures' / PICTURE))
    makers = (centerface, duckietown_lanes, efficientnet_lite0, selfie, ssd_mobilenet_v2)
    content = {
        'picture': PICTURE,
        'step': STEP,
        'answers': {
            make.__name__.replace('_', '-'): {
                'as it is': make(picture),
                'mirrored': make(np.ascontiguousarray(picture[:, ::-1])),
            }
            for make in makers
        },
    }
    text = json.dumps(content, indent=1)
    (MODELS / 'answers.json').write_text(text + '\n')


if __name__ == '__main__':
    main()
