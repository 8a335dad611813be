# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Follow objects through a video, and print how long each was seen.

python3 examples/track_video.py street.mp4
"""

import sys
from collections import Counter

import cv2

from ros_deep_learning import DetectNet, TrackingSettings


def main(video: str) -> None:
    frames: Counter[tuple[int, str]] = Counter()
    capture = cv2.VideoCapture(video)
    with DetectNet('ssd-mobilenet-v2', threshold=0.5) as net:
        net.tracking = TrackingSettings(min_frames=3, drop_frames=15)
        while True:
            there, frame_bgr = capture.read()
            if not there:
                break
            found = net.detect(frame_bgr[..., ::-1])
            for track, k in zip(found.track_ids, found.class_ids, strict=True):
                if track >= 0:  # -1 is not yet seen often enough
                    frames[int(track), net.labels[k]] += 1
    for (track, label), count in frames.most_common():
        print(f'{label} {track} in {count} frames')


if __name__ == '__main__':
    main(*sys.argv[1:])
