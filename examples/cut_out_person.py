# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Cut people out of a picture: a PNG with a transparent background.

python3 examples/cut_out_person.py portrait.jpg person.png
"""

import argparse
import sys

import cv2
import numpy as np

from ros_deep_learning import SegNet


def main(picture: str, cut_out: str) -> None:
    if (image_bgr := cv2.imread(picture)) is None:
        sys.exit(f'{picture}: OpenCV reads no picture there')
    with SegNet('selfie') as net:
        parts = net.segment(image_bgr[..., ::-1])
        person = net.labels.index('person')
    print(f'{parts.shares()[person]:.0%} of the picture is a person')
    opacity = np.where(parts.class_mask == person, 255, 0).astype(np.uint8)
    cv2.imwrite(cut_out, np.dstack([image_bgr, opacity]))


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('picture')
    parser.add_argument('cut_out')
    main(**vars(parser.parse_args()))
