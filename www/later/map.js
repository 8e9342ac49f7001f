// @ts-check
// The decision map: which class CL sees in the pictures around, and which after AE.

import { element, part } from '../dom.js';
import { client, sentence } from '../session.js';
import { attackOrPause, isUnfamiliar, outcome } from '../state.js';
import { levels, percent } from '../words.js';
import { Gone } from '../worker/client.js';
import { REACH, STEPS, filled, nothing, placeAt, pointAt, sideOf, survey } from './grid.js';
import { chart, mark, swatch } from './map-chart.js';
import { largest, pictureAt, placeOf, planeThrough } from './plane.js';
import { shares } from './regions.js';

/** @typedef {import('../core.js').Class} Class */
/** @typedef {import('../state.js').State} State */
/** @typedef {import('./grid.js').Cells} Cells */
/** @typedef {import('./plane.js').Place} Place */

/** Milliseconds from one drawing to the next while answers come: it takes longer than an answer. */
const REDRAW = 300;
/** Of the random direction: with the same picture and attack the first map is the same. */
const FIRST_SEED = 1;

/**
 * @typedef {object} DecisionMap
 * @property {number} seed
 * @property {readonly number[]} units the length of the attack along each axis, in grey levels
 * @property {Cells} cells
 * @property {readonly unknown[]} of what it is of: picture, networks, attack
 * @property {readonly Place[]} path of the attack's steps
 * @property {readonly Class[]} classes
 * @property {Class} original the class of the original
 * @property {number} round
 * @property {number} part of the round that is done, 0 to 1
 * @property {'done' | 'cancelled' | 'failed'} [ended]
 * @property {string} [why] it failed
 */

/** @type {import('../store.js').Store} */
let store;
/** @type {{go: HTMLButtonElement, progress: HTMLProgressElement, says: HTMLElement, maps: HTMLElement, sides: HTMLElement[], here: HTMLElement, legend: HTMLTableElement, axes: HTMLElement, told: HTMLElement}} */
let nodes;
/** @type {DecisionMap | undefined} */
let map;
/** The point that is read. */
let cursor = pointAt([0, 0]);
/** What the maps show. @type {readonly unknown[]} */
let drawn = [];
let drawnAt = 0;
/** What is known of every point by then. @type {Cells} */
let seen = [];
let asked = false;

const INTRO = 'Every point is a picture: the one above, changed along the attack’s direction (to the right) and along a random direction of the same length (upwards). Its colour is the class that is seen there.';

/** @param {HTMLElement} root @param {import('../store.js').Store} all */
export function mount(root, all) {
  store = all;
  const section = element('section', 'inside-part');
  const go = Object.assign(document.createElement('button'), { type: 'button', id: 'map-go' });
  go.addEventListener('click', press);
  const progress = Object.assign(document.createElement('progress'), { id: 'map-progress', max: STEPS.length });
  progress.setAttribute('aria-label', 'The map');
  const says = element('p', 'fine');
  says.id = 'map-says';
  says.setAttribute('role', 'status');
  const row = element('p', 'buttons');
  row.append(go, progress);

  const maps = element('div', 'maps');
  Object.assign(maps, { id: 'maps', tabIndex: 0 });
  maps.setAttribute('role', 'group');
  maps.setAttribute('aria-label', 'Two maps. The arrow keys move the point that is read below, Home goes to the original, End to the end of the attack.');
  const sides = ['CL', 'CL after AE'].map((name, side) => {
    const figure = element('figure');
    figure.id = side === 0 ? 'map-first' : 'map-second';
    figure.append(element('figcaption', '', name), /** @type {any} */ (part('svg', { role: 'img' })));
    return figure;
  });
  maps.append(...sides);
  maps.addEventListener('keydown', move);
  for (const figure of sides) for (const kind of /** @type {const} */ (['pointermove', 'pointerdown'])) figure.addEventListener(kind, (event) => point(event, figure));
  const here = Object.assign(document.createElement('output'), { id: 'map-here', className: 'map-here' });
  const legend = Object.assign(document.createElement('table'), { id: 'map-legend', className: 'map-legend' });
  const told = element('p');
  told.id = 'map-told';
  const axes = element('p', 'fine');
  section.append(element('h3', '', 'The decision map'), element('p', '', INTRO), row, says, maps, here, told, legend, axes);
  root.append(section);
  nodes = { go, progress, says, maps, sides, here, legend, axes, told };
}

/** What a map is of; a change of any of these ends it. @param {State} state */
const subject = ({ shown, networks, run }) => [shown?.picture, networks?.cards, run?.ended && run.id];

/** Whether there is an attack to draw a map of. @param {State} state */
function canDraw({ phase, shown, run }) {
  const end = run && outcome(run)?.picture;
  return (phase === 'ready' || phase === 'done') && shown !== undefined && end !== undefined && end.some((value, i) => value !== shown.picture[i]);
}

const isDrawing = () => map !== undefined && !map.ended;

