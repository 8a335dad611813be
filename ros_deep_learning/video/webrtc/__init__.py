# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""WebRTC through aiortc: a stream is watched in a browser, and received by WHEP."""
