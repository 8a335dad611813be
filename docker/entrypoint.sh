#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
#
# Run a command with ROS 2 and this package: entrypoint.sh detectnet --help
. "$(dirname "$0")/../.ros/env.sh"
# Compiles the CUDA kernels at the first run.
export PATH=$PATH:/usr/local/cuda/bin
exec "$@"
