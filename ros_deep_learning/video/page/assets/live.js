'use strict';

// A frame comes as one message: length of a JSON text (big-endian uint32), the text, a JPEG.
// Each is confirmed when it is drawn, and the server sends no more than two ahead of that.

const part = (id) => document.getElementById(id);
const picture = part('picture');
const context = picture.getContext('2d');
const slider = part('threshold');

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;
const SEND_EVERY_MS = 50;
const MAX_ROWS = 50;

let channel = null;
let retryMs = FIRST_RETRY_MS;
let retry = 0;
let panel = { labels: [], class_ids: null, score_threshold: null };
let newest = null; // JPEG of the picture shown
let draws = Promise.resolve();
let wishes = {};
let sending = 0;

function say(state, text) {
  part('state').dataset.state = state;
  part('state').textContent = text;
}

function connect() {
  clearTimeout(retry);
  if (channel || document.hidden) return;
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const mine = new WebSocket(`${scheme}//${location.host}/live`);
  mine.binaryType = 'arraybuffer';
  channel = mine;
  mine.onopen = () => {
    retryMs = FIRST_RETRY_MS;
    say('waiting', 'connected');
  };
  mine.onmessage = (event) => {
    if (typeof event.data === 'string') showPanel(JSON.parse(event.data));
    else draws = draws.then(() => showFrame(mine, event.data)).catch(() => mine.close());
  };
  mine.onclose = () => {
    if (channel !== mine) return;
    channel = null;
    say('lost', 'not connected; trying again');
    retry = setTimeout(connect, retryMs);
    retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
  };
}

function disconnect() {
  say('waiting', 'paused');
  const mine = channel;
  channel = null;
  if (mine) mine.close();
}

async function showFrame(mine, data) {
  if (channel !== mine) return;
  const length = new DataView(data).getUint32(0);
  const told = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  const jpeg = new Blob([new Uint8Array(data, 4 + length)], { type: 'image/jpeg' });
  const bitmap = await createImageBitmap(jpeg);
  const [width, height] = told.size_wh;
  if (picture.width !== width || picture.height !== height) {
    picture.width = width;
    picture.height = height;
  }
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  newest = jpeg;
  picture.dataset.number = told.number;
  part('empty').hidden = true;
  part('save').disabled = false;
  say('live', 'live');
  part('rate').textContent = told.rate_hz ? `${told.rate_hz.toFixed(1)} fps` : '–';
  part('age').textContent = `${Math.round(told.age_ms)} ms`;
  const inference = told.times_ms.inference;
  part('inference').textContent = inference === undefined ? '–' : `${inference.toFixed(1)} ms`;
  part('size').textContent = `${width}×${height}`;
  showRows(told.rows);
  if (mine.readyState === WebSocket.OPEN) mine.send(JSON.stringify({ shown: told.number }));
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

const scoreOf = (row) => row.score ?? row.share ?? 0;

function showRows(rows) {
  const found = rows.filter((row) => scoreOf(row) >= 0.001 || row.score !== undefined);
  found.sort((a, b) => scoreOf(b) - scoreOf(a));
  const list = part('rows');
  const wanted = found.slice(0, MAX_ROWS);
  while (list.children.length > wanted.length) list.lastElementChild.remove();
  wanted.forEach((row, k) => {
    let line = list.children[k];
    if (!line) {
      line = element('li');
      const meter = element('meter');
      line.append(element('span', 'name'), element('span', 'score'), meter);
      list.append(line);
    }
    const track = row.track_id === null || row.track_id === undefined ? '' : ` #${row.track_id}`;
    const [name, score, meter] = line.children;
    name.textContent = row.label + track;
    score.textContent = `${(100 * scoreOf(row)).toFixed(1)} %`;
    meter.value = scoreOf(row);
    meter.setAttribute('aria-label', `${row.label}: ${score.textContent}`);
  });
  part('nothing').hidden = found.length > 0;
  part('nothing').textContent = 'Nothing in this picture.';
  part('count').textContent = found.length || '';
  const names = [...new Set(wanted.slice(0, 5).map((row) => row.label))].join(', ');
  picture.setAttribute('aria-label', names ? `Live picture: ${names}` : 'Live picture');
}

function showPanel(told) {
  const labels = JSON.stringify(panel.labels);
  panel = told;
  part('title').textContent = told.title || 'Live';
  part('source').textContent = told.source;
  document.title = told.title ? `${told.title} · live` : 'Live';
  part('threshold-part').hidden = told.score_threshold === null;
  // While it is moved, the viewer is right.
  if (told.score_threshold !== null && !('score_threshold' in wishes)) {
    slider.value = told.score_threshold;
    showThreshold();
  }
  part('classes-part').hidden = told.class_ids === null;
  if (JSON.stringify(told.labels) !== labels) makeClasses(told.labels);
  if (!('class_ids' in wishes)) {
    const chosen = new Set(told.class_ids ?? []);
    for (const box of part('classes').querySelectorAll('input')) {
      box.checked = chosen.has(Number(box.value));
    }
  }
  showChosen();
}

function makeClasses(labels) {
  const lines = labels.map((label, k) => {
    const box = element('input');
    box.type = 'checkbox';
    box.value = k;
    const line = element('label');
    line.append(box, element('span', '', label));
    const item = element('li');
    item.append(line);
    return item;
  });
  part('classes').replaceChildren(...lines);
}

function chosenIds() {
  return [...part('classes').querySelectorAll('input:checked')].map((box) => Number(box.value));
}

function showChosen() {
  const count = chosenIds().length;
  part('chosen').textContent = count ? `${count} of ${panel.labels.length}` : 'all';
}

function showThreshold() {
  part('threshold-value').textContent = `${Math.round(100 * slider.value)} %`;
}

function wish(name, value) {
  wishes[name] = value;
  if (!sending) sending = setTimeout(sendWishes, SEND_EVERY_MS);
}

function sendWishes() {
  sending = 0;
  const sent = wishes;
  wishes = {};
  if (channel && channel.readyState === WebSocket.OPEN) channel.send(JSON.stringify(sent));
}

function save() {
  if (!newest) return;
  const link = element('a');
  const stamp = new Date().toISOString().replace(/[:.]/g, '-').slice(0, 19);
  link.href = URL.createObjectURL(newest);
  link.download = `picture-${stamp}.jpg`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function toggleFullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else part('frame').requestFullscreen();
}

slider.addEventListener('input', () => {
  showThreshold();
  wish('score_threshold', Number(slider.value));
});
part('classes').addEventListener('change', () => {
  showChosen();
  wish('class_ids', chosenIds());
});
part('all').addEventListener('click', () => {
  for (const box of part('classes').querySelectorAll('input')) box.checked = false;
  showChosen();
  wish('class_ids', []);
});
part('find').addEventListener('input', () => {
  const text = part('find').value.trim().toLowerCase();
  for (const item of part('classes').children) {
    item.hidden = !item.textContent.toLowerCase().includes(text);
  }
});
part('save').addEventListener('click', save);
part('whole').addEventListener('click', toggleFullScreen);
part('whole').hidden = !document.fullscreenEnabled;
document.addEventListener('keydown', (event) => {
  const typing = event.target instanceof HTMLInputElement && event.target.type === 'search';
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 's') save();
  else if (event.key === 'f' && document.fullscreenEnabled) toggleFullScreen();
});
// A page that nobody sees costs its server nothing.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) disconnect();
  else connect();
});
connect();
