# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Classify a NumPy image that was moved to the GPU; without a GPU it stays where it is.

python3 examples/cuda_from_numpy.py coffee.jpg
"""

import argparse
import sys
from contextlib import suppress

import cv2
import numpy as np

from ros_deep_learning import ImageNet


def to_gpu(image):
    """Copy an image to the GPU with CuPy or PyTorch, if one of them is there and has a GPU."""
    with suppress(ImportError):
        import cupy

        if cupy.cuda.is_available():
            return cupy.asarray(image)
    with suppress(ImportError):
        import torch

        return torch.from_numpy(image).cuda() if torch.cuda.is_available() else image
    return image


def main(picture: str) -> None:
    if (image_bgr := cv2.imread(picture)) is None:
        sys.exit(f'{picture}: OpenCV reads no picture there')
    image = to_gpu(np.ascontiguousarray(image_bgr[..., ::-1]))
    print(f'{type(image).__module__} image of shape {tuple(image.shape)}')
    with ImageNet('efficientnet-lite0') as net:
        for one in net.classify(image, top_k=3):  # TensorRT reads it where it is
            print(f'{one.score:6.1%} {one.label}')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('picture')
    main(**vars(parser.parse_args()))
