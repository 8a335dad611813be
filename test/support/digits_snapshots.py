# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write snapshots as NVIDIA DIGITS packs them: by digits/model/views.py and caffe_train.py."""

from __future__ import annotations

import io
import json
import tarfile

import numpy as np
from caffe_files import caffemodel, network_message


def binaryproto(mean_chw):
    """Serialise a mean image, (C, H, W), as DIGITS does: with the sizes of old blobs."""
    blob = network_message()().layer.add().blobs.add()
    blob.num, (blob.channels, blob.height, blob.width) = 1, mean_chw.shape
    blob.data.extend(np.asarray(mean_chw, np.float64).ravel().tolist())
    return blob.SerializeToString()


def pack(path, net, *, name, labels=None, mean_chw=None, train='', mode='squash', extra=None):
    """Write a .tar.gz of a network of ``net_writer``, with all members at the top."""
    files = {
        'deploy.prototxt': net.text.encode(),
        'train_val.prototxt': f'name: "training"\n{train}'.encode(),
        'solver.prototxt': b'max_iter: 38400\n',
        'snapshot_iter_38400.caffemodel': caffemodel(net.weights),
        'info.json': json.dumps(
            {
                'deploy file': 'deploy.prototxt',
                'framework': 'caffe',
                'image dimensions': [256, 256, 3],
                'image resize mode': mode,
                'job id': '20161210-113105-1a2b',
                'name': name,
                'snapshot file': 'snapshot_iter_38400.caffemodel',
            }
        ).encode(),
        **(extra or {}),
    }
    if labels is not None:
        files['labels.txt'] = ''.join(f'{label}\n' for label in labels).encode()
    if mean_chw is not None:
        files['mean.binaryproto'] = binaryproto(mean_chw)
    with tarfile.open(path, 'w:gz', compresslevel=1) as tar:
        for member, content in files.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path