function press() {
  const { state } = store;
  if (map && isDrawing()) {
    map.ended = 'cancelled';
    render(state);
  } else if (canDraw(state)) {
    begin(state, map?.ended === 'done' ? map.seed + 1 : FIRST_SEED);
  } else {
    store.update(attackOrPause);
  }
}

/** @param {State} state @param {number} seed of the random direction */
async function begin(state, seed) {
  const { shown, run, constants } = state;
  const worker = client();
  const end = run && outcome(run)?.picture;
  const plane = shown && end && planeThrough(shown.picture, end, seed);
  if (!plane || !worker || !constants) return;
  const { classes } = constants;
  const path = run.steps.map(({ picture }) => placeOf(plane, picture));
  const units = [plane.along, plane.across].map((direction) => largest(direction) * 255);
  /** @type {DecisionMap} */
  const mine = { seed, units, cells: nothing(), of: subject(state), path, classes, original: shown.detection.verdict.answer_if_clean, round: 0, part: 0 };
  map = mine;
  cursor = pointAt([0, 0]);
  render(state);
  const likeliest = (/** @type {readonly number[]} */ p) => p.indexOf(Math.max(...p));
  try {
    const whole = await survey(
      mine.cells,
      // One picture at a time, so that whatever a visitor asks for is next.
      async (at) => {
        const { verdict } = await worker.detect(pictureAt(plane, placeAt(at)));
        return [likeliest(verdict.prediction), likeliest(verdict.reconstruction_prediction)];
      },
      (round, done, of) => {
        Object.assign(mine, { round, part: done / of });
        if (mine === map) soon();
        return mine === map && !mine.ended;
      },
    );
    if (whole) mine.ended = 'done';
  } catch (error) {
    Object.assign(mine, error instanceof Gone ? { ended: 'cancelled' } : { ended: 'failed', why: sentence(error) });
  }
  if (mine === map) render(store.state);
}

/** As often as the screen can show it. */
function soon() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    render(store.state);
  });
}

/** @param {State} state */
export function render(state) {
  if (map && subject(state).some((part, i) => part !== map?.of[i])) map = undefined; // and what is under way ends
  const able = canDraw(state);
  const drawing = isDrawing();
  nodes.go.textContent = drawing ? 'Cancel' : !able ? 'Attack' : map?.ended === 'done' ? 'Another random direction' : 'Draw the map';
  nodes.go.disabled = !able && !drawing && state.phase !== 'ready' && state.phase !== 'done';
  nodes.progress.hidden = !drawing;
  if (map) nodes.progress.value = map.round + map.part;
  say(nodes.says, message(state, able));
  for (const node of [nodes.maps, nodes.here, nodes.legend, nodes.axes, nodes.told]) node.hidden = !map;
  const inputs = [map, map?.round, map?.part, map?.ended, state.run?.at];
  if (!map || inputs.every((part, i) => part === drawn[i])) return;
  const isNews = map === drawn[0] && !map.ended && state.run?.at === drawn[4];
  if (isNews && performance.now() - drawnAt < REDRAW) return; // the next answer, or the end, draws it
  drawn = inputs;
  drawnAt = performance.now();
  draw(map, state);
}

/** What is the same is not said again. @param {HTMLElement} node @param {string} text */
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {State} state @param {boolean} able */
function message({ phase }, able) {
  if (!map) {
    if (able) return 'Some hundreds of pictures are looked at, one by one; that can be cancelled at any time.';
    return phase === 'running' || phase === 'paused' ? 'The map follows when the attack is over.' : 'The map needs the direction of an attack: attack first.';
  }
  const { round, ended, why } = map;
  if (ended === 'failed') return `The map could not be computed: ${why}.`;
  if (ended === 'done') return `Drawn, with ${sideOf(round)} × ${sideOf(round)} points.`;
  const name = `${sideOf(round)} × ${sideOf(round)} points, round ${round + 1} of ${STEPS.length}`;
  return ended ? `Cancelled: ${name}.` : `Drawing: ${name} …`;
}

/** @param {DecisionMap} of @param {State} state */
function draw(of, state) {
  const { cells, path, classes, units, ended } = of;
  seen = filled(cells);
  const both = [0, 1].map((side) => seen.map((cell) => cell?.[/** @type {0 | 1} */ (side)] ?? -1));
  const taken = both.map(shares);
  for (const [side, figure] of nodes.sides.entries()) {
    const svg = /** @type {SVGElement} */ (figure.querySelector('svg'));
    chart(svg, { classes, cells: both[side], units, path, at: state.run?.at, name: side === 0 ? 'map-first' : 'map-second' });
    const list = [...taken[side]].map(([name, share]) => `${classes[name]} ${percent(share)}`);
    svg.setAttribute('aria-label', `What ${side === 0 ? 'CL' : 'CL after AE'} sees around the picture: ${list.join(', ')}`);
  }
  read();
  legend(classes, taken);
  nodes.axes.textContent = `The axes count the largest change of any value, in n/255; values that leave the range of pictures are cut off. The line is the attack, step by step: ○ the original, ● its end. Where all points around are alike, those between them are not asked.`;
  const unlike = isUnfamiliar(state) ? ' The picture is like none of the ten things, so these classes mean little.' : '';
  nodes.told.textContent = ended === 'done' ? `${conclusion(of, both, taken, grey(REACH.across[1] * units[1]))}${unlike}` : '';
}

