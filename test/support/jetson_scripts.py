# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Scripts as people wrote them for jetson-inference, but for their imports."""

RECOGNITION = """
import argparse
from ros_deep_learning.jetson import imageNet, loadImage

parser = argparse.ArgumentParser()
parser.add_argument('filename', type=str)
parser.add_argument('--network', type=str, default='googlenet')
args = parser.parse_args()

img = loadImage(args.filename)
net = imageNet(args.network)
class_idx, confidence = net.Classify(img)
class_desc = net.GetClassDesc(class_idx)
print(f'{class_desc} class #{class_idx} {confidence * 100:.0f}%')
"""

RECOGNITION_OF_2019 = """
import sys
from ros_deep_learning import jetson

img, width, height = jetson.utils.loadImageRGBA(sys.argv[1])
net = jetson.inference.imageNet(sys.argv[2])
class_idx, confidence = net.Classify(img, width, height)
print(net.GetClassDesc(class_idx), width, height)
"""

DETECTION = """
import argparse
import sys
from ros_deep_learning.jetson import Log, detectNet, videoOutput, videoSource

parser = argparse.ArgumentParser(
    formatter_class=argparse.RawTextHelpFormatter,
    epilog=detectNet.Usage() + videoSource.Usage() + videoOutput.Usage() + Log.Usage())
parser.add_argument('input', type=str, default='', nargs='?')
parser.add_argument('output', type=str, default='', nargs='?')
parser.add_argument('--network', type=str, default='ssd-mobilenet-v2')
parser.add_argument('--overlay', type=str, default='box,labels,conf')
parser.add_argument('--threshold', type=float, default=0.5)
args = parser.parse_known_args()[0]

input = videoSource(args.input, argv=sys.argv)
output = videoOutput(args.output, argv=sys.argv)
net = detectNet(args.network, sys.argv, args.threshold)
while True:
    img = input.Capture()
    if img is None:
        continue
    detections = net.Detect(img, overlay=args.overlay)
    print(f'detected {len(detections)} objects in {img.width}x{img.height} {img.format}')
    for detection in detections:
        print(net.GetClassDesc(detection.ClassID), detection.Confidence)
    output.Render(img)
    output.SetStatus(f'{args.network} | Network {net.GetNetworkFPS():.0f} FPS')
    net.PrintProfilerTimes()
    if not input.IsStreaming() or not output.IsStreaming():
        break
"""

SEGMENTATION = """
import argparse
import sys
import numpy as np
from ros_deep_learning.jetson import (cudaAllocMapped, cudaDeviceSynchronize, cudaOverlay,
                                      cudaToNumpy, segNet, videoOutput, videoSource)

parser = argparse.ArgumentParser()
parser.add_argument('input', type=str)
parser.add_argument('output', type=str)
parser.add_argument('--network', type=str, default='fcn-resnet18-voc')
parser.add_argument('--filter-mode', type=str, default='linear', choices=['point', 'linear'])
parser.add_argument('--ignore-class', type=str, default='void')
parser.add_argument('--alpha', type=float, default=150.0)
args = parser.parse_known_args()[0]

net = segNet(args.network, sys.argv)
net.SetOverlayAlpha(args.alpha)
output = videoOutput(args.output, argv=sys.argv)
grid_width, grid_height = net.GetGridSize()
class_mask = cudaAllocMapped(width=grid_width, height=grid_height, format='gray8')
input = videoSource(args.input, argv=sys.argv)
while True:
    img = input.Capture()
    if img is None:
        continue
    overlay = cudaAllocMapped(like=img)
    mask = cudaAllocMapped(width=img.width // 2, height=img.height // 2, format=img.format)
    both = cudaAllocMapped(width=overlay.width + mask.width, height=img.height, format=img.format)
    net.Process(img, ignore_class=args.ignore_class)
    net.Overlay(overlay, filter_mode=args.filter_mode)
    net.Mask(mask, filter_mode=args.filter_mode)
    cudaOverlay(overlay, both, 0, 0)
    cudaOverlay(mask, both, overlay.width, 0)
    output.Render(both)
    cudaDeviceSynchronize()
    net.Mask(class_mask, grid_width, grid_height)
    counts, _ = np.histogram(cudaToNumpy(class_mask), bins=net.GetNumClasses(),
                             range=(0, net.GetNumClasses() - 1))
    for n in range(net.GetNumClasses()):
        print(n, net.GetClassDesc(n), counts[n] / (grid_width * grid_height))
    if not input.IsStreaming() or not output.IsStreaming():
        break
"""
