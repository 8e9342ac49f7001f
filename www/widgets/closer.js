// @ts-check
// Two pictures enlarged, at the same place: side by side, or one over the other with a seam between.

/** @typedef {{name: string, image: () => ImageData | undefined}} View an image is made when it is shown */

/** How near to the seam it is taken hold of, in pixels. */
const GRIP = 24;

export class Closer {
  /**
   * @param {{frame: HTMLElement, left: HTMLCanvasElement, right: HTMLCanvasElement}} nodes
   */
  constructor(nodes) {
    this.nodes = nodes;
    /** @type {[View | undefined, View | undefined]} */
    this.views = [undefined, undefined];
    this.zoom = 1;
    /** Middle of what is shown, in parts of the picture. */
    this.middle = { x: 0.5, y: 0.5 };
    this.swipe = false;
    /** Where the seam is, 0 to 1. */
    this.seam = 0.5;
    /** Told when the seam was dragged. @type {(seam: number) => void} */
    this.moved = () => {};
    const { frame } = nodes;
    frame.addEventListener('keydown', (event) => {
      const step = 1 / this.zoom / 8;
      const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      if (!way) return;
      event.preventDefault();
      this.move(way[0], way[1]);
    });
    let dragsSeam = false;
    frame.addEventListener('pointerdown', (event) => {
      const seamAt = nodes.left.getBoundingClientRect().left + this.seam * nodes.left.clientWidth;
      // Where nothing else can be dragged, the whole picture is the seam's handle.
      dragsSeam = this.swipe && (this.zoom === 1 || Math.abs(event.clientX - seamAt) < GRIP);
      if (dragsSeam || this.zoom > 1) frame.setPointerCapture(event.pointerId); // until it goes up
      if (dragsSeam) this.moveSeam(event.clientX);
    });
    frame.addEventListener('pointermove', (event) => {
      if (!frame.hasPointerCapture(event.pointerId)) return;
      if (dragsSeam) return this.moveSeam(event.clientX);
      const scale = 1 / this.zoom / nodes.left.clientWidth;
      this.move(-event.movementX * scale, -event.movementY * scale);
    });
    new ResizeObserver(() => this.draw()).observe(frame);
  }

  /** @param {number} x @param {number} y in parts of the picture */
  move(x, y) {
    this.middle = { x: this.middle.x + x, y: this.middle.y + y };
    this.draw();
  }

  /** @param {number} x in the window */
  moveSeam(x) {
    const { left, width } = this.nodes.left.getBoundingClientRect();
    this.seam = Math.min(1, Math.max(0, (x - left) / width));
    this.moved(this.seam);
    this.draw();
  }

  draw() {
    const { left, right, frame } = this.nodes;
    frame.classList.toggle('closer-swipe', this.swipe);
    frame.classList.toggle('closer-zoomed', this.zoom > 1);
    const half = 0.5 / this.zoom;
    const keep = (/** @type {number} */ at) => Math.min(Math.max(at, half), 1 - half);
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
    const whole = size * this.zoom;
    const shift = { x: size / 2 - this.middle.x * whole, y: size / 2 - this.middle.y * whole };
    for (const [view, from, to] of parts) {
      const image = view?.image();
      if (!image) continue;
      const source = new OffscreenCanvas(image.width, image.height);
      source.getContext('2d')?.putImageData(image, 0, 0);
      context.save();
      context.beginPath();
      context.rect(from * size, 0, (to - from) * size, size);
      context.clip();
      context.drawImage(source, shift.x, shift.y, whole, whole);
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
