'use strict';

// Paints a class number into each pixel of a mask: by a brush, or by the corners of a polygon.

const NO_CLASS = 255;

class MaskEditor {
  constructor(changed) {
    this.changed = changed; // called after each edit
    this.tool = 'brush';
    this.brush = 24; // diameter in pixels of the screen
    this.corners = [];
    this.reset(null, 1, 1, NO_CLASS);
  }

  reset(runs, width, height, fill) {
    this.width = width;
    this.height = height;
    this.mask = new Uint8Array(width * height).fill(fill);
    this.fill = fill;
    if (runs) {
      let at = 0;
      for (let k = 0; k < runs.length; k += 2) {
        this.mask.fill(runs[k], at, at + runs[k + 1]);
        at += runs[k + 1];
      }
      if (fill !== NO_CLASS) this.mask.forEach((k, p) => { if (k === NO_CLASS) this.mask[p] = fill; });
    }
    this.past = [];
    this.corners = [];
    this.last = null;
  }

  toJson() {
    const runs = [];
    let start = 0;
    for (let p = 1; p <= this.mask.length; p += 1) {
      if (p === this.mask.length || this.mask[p] !== this.mask[start]) {
        runs.push(this.mask[start], p - start);
        start = p;
      }
    }
    return { runs };
  }

  remember() {
    this.past.push(this.mask.slice());
    if (this.past.length > 20) this.past.shift();
  }

  undo() {
    if (this.corners.length) {
      this.corners.pop();
    } else {
      const before = this.past.pop();
      if (!before) return false;
      this.mask = before;
    }
    this.changed();
    return true;
  }

  down(point, px, type, k) {
    this.k = this.tool === 'eraser' ? this.fill : k;
    this.px = px;
    const at = this.pixel(point);
    if (this.tool === 'polygon') {
      const first = this.corners[0];
      const scale = px.w / this.width;
      const closes = this.corners.length > 2 && Math.hypot(at.x - first.x, at.y - first.y) * scale < (HANDLE_PX[type] ?? 12) + 3;
      if (closes) this.close();
      else this.corners.push(at);
      this.changed();
      return;
    }
    this.remember();
    this.last = at;
    this.stroke(at, at);
    this.changed();
  }

  move(point) {
    if (!this.last) return;
    const at = this.pixel(point);
    this.stroke(this.last, at);
    this.last = at;
    this.changed();
  }

  up() {
    this.last = null;
  }

  cancel() {
    if (this.last) this.undo();
    this.last = null;
  }

  pixel(point) {
    return { x: point.x * this.width, y: point.y * this.height };
  }

  // All pixels whose centre is no farther than the radius from a line.
  stroke(a, b) {
    const radius = Math.max(0.71, (this.brush / 2) * (this.width / this.px.w));
    const top = clamp(Math.floor(Math.min(a.y, b.y) - radius), 0, this.height);
    const bottom = clamp(Math.ceil(Math.max(a.y, b.y) + radius), 0, this.height);
    const left = clamp(Math.floor(Math.min(a.x, b.x) - radius), 0, this.width);
    const right = clamp(Math.ceil(Math.max(a.x, b.x) + radius), 0, this.width);
    const dx = b.x - a.x;
    const dy = b.y - a.y;
    const length = dx * dx + dy * dy || 1;
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) {
        const px = x + 0.5 - a.x;
        const py = y + 0.5 - a.y;
        const t = clamp((px * dx + py * dy) / length, 0, 1);
        const ex = px - t * dx;
        const ey = py - t * dy;
        if (ex * ex + ey * ey <= radius * radius) this.mask[y * this.width + x] = this.k;
      }
    }
  }

  // Fill the polygon by the even-odd rule, at the centres of the pixels.
  close() {
    const corners = this.corners;
    this.corners = [];
    if (corners.length < 3) return;
    this.remember();
    for (let y = 0; y < this.height; y += 1) {
      const cuts = [];
      corners.forEach((a, k) => {
        const b = corners[(k + 1) % corners.length];
        if ((a.y <= y + 0.5) !== (b.y <= y + 0.5)) cuts.push(a.x + ((y + 0.5 - a.y) * (b.x - a.x)) / (b.y - a.y));
      });
      cuts.sort((p, q) => p - q);
      for (let k = 0; k + 1 < cuts.length; k += 2) {
        const left = clamp(Math.ceil(cuts[k] - 0.5), 0, this.width);
        const right = clamp(Math.ceil(cuts[k + 1] - 0.5), 0, this.width);
        if (right > left) this.mask.fill(this.k, y * this.width + left, y * this.width + right);
      }
    }
    this.changed();
  }

  draw(context, width, height, unit, state) {
    const image = context.createImageData(width, height);
    const table = new Uint32Array(256);
    state.colors.forEach(([r, g, b], k) => { table[k] = ((0x90 << 24) | (b << 16) | (g << 8) | r) >>> 0; });
    if (this.fill !== NO_CLASS) table[this.fill] = 0;
    const pixels = new Uint32Array(image.data.buffer);
    for (let p = 0; p < pixels.length; p += 1) pixels[p] = table[this.mask[p]];
    context.putImageData(image, 0, 0);
    if (!this.corners.length) return;
    context.strokeStyle = '#fff';
    context.fillStyle = '#fff';
    context.lineWidth = 2 * unit;
    context.beginPath();
    this.corners.forEach(({ x, y }) => context.lineTo(x, y));
    context.stroke();
    for (const { x, y } of this.corners) context.fillRect(x - 4 * unit, y - 4 * unit, 8 * unit, 8 * unit);
  }
}