/** Reads the point that is marked. */
function read() {
  if (!map) return;
  const { units, classes } = map;
  for (const figure of nodes.sides) mark(/** @type {SVGElement} */ (figure.querySelector('svg')), cursor);
  const known = seen[cursor];
  const [a, b] = placeAt(cursor).map((part, i) => grey(part * units[i]));
  const place = pointAt([0, 0]) === cursor ? 'At the original' : pointAt([1, 0]) === cursor ? 'At the end of the attack' : `Here (${a} along the attack, ${b} across)`;
  say(nodes.here, known ? `${place}: CL sees ${classes[known[0]]}, after AE ${classes[known[1]]}.` : `${place}: not known yet.`);
}

/** @param {number} value in grey levels */
const grey = (value) => levels(value / 255).replace('-', '−');

/** How much wider the region of the original's class must be to be called so. */
const WIDER = 1.1;

const capital = (/** @type {string} */ word) => word[0].toUpperCase() + word.slice(1);

/**
 * What the finished map says.
 * @param {DecisionMap} of @param {readonly number[][]} both the classes of the two maps @param {readonly ReadonlyMap<number, number>[]} taken
 * @param {string} across how far the random direction reaches
 */
function conclusion({ classes, original }, both, taken, across) {
  const index = classes.indexOf(original);
  const [first, second] = taken.map((share) => share.get(index) ?? 0);
  const [fools, survives] = both.map((cells) => cells[pointAt([1, 0])] !== index);
  const wider = second > WIDER * first;
  const meaning = !fools
    ? `The attack does not lead out of the region of ${original}.`
    : survives
      ? `After AE that region is ${wider ? '' : 'not '}wider, and the attack leads out of it there, too: this perturbation survives.`
      : wider
        ? 'After AE that region is wider: the attack leads out of it for CL, and not after AE. This perturbation does not survive the bottleneck.'
        : 'After AE that region is not wider, but the attack ends in it there.';
  const isStill = both[0].every((name, point) => placeAt(point)[0] !== 0 || name === index);
  const random = isStill ? ` Along the random direction alone, up to ${across} either way, CL goes on seeing ${original}.` : '';
  return `${capital(original)} takes ${percent(first)} of the plane for CL, and ${percent(second)} after AE. ${meaning}${random}`;
}

/** What the legend shows. */
let listed = '';

/** @param {readonly Class[]} classes @param {ReadonlyMap<number, number>[]} taken */
function legend(classes, taken) {
  const names = [...classes.keys()].filter((name) => taken.some((share) => share.has(name)));
  const rows = names.map((name) => [name, ...taken.map((share) => (share.has(name) ? percent(share.get(name) ?? 0) : '–'))]);
  const text = JSON.stringify(rows);
  if (text === listed) return;
  listed = text;
  const head = document.createElement('tr');
  head.append(...['Class', 'CL', 'CL after AE'].map((title) => Object.assign(element('th', '', title), { scope: 'col' })));
  const lines = rows.map(([name, ...shareOf]) => {
    const line = document.createElement('tr');
    const first = Object.assign(document.createElement('th'), { scope: 'row' });
    first.append(/** @type {any} */ (swatch(classes, Number(name))), classes[Number(name)]);
    line.append(first, ...shareOf.map((share) => element('td', '', String(share))));
    return line;
  });
  nodes.legend.replaceChildren(head, ...lines);
}

/** @param {KeyboardEvent} event */
function move(event) {
  if (!map) return;
  const side = sideOf(STEPS.length - 1);
  const [row, column] = [Math.floor(cursor / side), cursor % side];
  const to = { ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], ArrowUp: [row - 1, column], ArrowDown: [row + 1, column] }[event.key];
  if (to) cursor = Math.min(side - 1, Math.max(0, to[0])) * side + Math.min(side - 1, Math.max(0, to[1]));
  else if (event.key === 'Home') cursor = pointAt([0, 0]);
  else if (event.key === 'End') cursor = pointAt([1, 0]);
  else return;
  event.preventDefault();
  event.stopPropagation(); // the page's own keys
  read();
}

/** @param {PointerEvent} event @param {HTMLElement} figure */
function point({ clientX, clientY }, figure) {
  const field = figure.querySelector('.map-field');
  if (!map || !field) return;
  const { left, top, width, height } = field.getBoundingClientRect();
  const side = sideOf(STEPS.length - 1);
  const [row, column] = [Math.floor(((clientY - top) / height) * side), Math.floor(((clientX - left) / width) * side)];
  if (row < 0 || row >= side || column < 0 || column >= side) return;
  cursor = row * side + column;
  read();
}
