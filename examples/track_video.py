# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Follow objects through a video, and print how long each was seen.

python3 examples/track_video.py street.mp4
"""

import argparse
import sys
from collections import Counter

import cv2

from ros_deep_learning import DetectNet, Tracker, TrackingSettings


def main(video: str) -> None:
    frames: Counter[tuple[int, str]] = Counter()
    capture = cv2.VideoCapture(video)
    if not capture.isOpened():
        sys.exit(f'{video}: OpenCV reads no video there')
    tracker = Tracker(TrackingSettings(min_frames=3, drop_frames=15))
    with DetectNet('ssd-mobilenet-v2', threshold=0.5) as net:
        while True:
            there, frame_bgr = capture.read()
            if not there:
                break
            for one in tracker.update(net.detect(frame_bgr[..., ::-1])):
                if one.track_id is not None:  # else it is not yet seen often enough
                    frames[one.track_id, one.label] += 1
    for (track, label), count in frames.most_common():
        print(f'{label} {track} in {count} frames')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('video')
    main(**vars(parser.parse_args()))
