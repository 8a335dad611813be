// SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
// SPDX-License-Identifier: Apache-2.0
'use strict';

async function send() {
  if (!navigator.mediaDevices) {
    const { hostname, port } = location;
    throw new Error('Browsers give their camera to pages of localhost alone: open a tunnel, '
      + `ssh -L ${port}:localhost:${port} ${hostname}, and this page at http://localhost:${port}/`);
  }
  const camera = await navigator.mediaDevices.getUserMedia({ video: true });
  video.srcObject = camera;
  keepConnected('/whip', (peer) => {
    peer.addTransceiver(camera.getVideoTracks()[0], { direction: 'sendonly' });
  });
}

send().catch((error) => { status.textContent = error.message; });
