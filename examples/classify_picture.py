# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Print the most likely classes of a picture, by a network of the zoo or one of your own.

python3 examples/classify_picture.py coffee.jpg
python3 examples/classify_picture.py coffee.jpg examples/my_network.yaml
"""

import argparse

from ros_deep_learning import ImageNet


def main(picture: str, model: str) -> None:
    with ImageNet(model) as net:
        for one in net.classify(picture, top_k=3):
            print(f'{one.score:6.1%} {one.label}')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('picture')
    parser.add_argument('model', nargs='?', default='efficientnet-lite0')
    main(**vars(parser.parse_args()))
