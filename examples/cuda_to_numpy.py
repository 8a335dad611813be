# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Segment a picture, and copy the blended result from the GPU to NumPy; without a GPU it is there.

python3 examples/cuda_to_numpy.py portrait.jpg blended.jpg
"""

import argparse

import cv2
import numpy as np

from ros_deep_learning import SegNet


def main(picture: str, blended: str) -> None:
    with SegNet('selfie') as net:
        found = net.segment_device(picture, overlay_alpha=150)
    kind, index = found.overlay.__dlpack_device__()
    print(f'{found.overlay.shape} on {"the CPU" if kind == 1 else f"GPU {index}"}')
    # Here torch.from_dlpack(found.overlay) or cupy.from_dlpack(found.overlay) would copy nothing.
    overlay_rgb = np.asarray(found.overlay)
    cv2.imwrite(blended, overlay_rgb[..., ::-1])


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('picture')
    parser.add_argument('blended')
    main(**vars(parser.parse_args()))
