#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
#
# Install TensorRT, if the base has none, and PyCUDA into what docker/package.sh made: gpu.sh yes|no
set -eo pipefail

case "${1:-yes}" in
no) exit ;;
yes) ;;
*) echo "gpu.sh: expected yes or no, got $1" >&2 && exit 2 ;;
esac

cd "$(dirname "$0")/.."
. .ros/env.sh
export PATH=/usr/local/cuda/bin:$PATH
if ! command -v nvcc; then
    echo 'gpu.sh: no nvcc, which compiles PyCUDA; use a base with the CUDA toolkit (devel)' >&2
    exit 1
fi
if ! python3 -c 'import tensorrt' 2>/dev/null; then
    python3 -m pip install tensorrt-cu12
fi
python3 -m pip install pycuda
# The driver is not here while an image is built.
python3 -c 'import importlib.util, tensorrt
assert importlib.util.find_spec("pycuda.driver")
print("TensorRT", tensorrt.__version__)'
