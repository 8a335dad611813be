# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write Caffe networks into temporary files."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a prototxt and a caffemodel and returns their paths."""
    from caffe_files import write_caffemodel

    def write_files(text, weights=None, **form):
        prototxt, caffemodel = tmp_path / 'deploy.prototxt', tmp_path / 'net.caffemodel'
        prototxt.write_text(text, encoding='utf-8')
        # Caffe ignores weights without a layer; a file without weights is refused.
        write_caffemodel(caffemodel, {'unused': [np.zeros(1)], **(weights or {})}, **form)
        return prototxt, caffemodel

    return write_files
