#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
#
# Install what is needed of Ubuntu, as root: compilers, Python, and the tools of the next steps.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -yqq --no-install-recommends \
    ca-certificates curl g++ gcc make python3 python3-dev python3-pip python3-venv
rm -rf /var/lib/apt/lists/*
