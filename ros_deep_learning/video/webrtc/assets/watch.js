// SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
// SPDX-License-Identifier: Apache-2.0
'use strict';

const video = document.querySelector('video');
const status = document.querySelector('p');
const RETRY_MS = 2000;

async function connect() {
  const peer = new RTCPeerConnection();
  peer.addTransceiver('video', { direction: 'recvonly' });
  peer.ontrack = (event) => { video.srcObject = new MediaStream([event.track]); };
  peer.onconnectionstatechange = () => {
    status.textContent = peer.connectionState === 'connected' ? '' : peer.connectionState;
    if (peer.connectionState === 'failed' || peer.connectionState === 'disconnected') {
      peer.close();
      setTimeout(retry, RETRY_MS);
    }
  };
  await peer.setLocalDescription(await peer.createOffer());
  if (peer.iceGatheringState !== 'complete') {
    await new Promise((resolve) => {
      peer.onicegatheringstatechange = () => {
        if (peer.iceGatheringState === 'complete') resolve();
      };
      setTimeout(resolve, RETRY_MS);
    });
  }
  const answer = await fetch('/whep', {
    method: 'POST',
    headers: { 'Content-Type': 'application/sdp' },
    body: peer.localDescription.sdp,
  });
  if (!answer.ok) {
    peer.close();
    throw new Error(await answer.text());
  }
  await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
}

function retry() {
  connect().catch((error) => {
    status.textContent = error.message;
    setTimeout(retry, RETRY_MS);
  });
}

retry();
