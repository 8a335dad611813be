# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The kernels' CUDA source and the types of their parameters."""

from __future__ import annotations

from pathlib import Path

SOURCES = ('common.cuh', 'preprocess.cu', 'segmentation.cu', 'detection.cu')

SIGNATURES = {
    'zero_words': 'Pi',
    'preprocess': 'PqPi' + 'iiii' * 2 + 'iii' + 'dd' + 'iii' + 'f' * 7 + 'Pqiii',
    'find_logits': 'PiqffP',
    'activate': 'Piiiqq' + 'iPPP',
    'segment': 'Piiqqq' + 'iiii' + 'dddd' + 'iiii' + 'iiiif' + 'PPi',
    'colorize': 'PiPP',
    'blend': 'Pqiii' + 'Pii' + 'PP',
    'count_classes': 'PiP',
    'gather_candidates': 'Piiiqq' + 'Pq' + 'Piqq' + 'iifiP',
}
"""Parameters of each kernel, in the letters of the ``struct`` module."""


def read_source() -> str:
    """Join the source files into one translation unit; errors still name file and line."""
    folder = Path(__file__).parent
    parts = (f'#line 1 "{name}"\n{folder.joinpath(name).read_text()}' for name in SOURCES)
    return '\n'.join(parts)
