'use strict';

// Draws, moves and resizes boxes. Edges are shares 0..1 of the picture.

const HANDLE_PX = { mouse: 9, pen: 12, touch: 24 };
const TAP_PX = 5;

class BoxEditor {
  constructor(changed) {
    this.changed = changed; // called after each edit
    this.reset([]);
  }

  reset(rows) {
    this.boxes = rows.map(([k, x1, y1, x2, y2]) => ({ k, edges: [x1, y1, x2, y2] }));
    this.chosen = -1;
    this.past = [];
    this.drag = null;
  }

  toJson() {
    return { boxes: this.boxes.map((box) => [box.k, ...box.edges]) };
  }

  remember() {
    this.past.push({ boxes: this.boxes.map((box) => ({ k: box.k, edges: [...box.edges] })), chosen: this.chosen });
    if (this.past.length > 100) this.past.shift();
  }

  undo() {
    const before = this.past.pop();
    if (!before) return false;
    this.boxes = before.boxes;
    this.chosen = before.chosen;
    this.changed();
    return true;
  }

  setClass(k) {
    if (this.chosen < 0) return;
    this.remember();
    this.boxes[this.chosen].k = k;
    this.changed();
  }

  removeChosen() {
    if (this.chosen < 0) return;
    this.remember();
    this.boxes.splice(this.chosen, 1);
    this.chosen = -1;
    this.changed();
  }

  // A point has x and y as shares, px_wh is the size of the picture on the screen.
  down(point, px, type, k) {
    const edges = this.chosen < 0 ? null : this.boxes[this.chosen].edges;
    let grip = null;
    if (edges) grip = this.gripAt(edges, point, px, HANDLE_PX[type] ?? 12);
    if (!grip && edges && inside(edges, point)) grip = 'move';
    const start = edges ? [...edges] : null;
    this.drag = { grip, start, from: point, px, k, far: false };
  }

  move(point) {
    const drag = this.drag;
    if (!drag) return;
    const dx = point.x - drag.from.x;
    const dy = point.y - drag.from.y;
    if (!drag.far) {
      if (Math.hypot(dx * drag.px.w, dy * drag.px.h) < TAP_PX) return;
      drag.far = true;
      this.remember();
      if (!drag.grip) {
        this.boxes.push({ k: drag.k, edges: [drag.from.x, drag.from.y, point.x, point.y] });
        this.chosen = this.boxes.length - 1;
        drag.grip = 'xy';
        drag.start = [drag.from.x, drag.from.y, drag.from.x, drag.from.y];
        drag.sides = [2, 3];
      } else if (drag.grip !== 'move') {
        drag.sides = drag.grip;
      }
    }
    const edges = [...drag.start];
    if (drag.grip === 'move') {
      const mx = clamp(dx, -edges[0], 1 - edges[2]);
      const my = clamp(dy, -edges[1], 1 - edges[3]);
      edges[0] += mx; edges[2] += mx; edges[1] += my; edges[3] += my;
    } else {
      for (const side of drag.sides) edges[side] = clamp(edges[side] + (side % 2 ? dy : dx), 0, 1);
    }
    this.boxes[this.chosen].edges = edges;
    this.changed();
  }

  up(point) {
    const drag = this.drag;
    this.drag = null;
    if (!drag) return;
    if (drag.far) {
      const box = this.boxes[this.chosen];
      const [x1, y1, x2, y2] = box.edges;
      box.edges = [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
      const small = (box.edges[2] - box.edges[0]) * drag.px.w < 3 || (box.edges[3] - box.edges[1]) * drag.px.h < 3;
      if (small) this.undo();
    } else {
      this.chosen = this.smallestAt(point, this.chosen);
    }
    this.changed();
  }

  cancel() {
    if (this.drag && this.drag.far) this.undo();
    this.drag = null;
  }

  gripAt([x1, y1, x2, y2], point, px, reach) {
    const near = (a, b, size) => Math.abs(a - b) * size <= reach;
    const sides = [];
    const within = (a, low, high, size) => (a - low) * size >= -reach && (high - a) * size >= -reach;
    if (!within(point.x, x1, x2, px.w) || !within(point.y, y1, y2, px.h)) return null;
    if (near(point.x, x1, px.w)) sides.push(0);
    else if (near(point.x, x2, px.w)) sides.push(2);
    if (near(point.y, y1, px.h)) sides.push(1);
    else if (near(point.y, y2, px.h)) sides.push(3);
    return sides.length ? sides : null;
  }

  // A second tap chooses the box below.
  smallestAt(point, but) {
    const size = ({ edges: [x1, y1, x2, y2] }) => (x2 - x1) * (y2 - y1);
    const there = this.boxes.map((_, k) => k).filter((k) => inside(this.boxes[k].edges, point));
    there.sort((a, b) => size(this.boxes[a]) - size(this.boxes[b]));
    return there.length ? there[(there.indexOf(but) + 1) % there.length] : -1;
  }

  draw(context, width, height, unit, state) {
    context.clearRect(0, 0, width, height);
    context.font = `${13 * unit}px system-ui, sans-serif`;
    context.textBaseline = 'top';
    this.boxes.forEach((box, k) => {
      const [x1, y1, x2, y2] = box.edges.map((edge, side) => edge * (side % 2 ? height : width));
      const color = cssColor(state.colors[box.k]);
      const left = Math.min(x1, x2);
      const top = Math.min(y1, y2);
      context.lineWidth = (k === this.chosen ? 3 : 2) * unit;
      context.strokeStyle = color;
      context.strokeRect(x1, y1, x2 - x1, y2 - y1);
      const text = state.classes[box.k];
      const w = context.measureText(text).width + 8 * unit;
      const y = top < 18 * unit ? top : top - 18 * unit;
      context.fillStyle = color;
      context.fillRect(left - unit, y, w, 18 * unit);
      context.fillStyle = '#000';
      context.fillText(text, left + 3 * unit, y + 3 * unit);
      if (k === this.chosen) {
        context.fillStyle = '#fff';
        for (const x of [x1, (x1 + x2) / 2, x2]) {
          for (const yy of [y1, (y1 + y2) / 2, y2]) {
            if (x === (x1 + x2) / 2 && yy === (y1 + y2) / 2) continue;
            context.fillRect(x - 4 * unit, yy - 4 * unit, 8 * unit, 8 * unit);
            context.lineWidth = unit;
            context.strokeRect(x - 4 * unit, yy - 4 * unit, 8 * unit, 8 * unit);
          }
        }
      }
    });
  }
}

function inside([x1, y1, x2, y2], point) {
  return point.x >= x1 && point.x <= x2 && point.y >= y1 && point.y <= y2;
}

function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}

function cssColor([r, g, b]) {
  return `rgb(${r}, ${g}, ${b})`;
}
