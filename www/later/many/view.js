// @ts-check
// What is seen of many pictures: what is chosen, how far it has come, and what came of it.

import { element, get, offer } from '../../dom.js';
import { save } from '../../panels/share.js';
import { sentence } from '../../session.js';
import * as page from '../../state.js';
import { curve } from '../../widgets/roc.js';
import { csv, file, json, png } from './export.js';
import * as failed from './failed.js';
import { confusion, curveOf, figures, sweepOf } from './figures.js';
import { MARKUP } from './markup.js';
import { matrix, matrixDrawing } from './matrix.js';
import { LARGEST_SEED } from './sources/drawn.js';
import { computer, ownOf } from './sources/index.js';
import { stepOf } from './sources/source.js';
import { cancel, choose, filesChosen, isUnderWay, limitOf, offerChosen, pauseOrGoOn, progress, said, sourceOf, start, sweepFor, troubled } from './state.js';
import { points } from './sweep.js';
import { FIGURES, MATRICES, attackInWords, attackerOf, holdsFor, labelsInWords, pictures, progressInWords, reachInWords, settingInWords, shareInWords } from './words.js';

/** @typedef {import('./figures.js').Name} Name */
/** @typedef {import('./run.js').Store} Store */
/** @typedef {import('./state.js').Many} Many */
/** @typedef {import('./state.js').Run} Run */

/** Milliseconds between two sentences on how far it has come, for who hears them. */
const SPOKEN = 8000;
/** Pictures that can be asked for. */
const MOST = 1_000_000;

/** @type {HTMLElement} */
let room;
/** What the results that are seen follow from. @type {readonly unknown[]} */
let drawn = [];
/** When something was last said, of which phase. */
let spoken = { at: -Infinity, phase: '' };

const node = (/** @type {string} */ id) => get(room, id, HTMLElement);
const button = (/** @type {string} */ id) => get(room, id, HTMLButtonElement);
const input = (/** @type {string} */ id) => get(room, id, HTMLInputElement);
const select = (/** @type {string} */ id) => get(room, id, HTMLSelectElement);

/** What a field says; undefined, and told there, unless that is a number in this range. @param {string} id @param {number} least @param {number} most */
function wholeNumber(id, least, most) {
  const text = input(id).value.trim();
  const number = Number(text);
  const fits = text !== '' && Number.isInteger(number) && number >= least && number <= most;
  input(id).setCustomValidity(fits ? '' : `Choose a whole number from ${least} to ${most.toLocaleString('en')}.`);
  return input(id).reportValidity() ? number : undefined;
}

/** @param {HTMLElement} root @param {Store} store @param {import('../../store.js').Store} pageStore */
export function mount(root, store, pageStore) {
  room = root;
  room.innerHTML = MARKUP;
  offer(select('many-order'), [['first', 'the first ones'], ['spread', 'evenly among all']]);
  offer(select('many-which'), Object.entries(MATRICES));
  node('many-folder-button').hidden = !('webkitdirectory' in HTMLInputElement.prototype);

  node('many-form').addEventListener('submit', (event) => {
    event.preventDefault();
    if (isUnderWay(store.state)) return store.update(pauseOrGoOn, performance.now());
    const { networks, attack, constants } = pageStore.state;
    if (!networks || !attack || !constants) return;
    const { config, shape } = page.prepared(attack, constants);
    store.update(start, { config, shape, target: attack.target, networks, threshold: page.threshold(pageStore.state), classes: constants.classes });
  });
  button('many-cancel').addEventListener('click', () => {
    store.update(cancel, performance.now());
    button('many-go').focus(); // this button is switched off
  });
  for (const taken of /** @type {const} */ (['samples', 'drawn', 'own'])) input(`many-${taken}`).addEventListener('change', () => store.update(choose, { taken }));
  select('many-label').addEventListener('change', () => {
    const label = /** @type {Many['drawing']['label']} */ (select('many-label').value);
    store.update(choose, { taken: 'drawn', drawing: { ...store.state.drawing, label } });
  });
  input('many-seed').addEventListener('change', () => {
    const seed = wholeNumber('many-seed', 0, LARGEST_SEED);
    if (seed !== undefined) store.update(choose, { taken: 'drawn', drawing: { ...store.state.drawing, seed } });
  });
  for (const id of ['many-computer', 'many-file']) {
    room.querySelector(`#${id}`)?.addEventListener('change', async () => {
      const { constants } = pageStore.state;
      const offer = store.state.offers[select('many-file').selectedIndex];
      if (!constants || !offer) return;
      try {
        store.update(offerChosen, await computer(offer, constants));
      } catch (error) {
        store.update(troubled, `${offer.pictures.name} was not taken: ${sentence(error)}.`);
      }
    });
  }
  for (const id of ['many-files', 'many-folder']) {
    input(id).addEventListener('change', async () => {
      const chosen = [...(input(id).files ?? [])];
      input(id).value = ''; // the same ones can be chosen again
      const { constants } = pageStore.state;
      if (chosen.length === 0 || !constants) return;
      try {
        store.update(filesChosen, await ownOf(chosen, constants));
      } catch (error) {
        store.update(troubled, `These files were not taken: ${sentence(error)}.`);
      }
    });
  }
  input('many-wanted').addEventListener('change', () => {
    const wanted = wholeNumber('many-wanted', 1, MOST);
    if (wanted !== undefined) store.update(choose, { wanted });
  });
  select('many-order').addEventListener('change', () => store.update(choose, { order: /** @type {Many['order']} */ (select('many-order').value) }));
  input('many-sweeps').addEventListener('change', () => store.update(choose, { sweeps: input('many-sweeps').checked }));
  select('many-which').addEventListener('change', () => store.update(choose, { matrix: /** @type {Many['matrix']} */ (select('many-which').value) }));
  failed.mount(node('many-failed'), store, pageStore);

  /** @param {string} id @param {string} name of the file @param {string} type @param {(run: Run, limit: number) => Promise<Blob>} what */
  const saves = (id, name, type, what) =>
    button(id).addEventListener('click', async () => {
      const { run } = store.state;
      if (!run) return;
      try {
        save(await what(run, limitOf(run, seenOf(pageStore.state))), type, name);
        store.update(said, `${name} is saved.`);
      } catch (error) {
        store.update(said, `That did not work: ${sentence(error)}.`);
      }
    });
  saves('many-csv', 'second-look-many.csv', 'text/csv', (run, limit) => file(csv(run, limit)));
  saves('many-json', 'second-look-many.json', 'application/json', (run, limit) => file(json(run, limit, new URL(page.query(pageStore.state), location.href).href)));
  saves('many-png', 'second-look-many.png', 'image/png', (run, limit) => png(run, chartsOf(run, limit, store.state)));
}

