// SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
// SPDX-License-Identifier: Apache-2.0
'use strict';

keepConnected('/whep', (peer) => {
  peer.addTransceiver('video', { direction: 'recvonly' });
  peer.ontrack = (event) => { video.srcObject = new MediaStream([event.track]); };
});
