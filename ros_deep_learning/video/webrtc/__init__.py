# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""WebRTC through aiortc: streams go out and come in, by WHEP and WHIP, to and from browsers."""
