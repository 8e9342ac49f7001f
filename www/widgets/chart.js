// @ts-check
// A curve over the attack's steps, in SVG.

const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT, PAD] = [240, 64, 6];

/** @param {string} name @param {Record<string, string | number>} attributes */
function part(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}

/**
 * @param {HTMLElement} figure has an `svg` and an `output`
 * @param {string} name what is heard
 * @param {{values: readonly number[], steps: number, at: number, line?: number}} curve
 *   `steps`: how many there will be; `at`: the one looked at; `line`: a threshold
 */
export function update(figure, name, { values, steps, at, line }) {
  const svg = /** @type {SVGElement} */ (figure.querySelector('svg'));
  const output = /** @type {HTMLElement} */ (figure.querySelector('output'));
  const most = Math.max(1e-3, ...values, (line ?? 0) * 1.15);
  const x = (/** @type {number} */ t) => PAD + (t / Math.max(1, steps)) * (WIDTH - 2 * PAD);
  const y = (/** @type {number} */ value) => HEIGHT - PAD - (value / most) * (HEIGHT - 2 * PAD);
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  const parts = [part('line', { class: 'axis', x1: PAD, x2: WIDTH - PAD, y1: y(0), y2: y(0) })];
  if (line !== undefined) parts.push(part('line', { class: 'threshold', x1: PAD, x2: WIDTH - PAD, y1: y(line), y2: y(line) }));
  if (values.length > 0) {
    const points = values.map((value, t) => `${x(t).toFixed(1)},${y(value).toFixed(1)}`);
    parts.push(part('polyline', { class: 'curve', points: points.join(' ') }));
    parts.push(part('line', { class: 'cursor', x1: x(at), x2: x(at), y1: PAD, y2: HEIGHT - PAD }));
  }
  svg.replaceChildren(...parts);
  output.textContent = values.length > 0 ? values[at].toFixed(2) : '–';
  const heard = values.length > 0 ? `${values[0].toFixed(2)} at first, ${values[at].toFixed(2)} at step ${at}` : 'nothing yet';
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `${name}: ${heard}`);
}
