# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A place for a network's files."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def write(tmp_path):
    """Writes a prototxt and a caffemodel; gives their paths."""
    from caffe_files import write_caffemodel

    def write_files(text, weights=None, **form):
        prototxt, caffemodel = tmp_path / 'deploy.prototxt', tmp_path / 'net.caffemodel'
        prototxt.write_text(text, encoding='utf-8')
        # Caffe skips what the network has no layer for; a file without any weights is refused.
        write_caffemodel(caffemodel, {'unused': [np.zeros(1)], **(weights or {})}, **form)
        return prototxt, caffemodel

    return write_files
