# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Print the most likely classes of a picture, by a network of the zoo or one of your own.

python3 examples/classify_picture.py coffee.jpg
python3 examples/classify_picture.py coffee.jpg examples/my_network.yaml
"""

import sys

from ros_deep_learning import ImageNet


def main(picture: str, model: str = 'efficientnet-lite0') -> None:
    with ImageNet(model) as net:
        for one in net.classify(picture, top_k=3):
            print(f'{one.score:6.1%} {one.label}')


if __name__ == '__main__':
    main(*sys.argv[1:])
