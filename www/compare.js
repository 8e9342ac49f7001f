// @ts-check
// Two pictures enlarged, at the same place: side by side, or one over the other with a seam to drag.

import { SIDE } from './draw.js';

/** @typedef {{name: string, image: () => ImageData | undefined}} View an image is made when it is shown */

export class Closer {
  /**
   * @param {{frame: HTMLElement, left: HTMLCanvasElement, right: HTMLCanvasElement}} nodes
   */
  constructor(nodes) {
    this.nodes = nodes;
    /** @type {[View | undefined, View | undefined]} */
    this.views = [undefined, undefined];
    this.zoom = 1;
    /** Middle of what is shown, in pixels of the picture. */
    this.middle = { x: SIDE / 2, y: SIDE / 2 };
    this.swipe = false;
    /** Where the seam is, 0 to 1. */
    this.seam = 0.5;
    const { frame } = nodes;
    frame.addEventListener('keydown', (event) => {
      const step = SIDE / this.zoom / 8;
      const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      if (!way) return;
      event.preventDefault();
      this.move(way[0], way[1]);
    });
    frame.addEventListener('pointerdown', (event) => {
      if (this.zoom === 1) return;
      frame.setPointerCapture(event.pointerId);
      const scale = SIDE / this.zoom / nodes.left.clientWidth;
      const drag = (/** @type {PointerEvent} */ to) => this.move(-to.movementX * scale, -to.movementY * scale);
      frame.addEventListener('pointermove', drag);
      for (const end of ['pointerup', 'pointercancel']) {
        frame.addEventListener(end, () => frame.removeEventListener('pointermove', drag), { once: true });
      }
    });
    new ResizeObserver(() => this.draw()).observe(frame);
  }

  /** @param {number} x @param {number} y in pixels of the picture */
  move(x, y) {
    this.middle = { x: this.middle.x + x, y: this.middle.y + y };
    this.draw();
  }

  draw() {
    const { left, right, frame } = this.nodes;
    frame.classList.toggle('closer-swipe', this.swipe);
    frame.classList.toggle('closer-zoomed', this.zoom > 1);
    const shown = SIDE / this.zoom;
    const keep = (/** @type {number} */ at) => Math.min(Math.max(at, shown / 2), SIDE - shown / 2);
    this.middle = { x: keep(this.middle.x), y: keep(this.middle.y) };
    const [a, b] = this.views;
    if (this.swipe) {
      this.paint(left, [[a, 0, this.seam], [b, this.seam, 1]]);
    } else {
      this.paint(left, [[a, 0, 1]]);
      this.paint(right, [[b, 0, 1]]);
    }
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {[View | undefined, number, number][]} parts pictures, and from where to where, 0 to 1, each is shown
   */
  paint(canvas, parts) {
    const size = Math.round(canvas.clientWidth * devicePixelRatio);
    const context = canvas.getContext('2d');
    if (!size || !context) return;
    if (canvas.width !== size) canvas.width = canvas.height = size;
    context.clearRect(0, 0, size, size);
    context.imageSmoothingEnabled = false;
    const scale = (size * this.zoom) / SIDE;
    const shift = { x: size / 2 - this.middle.x * scale, y: size / 2 - this.middle.y * scale };
    for (const [view, from, to] of parts) {
      const image = view?.image();
      if (!image) continue;
      const source = new OffscreenCanvas(SIDE, SIDE);
      source.getContext('2d')?.putImageData(image, 0, 0);
      context.save();
      context.beginPath();
      context.rect(from * size, 0, (to - from) * size, size);
      context.clip();
      context.drawImage(source, shift.x, shift.y, SIDE * scale, SIDE * scale);
      context.restore();
    }
    if (parts.length > 1) {
      context.fillStyle = '#fff';
      context.fillRect(this.seam * size - devicePixelRatio, 0, 2 * devicePixelRatio, size);
    }
    const names = parts.map(([view]) => view?.name ?? '');
    canvas.setAttribute('aria-label', `${names.join(' | ')}, enlarged ${this.zoom} times`);
  }
}