/** @param {import('../../state.js').State} state */
const seenOf = (state) => ({ networks: state.networks, threshold: page.threshold(state) });

/** @param {Run} run @param {number} limit @param {Many} many */
function chartsOf(run, limit, { matrix: which }) {
  const drawing = (/** @type {string} */ id) => /** @type {SVGElement} */ (node(id).querySelector('svg'));
  const colour = getComputedStyle(node('many-bar')).accentColor;
  return [
    { title: `ROC, AUC ${curveOf(run.rows, limit)?.area.toFixed(3) ?? '–'}`, drawing: drawing('many-roc') },
    { title: `Named (columns) by ${MATRICES[which]}`, drawing: matrixDrawing(confusion(run.rows, limit, which, run.classes), run.classes, colour) },
    ...(run.sweep.length > 0 ? [{ title: 'Right, by eps: classifier (solid), defence (dashed)', drawing: drawing('many-eps') }] : []),
  ];
}

/** @param {string} id @param {string} text */
function write(id, text) {
  if (node(id).textContent !== text) node(id).textContent = text;
}

/** @param {Many} many @param {import('../../state.js').State} state */
export function render(many, state) {
  renderChoice(many, state);
  const { run } = many;
  node('many-problem').hidden = !many.problem;
  write('many-problem', many.problem);
  write('many-saved', many.says);
  node('many-progress').hidden = !run;
  node('many-results').hidden = !run || run.rows.length + run.skipped.length === 0;
  if (!run) return;
  const now = performance.now();
  const { done, total } = progress(run, now);
  const bar = get(room, 'many-bar', HTMLProgressElement);
  bar.max = total;
  bar.value = done;
  const words = progressInWords(run, now);
  write('many-now', words);
  if (run.phase !== spoken.phase || (run.phase === 'running' && now - spoken.at > SPOKEN)) {
    spoken = { at: now, phase: run.phase };
    write('many-status', words);
  }
  const limit = limitOf(run, seenOf(state));
  const inputs = [run.id, run.rows, run.skipped, limit, many.matrix, many.seen];
  if (inputs.every((part, i) => part === drawn[i])) return;
  drawn = inputs;
  renderResults(run, limit, many);
}

/** Writes a number into a field in which nobody is writing. @param {string} id @param {number} value */
function fill(id, value) {
  if (document.activeElement === input(id)) return;
  input(id).value = String(value);
  input(id).setCustomValidity('');
}

