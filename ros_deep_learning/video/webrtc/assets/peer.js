// SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
// SPDX-License-Identifier: Apache-2.0
'use strict';

const video = document.querySelector('video');
const status = document.querySelector('p');
const RETRY_MS = 2000;

// Connects to the server of this page by WHEP or WHIP, again and again; prepare adds the tracks.
async function exchange(path, prepare) {
  const peer = new RTCPeerConnection();
  prepare(peer);
  peer.onconnectionstatechange = () => {
    status.textContent = peer.connectionState === 'connected' ? '' : peer.connectionState;
    if (peer.connectionState === 'failed' || peer.connectionState === 'disconnected') {
      peer.close();
      setTimeout(keepConnected, RETRY_MS, path, prepare);
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
  const answer = await fetch(path, {
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

function keepConnected(path, prepare) {
  exchange(path, prepare).catch((error) => {
    status.textContent = error.message;
    setTimeout(keepConnected, RETRY_MS, path, prepare);
  });
}
