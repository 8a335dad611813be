# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Print the most likely classes of a picture, by a network of the zoo or one of your own.

python3 examples/classify_picture.py coffee.jpg
python3 examples/classify_picture.py coffee.jpg examples/my_network.yaml
"""

import sys

import cv2

from ros_deep_learning import ImageNet


def main(picture: str, model: str = 'efficientnet-lite0') -> None:
    with ImageNet(model) as net:
        seen = net.classify(cv2.imread(picture)[..., ::-1], top_k=3)
        for k, score in zip(seen.class_ids, seen.scores, strict=True):
            print(f'{score:6.1%} {net.labels[k]}')


if __name__ == '__main__':
    main(*sys.argv[1:])
