'use strict';

// A picture comes as one message: length of a JSON text (big-endian uint32), the text, its file.
// What is in hand is told by {work}; everything else that is binary is a live frame.

const part = (id) => document.getElementById(id);
const picture = part('picture');
const ink = part('ink');
const pictureContext = picture.getContext('2d');
const inkContext = ink.getContext('2d');

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;

let channel = null;
let retryMs = FIRST_RETRY_MS;
let retry = 0;
let state = null;
let work = null; // the picture in hand
let fromWaiting = false; // whether to go on with the next that waits
let current = 0; // the class that is drawn
let split = 'train';
let draws = Promise.resolve();
let asked = false;
let busy = false; // whether the answer to a save or removal is awaited
// The server keeps what is in hand and what can be undone for whoever loses the connection.
const me = crypto.getRandomValues(new Uint32Array(4)).join('-');

const boxes = new BoxEditor(redraw);
const masks = new MaskEditor(redraw);
const editor = () => ({ detection: boxes, segmentation: masks })[state.task];

function say(kind, text) {
  part('state').dataset.state = kind;
  part('state').textContent = text;
}

function connect() {
  clearTimeout(retry);
  if (channel) return;
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const mine = new WebSocket(`${scheme}//${location.host}/work?person=${me}`);
  mine.binaryType = 'arraybuffer';
  channel = mine;
  mine.onopen = () => {
    retryMs = FIRST_RETRY_MS;
    asked = false;
    say('waiting', 'connected');
    fail('');
  };
  mine.onmessage = (event) => {
    draws = draws.then(() => take(mine, event.data)).catch((error) => fail(String(error)));
  };
  mine.onclose = () => {
    if (channel !== mine) return;
    channel = null;
    busy = false;
    say('lost', 'not connected; trying again');
    retry = setTimeout(connect, retryMs);
    retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
  };
}

function send(wish, value = true) {
  const open = channel !== null && channel.readyState === WebSocket.OPEN;
  if (open) channel.send(JSON.stringify({ [wish]: value }));
  return open;
}

async function take(mine, data) {
  if (channel !== mine) return;
  if (typeof data === 'string') {
    const told = JSON.parse(data);
    if (told.state) showState(told.state);
    if (told.error) fail(told.error);
    if (told.work === null) endWork();
    return;
  }
  const length = new DataView(data).getUint32(0);
  const told = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  if (told.number !== undefined) send('shown', told.number);
  if (told.number !== undefined && work) return;
  const bitmap = await createImageBitmap(new Blob([new Uint8Array(data, 4 + length)]));
  const { width, height } = bitmap;
  if (picture.width !== width || picture.height !== height) {
    for (const canvas of [picture, ink]) {
      canvas.width = width;
      canvas.height = height;
    }
  }
  pictureContext.drawImage(bitmap, 0, 0);
  bitmap.close();
  part('empty').hidden = true;
  if (told.work) {
    startWork(told.work);
  } else {
    picture.dataset.number = told.number;
    say('live', told.rate_hz ? `live, ${told.rate_hz.toFixed(0)} fps` : 'live');
  }
}

function startWork(told) {
  busy = false;
  const same = work && work.name === told.name && work.entry === told.entry;
  work = told;
  // After an error the same picture comes again: what was drawn stays.
  if (!same) {
    if (told.split) setSplit(told.split);
    const [width, height] = told.size_wh;
    const background = backgroundOf(state.classes);
    if (state.task === 'detection') boxes.reset(told.label ? told.label.boxes : []);
    if (state.task === 'segmentation') masks.reset(told.label ? told.label.runs : null, width, height, background < 0 ? NO_CLASS : background);
    if (state.task === 'classification' && told.label) setClass(told.label.class_id);
  }
  document.body.dataset.working = told.name;
  say('waiting', told.entry ? 'saved picture' : 'frozen');
  const text = part('work');
  text.replaceChildren(told.name);
  for (const note of told.notes) text.append(' ', element('b', '', note));
  redraw();
}

function backgroundOf(classes) {
  return classes.findIndex((name) => name.toLowerCase() === 'background');
}

