// @ts-check
// The pictures on which the defence failed, small; one that is pressed is opened as the page's one picture.

import { element, get } from '../../dom.js';
import { sentence } from '../../session.js';
import { chooseSample, openOwn } from '../../state.js';
import { failures } from './figures.js';
import { showMore, troubled } from './state.js';
import { FAILURES, failureInWords } from './words.js';

/** @typedef {import('./figures.js').Failure} Failure */
/** @typedef {import('./figures.js').Row} Row */
/** @typedef {import('./state.js').Run} Run */

const KINDS = /** @type {Failure[]} */ (Object.keys(FAILURES));
/** A small picture's side, in pixels. */
const SIDE = 96;

/** @type {Record<Failure, {title: HTMLElement, list: HTMLElement, more: HTMLButtonElement}>} */
let nodes;
/** The pictures that are there, by their run, kind and place. @type {Map<string, HTMLElement>} */
let made = new Map();
let madeFor = 0;
/** What is pressed. @type {(run: Run, row: Row) => void} */
let open;

/** @param {HTMLElement} root @param {import('./run.js').Store} store @param {import('../../store.js').Store} page */
export function mount(root, store, page) {
  nodes = /** @type {typeof nodes} */ ({});
  for (const kind of KINDS) {
    const [title, list, more] = [element('h4'), element('ul', 'many-grid'), element('button', '', 'Show more')];
    if (!(more instanceof HTMLButtonElement)) continue;
    Object.assign(more, { type: 'button', ariaLabel: `Show more: ${FAILURES[kind].toLowerCase()}` });
    more.addEventListener('click', () => {
      const before = list.children.length;
      store.update(showMore, kind);
      list.children[before]?.querySelector('button')?.focus(); // the button may go
    });
    nodes[kind] = { title, list, more };
    root.append(title, list, more);
  }
  open = async ({ source }, { index, name }) => {
    try {
      if (source.kind === 'samples') page.update(chooseSample, name);
      else page.update(openOwn, await source.open(index));
      scrollTo(0, 0);
      get(document, 'stage', HTMLElement).focus({ preventScroll: true }); // on a phone its top would be below the verdict
    } catch (error) {
      store.update(troubled, `${name} could not be opened: ${sentence(error)}.`);
    }
  };
}

/** @param {Run} run @param {number} limit @param {Record<Failure, number>} seen @returns {number} how many there are */
export function render(run, limit, seen) {
  if (madeFor !== run.id) made = new Map();
  madeFor = run.id;
  const all = failures(run.rows, limit);
  for (const kind of KINDS) {
    const { title, list, more } = nodes[kind];
    title.textContent = `${FAILURES[kind]}: ${all[kind].length}`;
    more.hidden = all[kind].length <= seen[kind];
    settle(list, all[kind].slice(0, seen[kind]).map((row) => small(run, kind, row)));
  }
  return KINDS.reduce((sum, kind) => sum + all[kind].length, 0);
}

/** Shows these and no others, and moves none that is where it belongs: it may have the keyboard. @param {HTMLElement} list @param {readonly HTMLElement[]} wanted */
function settle(list, wanted) {
  const kept = new Set(wanted);
  for (const child of [...list.children]) if (!kept.has(/** @type {HTMLElement} */ (child))) child.remove();
  wanted.forEach((item, i) => list.children[i] !== item && list.insertBefore(item, list.children[i] ?? null));
}

/** @param {Run} run @param {Failure} kind @param {Row} row */
function small(run, kind, row) {
  const key = `${kind} ${row.index}`;
  const known = made.get(key);
  if (known) return known;
  const { story, heard } = failureInWords(kind, row);
  const [item, press, canvas] = [element('li'), element('button', 'many-small'), document.createElement('canvas')];
  Object.assign(press, { type: 'button', title: row.name, ariaLabel: heard });
  Object.assign(canvas, { width: SIDE, height: SIDE });
  press.append(canvas, element('span', '', story));
  press.addEventListener('click', () => open(run, row));
  item.append(press);
  made.set(key, item);
  draw(canvas, run, row.index);
  return item;
}

/** One after the other: of large photographs, few are to be decoded at a time. */
let before = Promise.resolve();

/** @param {HTMLCanvasElement} canvas @param {Run} run @param {number} index */
function draw(canvas, { source }, index) {
  before = before.then(async () => {
    try {
      const image = await createImageBitmap(await source.open(index));
      const side = Math.min(image.width, image.height);
      canvas.getContext('2d')?.drawImage(image, (image.width - side) / 2, (image.height - side) / 2, side, side, 0, 0, SIDE, SIDE);
      image.close();
    } catch {
      // What the browser does not read in this way stays blank; it can be opened all the same.
    }
  });
}
