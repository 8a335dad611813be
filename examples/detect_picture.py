# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find objects in a picture and save it with their boxes.

python3 examples/detect_picture.py street.jpg annotated.jpg
"""

import argparse
import sys

import cv2

from ros_deep_learning import DetectNet, draw_detections


def main(picture: str, annotated: str) -> None:
    if (image_bgr := cv2.imread(picture)) is None:
        sys.exit(f'{picture}: OpenCV reads no picture there')
    with DetectNet('ssd-mobilenet-v2', threshold=0.4) as net:
        found = net.detect(image_bgr[..., ::-1])  # networks take RGB, OpenCV reads BGR
        for one in found:
            x1, y1, x2, y2 = map(round, one.box_xyxy)
            print(f'{one.label} {one.score:.0%} from ({x1}, {y1}) to ({x2}, {y2})')
        draw_detections(
            image_bgr,
            found.boxes_xyxy,
            found.scores,
            found.class_ids,
            labels=net.labels,
            colors_rgb=net.colors_rgb[:, ::-1].copy(),
        )
    cv2.imwrite(annotated, image_bgr)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('picture')
    parser.add_argument('annotated')
    main(**vars(parser.parse_args()))