function endWork() {
  busy = false;
  work = null;
  delete document.body.dataset.working;
  inkContext.clearRect(0, 0, ink.width, ink.height);
  part('work').textContent = '';
  if (!state.source) {
    pictureContext.clearRect(0, 0, picture.width, picture.height);
    part('empty').hidden = false;
    part('empty').textContent = state.waiting ? 'Pictures wait: label the next.' : 'Nothing waits. Choose a saved picture to change it.';
    say('waiting', 'connected');
  }
  enable();
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function fail(text) {
  part('error').textContent = text;
  part('error').hidden = !text;
}

function showState(told) {
  const first = state === null;
  const classes = state ? JSON.stringify(state.classes) : '';
  state = told;
  part('title').textContent = told.folder;
  document.title = `${told.folder} · collect`;
  part('source').textContent = [told.source, told.suggester && `suggested by ${told.suggester}`].filter(Boolean).join(', ');
  if (JSON.stringify(told.classes) !== classes) makeClasses();
  const sum = (k) => Object.values(told.counts).reduce((total, one) => total + one.classes[k], 0);
  for (const button of part('classes').querySelectorAll('button')) {
    button.querySelector('.number').textContent = sum(Number(button.value));
  }
  for (const button of part('splits').children) {
    button.querySelector('b').textContent = told.counts[button.dataset.split].pictures;
  }
  part('notes').replaceChildren(...told.notes.map((note) => element('li', '', note)));
  part('waiting').textContent = told.waiting || '';
  part('waiting-part').hidden = !told.waiting;
  part('count').textContent = Object.values(told.counts).reduce((total, one) => total + one.pictures, 0) || '';
  showSaved();
  part('tools').hidden = told.task !== 'segmentation';
  part('hold').hidden = !told.source;
  part('hint').textContent = { classification: 'press to take one', detection: 'draw boxes', segmentation: 'paint' }[told.task];
  enable();
  if (first && !told.source) endWork();
  // Without a camera there is nothing else to see.
  if (!asked && !told.source && told.waiting && !work) next();
  asked = true;
}

function showSaved() {
  const list = part('saved');
  const there = new Map([...list.children].map((item) => [item.dataset.entry, item]));
  const items = state.saved.map((entry) => {
    if (there.has(entry)) return there.get(entry);
    const item = element('li');
    item.dataset.entry = entry;
    const button = element('button');
    button.type = 'button';
    button.title = entry;
    const image = element('img');
    image.loading = 'lazy';
    image.alt = entry;
    image.src = `/thumb.jpg?entry=${encodeURIComponent(entry)}`;
    button.append(image, element('span', '', entry.replace(/^images\//, '').split('/').slice(0, -1).join(' ')));
    button.addEventListener('click', () => {
      fromWaiting = false;
      send('open', entry);
    });
    item.append(button);
    return item;
  });
  list.replaceChildren(...items);
}

function makeClasses() {
  const items = state.classes.map((name, k) => {
    const button = element('button');
    button.type = 'button';
    button.value = k;
    const dot = element('span', 'dot');
    dot.style.background = cssColor(state.colors[k]);
    button.append(dot, element('span', 'name', name), element('span', 'number'));
    if (k < 9) button.append(element('kbd', '', String(k + 1)));
    button.addEventListener('click', () => pressClass(k));
    const item = element('li');
    item.append(button);
    return item;
  });
  part('classes').replaceChildren(...items);
  // The background is there without being painted.
  if (!current && backgroundOf(state.classes) === 0) current = 1;
  setClass(Math.min(current, Math.max(0, state.classes.length - 1)));
}

function setClass(k) {
  current = k;
  for (const button of part('classes').querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(Number(button.value) === k));
  }
}

function pressClass(k) {
  setClass(k);
  if (state.task === 'classification') {
    if (work) save();
    else if (state.source) send('quick', { label: { class_id: k }, split });
  } else if (state.task === 'detection' && work) {
    boxes.setClass(k);
  }
}

function setSplit(name) {
  split = name;
  for (const button of part('splits').children) {
    button.setAttribute('aria-pressed', String(button.dataset.split === name));
  }
}

function save() {
  if (!work || busy) return;
  fail('');
  if (state.task === 'segmentation') masks.close();
  const label = state.task === 'classification' ? { class_id: current } : editor().toJson();
  finish('save', { label, split });
}

// The picture is named, since the next one may be in hand when this arrives.
function finish(wish, told) {
  if (!work || busy) return;
  busy = send(wish, { picture: work.name, next: fromWaiting, ...told });
}

function next() {
  fail('');
  fromWaiting = true;
  send('next');
}

function hold() {
  fromWaiting = false;
  if (work) send('release');
  else if (state.source) send('hold');
}

function undo() {
  if (work && editor() && editor().undo()) return;
  fail('');
  send('undo');
}

function enable() {
  if (!state) return;
  part('hold').textContent = work ? 'Live' : 'Freeze';
  part('save').disabled = !work;
  part('release').disabled = !work;
  part('remove').disabled = !work || !(work.entry || fromWaiting);
  part('delete').hidden = state.task !== 'detection';
  part('delete').disabled = !work || boxes.chosen < 0;
  const edits = work && editor() && (editor().past.length || (editor().corners ?? []).length);
  part('undo').disabled = !edits && !state.undo;
  part('undo').title = edits ? 'Undo the last stroke' : state.undo && `Undo: ${state.undo}`;
}

let drawing = 0;
function redraw() {
  enable();
  if (drawing) return;
  drawing = requestAnimationFrame(() => {
    drawing = 0;
    if (!work || !editor()) return;
    editor().draw(inkContext, ink.width, ink.height, ink.width / (ink.clientWidth || ink.width), state);
  });
}

// The canvas may be letterboxed within its element.
function pointOf(event) {
  const { left, top, width, height } = ink.getBoundingClientRect();
  const scale = Math.min(width / ink.width, height / ink.height);
  const px = { w: ink.width * scale, h: ink.height * scale };
  const x = (event.clientX - left - (width - px.w) / 2) / px.w;
  const y = (event.clientY - top - (height - px.h) / 2) / px.h;
  return { point: { x: clamp(x, 0, 1), y: clamp(y, 0, 1) }, px };
}

ink.addEventListener('pointerdown', (event) => {
  if (event.button || !work || !editor() || !event.isPrimary) return;
  event.preventDefault();
  ink.setPointerCapture(event.pointerId);
  const { point, px } = pointOf(event);
  editor().down(point, px, event.pointerType, current);
});
ink.addEventListener('pointermove', (event) => {
  if (work && editor() && event.isPrimary) editor().move(pointOf(event).point);
});
ink.addEventListener('pointerup', (event) => {
  if (!work || !editor() || !event.isPrimary) return;
  editor().up(pointOf(event).point);
  if (state.task === 'detection' && boxes.chosen >= 0) setClass(boxes.boxes[boxes.chosen].k);
});
ink.addEventListener('pointercancel', () => {
  if (work && editor()) editor().cancel();
});

part('hold').addEventListener('click', hold);
part('save').addEventListener('click', save);
part('release').addEventListener('click', () => {
  fromWaiting = false;
  send('release');
});
part('delete').addEventListener('click', () => boxes.removeChosen());
part('undo').addEventListener('click', undo);
part('remove').addEventListener('click', () => finish('remove', {}));
part('next').addEventListener('click', next);
part('splits').addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button) setSplit(button.dataset.split);
});
part('brush').addEventListener('input', () => { masks.brush = Number(part('brush').value); });
for (const button of document.querySelectorAll('[data-tool]')) {
  button.addEventListener('click', () => {
    masks.close();
    masks.tool = button.dataset.tool;
    for (const other of document.querySelectorAll('[data-tool]')) {
      other.setAttribute('aria-pressed', String(other === button));
    }
  });
}
document.addEventListener('keydown', (event) => {
  if (!state || event.altKey) return;
  const control = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  // A focused button is pressed by these keys itself.
  const onButton = event.target instanceof HTMLButtonElement && (key === ' ' || key === 'enter');
  // A key that is held down would save or undo what nobody has looked at.
  if (event.repeat) {
    if (control && key === 'z' && work && editor()) editor().undo();
    return;
  }
  if (control && key === 'z') undo();
  else if (control || onButton) return;
  else if (/^[1-9]$/.test(key) && Number(key) <= state.classes.length) pressClass(Number(key) - 1);
  else if (key === ' ') hold();
  else if (key === 'enter') save();
  else if (key === 'escape') send('release');
  else if (key === 'delete' || key === 'backspace') boxes.removeChosen();
  else if (key === 'n') next();
  else return;
  event.preventDefault();
});
// A button that was clicked does not keep the keys to itself.
document.addEventListener('click', (event) => {
  if (event.detail && document.activeElement instanceof HTMLButtonElement) document.activeElement.blur();
});
addEventListener('resize', redraw);
connect();
