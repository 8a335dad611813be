#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
#
# Build the checkout on the ROS 2 of apt, or on one that is made here of PyPI's packages.
set -eo pipefail

cd "$(dirname "$0")/.."
for setup in /opt/ros/*/setup.bash; do
    if [ -f "$setup" ]; then
        . "$setup"
    fi
done
make env PYTHON=/usr/bin/python3