/** @param {Many} many @param {import('../../state.js').State} state */
function renderChoice(many, { networks, attack, constants }) {
  const underWay = isUnderWay(many);
  const { samples, drawing, offers, own, wanted, order, run } = many;
  const source = sourceOf(many, constants?.classes ?? []);
  write('many-samples-name', `${samples.count} ${samples.title}`);
  write('many-own-name', own ? `${own.count.toLocaleString('en')} ${own.title}` : 'pictures of your own: none are chosen yet');
  for (const taken of ['samples', 'drawn', 'computer', 'own']) input(`many-${taken}`).checked = many.taken === taken;
  if (constants) offer(select('many-label'), [['', 'all classes'], ...constants.classes.map((name) => /** @type {const} */ ([name, name]))]);
  select('many-label').value = drawing.label;
  fill('many-seed', drawing.seed);
  for (const id of ['many-offer', 'many-offers']) node(id).hidden = offers.length === 0;
  offer(select('many-file'), offers.map(({ pictures: { name } }) => [name, name]));
  fill('many-wanted', wanted);
  select('many-order').value = order;
  const every = stepOf(source.count, wanted, 'spread');
  select('many-order').options[1].text = every > 1 ? `evenly among all: 1 of ${every}` : 'evenly among all';
  for (const control of node('many-form').querySelectorAll('input, select')) /** @type {HTMLInputElement} */ (control).disabled = underWay || !constants;
  input('many-own').disabled ||= !own;
  select('many-order').disabled ||= source.count <= wanted;
  button('many-go').textContent = run?.phase === 'running' ? 'Pause' : run?.phase === 'paused' ? 'Go on' : 'Start';
  button('many-go').disabled = run?.phase === 'starting' || !networks || !attack || !constants;
  button('many-cancel').disabled = !underWay;
  if (!attack || !constants) return;
  const { config, shape } = page.prepared(attack, constants);
  const sweep = sweepFor(config);
  node('many-sweep').hidden = sweep.length === 0;
  input('many-sweeps').checked = many.sweeps;
  write('many-sweep-name', `also with eps ${sweep.join(', ')}: ${sweep.length + 1} times the work`);
  const of = pictures(Math.min(source.count, wanted));
  write('many-attack', `${of}, against ${attackerOf({ config, shape })}: ${attackInWords({ config, target: attack.target })}.`);
}

/** @param {Run} run @param {number} limit @param {Many} many */
function renderResults(run, limit, many) {
  const { rows, skipped, classes } = run;
  const { labelled, ...shares } = figures(rows, limit);
  const holds = holdsFor(run);
  write('many-setting', settingInWords(run));
  write('many-labels', labelsInWords(run, labelled));
  node('many-labels').hidden = !node('many-labels').textContent;
  write('many-figures-name', `Many pictures in numbers. ${holds} Threshold ${Number(limit.toPrecision(3))} nats.`);
  renderFigures(shares);
  for (const place of room.querySelectorAll('.many-for')) place.textContent = holds;

  const roc = curveOf(rows, limit);
  if (roc) curve(node('many-roc'), roc.points, roc.at);
  write('many-auc', roc ? roc.area.toFixed(3) : '–');
  const { eps, eps_step, max_iter } = run.config;
  node('many-eps').hidden = run.sweep.length === 0;
  if (run.sweep.length > 0 && eps) points(node('many-eps'), sweepOf(rows, limit, eps));
  write('many-reach', reachInWords(eps_step, max_iter, Math.max(eps ?? 0, ...run.sweep)));
  select('many-which').value = many.matrix;
  write('many-matrix-name', `Rows: what a picture shows${labelled < rows.length ? ', or was named before the attack' : ''}. Columns: what was named by ${MATRICES[many.matrix]}. ${holds}`);
  matrix(get(room, 'many-matrix', HTMLTableElement), confusion(rows, limit, many.matrix, classes), classes);

  node('many-failed-hint').hidden = failed.render(run, limit, many.seen) === 0;
  const list = get(room, 'many-skipped', HTMLDetailsElement);
  list.hidden = skipped.length === 0;
  /** @type {HTMLElement} */ (list.children[0]).textContent = `${pictures(skipped.length)} without a result`;
  const lines = /** @type {HTMLElement} */ (list.children[1]);
  for (const { name, why } of skipped.slice(lines.children.length)) lines.append(element('li', '', `${name}: ${why}`));
  if (lines.children.length > skipped.length) lines.replaceChildren(); // of an earlier run
}

/** @param {Record<Name, import('./figures.js').Share>} shares */
function renderFigures(shares) {
  const body = /** @type {HTMLTableSectionElement} */ (room.querySelector('#many-figures tbody'));
  const names = /** @type {Name[]} */ (Object.keys(FIGURES));
  if (body.children.length === 0) {
    for (const name of names) {
      const row = element('tr');
      const head = element('th', '', FIGURES[name][0]);
      head.setAttribute('scope', 'row');
      head.append(element('small', '', `of the ${FIGURES[name][1]}`));
      row.append(head, element('td'), element('td'), element('td'));
      body.append(row);
    }
  }
  names.forEach((name, i) => {
    const row = /** @type {HTMLElement} */ (body.children[i]);
    row.hidden = name === 'accuracy' && shares.accuracy.of === 0;
    const { counted, share, interval } = shareInWords(shares[name]);
    [counted, share, interval].forEach((text, j) => (row.children[j + 1].textContent = text));
  });
}
