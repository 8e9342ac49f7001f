// @ts-check
// The bottleneck of the picture that is shown, and two gradients over it: of the classifier's loss and of the detector's score.

import { element, part } from '../dom.js';
import { client, sentence } from '../session.js';
import { current, showStep } from '../state.js';
import { show } from '../widgets/image.js';
import { nats } from '../words.js';
import { Gone } from '../worker/client.js';
import { channelsOf, concentration, fullOf, inGrey, overlay, perLevel, strongestPlace } from './gradients.js';

/** @typedef {import('../core.js').Cards} Cards */
/** @typedef {import('../core.js').Class} Class */
/** @typedef {import('../core.js').Inside} Inside */
/** @typedef {import('../state.js').State} State */
/** @typedef {{picture: Float32Array, cards: Cards, from: Class}} Asked what is to be looked into */

/** How long a step must stay before it is looked into, in milliseconds. */
const PAUSE = 200;

/** @type {import('../store.js').Store} */
let store;
/** @type {{says: HTMLElement, step: HTMLInputElement, stepNow: HTMLElement, scrub: HTMLElement, all: HTMLElement, drawing: SVGElement, channels: HTMLElement, channelsSay: HTMLElement, loss: Overlay, score: Overlay}} */
let nodes;
/** What was answered, or why nothing was. @type {WeakMap<Float32Array, Asked & {inside?: Inside, failed?: string}>} */
const answers = new WeakMap();
/** @type {Asked | undefined} */
let wanted;
/** @type {Asked | undefined} */
let drawn;
let timer = 0;
let busy = false;

/** @typedef {{canvas: HTMLCanvasElement, title: HTMLElement, legend: HTMLElement, says: HTMLElement}} Overlay */

/** @param {HTMLElement} figures @param {string} id @returns {Overlay} */
function figure(figures, id) {
  const node = element('figure', 'slope');
  const canvas = document.createElement('canvas');
  canvas.id = id;
  canvas.setAttribute('role', 'img');
  const title = element('h4');
  const legend = element('p', 'slope-legend');
  const says = element('p', 'fine');
  const caption = document.createElement('figcaption');
  caption.append(legend, says);
  node.append(title, canvas, caption);
  figures.append(node);
  return { canvas, title, legend, says };
}

/** @param {HTMLElement} root @param {import('../store.js').Store} all */
export function mount(root, all) {
  store = all;
  const part8 = element('section', 'inside-part');
  const says = element('p', 'fine');
  says.id = 'inside-says';
  says.setAttribute('role', 'status');

  const scrub = element('p', 'scrub');
  const step = document.createElement('input');
  Object.assign(step, { type: 'range', id: 'inside-step', min: '0' });
  const label = Object.assign(document.createElement('label'), { htmlFor: step.id, textContent: 'Step' });
  const stepNow = document.createElement('output');
  step.addEventListener('input', () => store.update(showStep, step.valueAsNumber));
  scrub.append(label, step, stepNow);

  const bottleneck = element('div', 'bottleneck');
  const drawing = /** @type {SVGElement} */ (part('svg', { viewBox: '0 0 300 96', role: 'img', id: 'bottleneck-drawing' }));
  const channelsSay = element('p');
  bottleneck.append(/** @type {any} */ (drawing), channelsSay);
  const channels = element('ul', 'channels');
  channels.id = 'channels';

  const figures = element('div', 'slopes');
  const hint = element('p', '', 'A gradient says of every pixel what becomes of a number when that pixel changes a little. An attack follows the first one (in L∞ only its signs: every value changes by eps_step); the detector’s decision hangs on the pixels of the second one. A pixel’s three values are taken together.');
  const content = element('div', 'inside-content');
  content.hidden = true;
  content.append(element('h3', '', 'The bottleneck'), bottleneck, channels, element('h3', '', 'Two gradients'), hint, figures);
  part8.append(scrub, says, content);
  root.append(part8);
  nodes = { says, step, stepNow, scrub, all: content, drawing, channels, channelsSay, loss: figure(figures, 'loss-gradient'), score: figure(figures, 'score-gradient') };
}

/** The class whose loss is looked at: the one that the attack leads away from, or towards. @param {State} state @returns {Class | undefined} */
function leads({ run, attack, shown }) {
  return run?.from ?? (attack?.target || shown?.detection.verdict.answer_if_clean);
}

/** Attacks whose every step follows the gradient of this loss. @type {readonly import('../core.js').AttackName[]} */
const FOLLOWS = ['pgd', 'mi-fgsm', 'fgsm', 'apgd-ce'];

/** @param {State} state */
function isFollowed({ run, attack }) {
  const name = run?.config.attack ?? attack?.name;
  return name !== undefined && FOLLOWS.includes(name);
}

/** @param {State} state */
const isTargeted = ({ run, attack }) => (run ? run.target : attack?.target) !== '';

/** What is to be looked into; nothing while an attack or loading has the worker. @param {State} state @returns {Asked | undefined} */
function wish(state) {
  const { phase, networks } = state;
  const picture = current(state)?.picture;
  const from = leads(state);
  return (phase === 'ready' || phase === 'done') && networks && picture && from ? { picture, cards: networks.cards, from } : undefined;
}

/** @param {Asked | undefined} a @param {Asked | undefined} b */
const isSame = (a, b) => a?.picture === b?.picture && a?.cards === b?.cards && a?.from === b?.from;

/** @param {Asked} asked */
function answerOf(asked) {
  const known = answers.get(asked.picture);
  return known && isSame(known, asked) ? known : undefined;
}

/** @param {State} state */
export function render(state) {
  const { run, phase } = state;
  nodes.scrub.hidden = !run || phase === 'running';
  if (run) {
    const last = String(run.steps.length - 1);
    if (nodes.step.max !== last) nodes.step.max = last;
    if (nodes.step.valueAsNumber !== run.at) nodes.step.value = String(run.at);
    nodes.stepNow.textContent = `${run.at} of ${last}`;
  }
  const next = wish(state);
  if (!isSame(next, wanted)) {
    wanted = next;
    clearTimeout(timer);
    if (next && !answerOf(next)) timer = setTimeout(ask, PAUSE);
  }
  const known = next && answerOf(next);
  say(state, known);
  if (!known?.inside || isSame(known, drawn)) return;
  drawn = known;
  nodes.all.hidden = false;
  draw(state, known.inside, known);
}

async function ask() {
  const asked = wanted;
  const worker = client();
  if (!asked || !worker || busy || answerOf(asked)) return;
  busy = true;
  try {
    answers.set(asked.picture, { ...asked, inside: await worker.inside(asked.picture, asked.from) });
  } catch (error) {
    if (!(error instanceof Gone)) answers.set(asked.picture, { ...asked, failed: sentence(error) });
  }
  busy = false;
  render(store.state);
  if (!isSame(wanted, asked)) ask(); // another step is shown by now
}

/** @param {State} state */
const shownName = ({ run }) => (run && run.at > 0 ? `step ${run.at} of the attack` : 'the original');

/** @param {State} state @param {{failed?: string, inside?: Inside} | undefined} known */
function say(state, known) {
  const text = known?.failed
    ? `This could not be computed: ${known.failed}.`
    : known
      ? `Inside for ${shownName(state)}.`
      : wanted
        ? `Looking inside, for ${shownName(state)} …`
        : 'This follows when the attack is over.';
  if (nodes.says.textContent !== text) nodes.says.textContent = text;
}

const count = (/** @type {number} */ number) => number.toLocaleString('en');

/** @param {State} state @param {Inside} inside @param {Asked} asked */
function draw(state, { shape, latent, lossGradient, scoreGradient }, { picture, from }) {
  drawBottleneck(shape, latent, picture);
  const targeted = isTargeted(state);
  const loss = perLevel(targeted ? lossGradient.map((value) => -value) : lossGradient);
  slope(nodes.loss, picture, loss, {
    title: isFollowed(state) ? 'What the next step will do' : 'What a step of PGD would do',
    up: 'gets brighter',
    down: 'gets darker',
    does: targeted ? `the loss for ${from} falls` : `the loss for ${from} grows`,
    heard: `where a step by the gradient makes pixels brighter or darker, so that ${targeted ? `the classifier sees ${from}` : `the classifier does not see ${from}`}`,
  });
  slope(nodes.score, picture, perLevel(scoreGradient), {
    title: 'What the detector’s score hangs on',
    up: 'brighter raises the score',
    down: 'darker raises the score',
    does: 'the score changes',
    heard: 'where brighter or darker pixels raise the detector’s score',
  });
}

/**
 * @param {Overlay} at @param {Float32Array} picture @param {Float32Array} values
 * @param {{title: string, up: string, down: string, does: string, heard: string}} words
 */
function slope({ canvas, title, legend, says }, picture, values, words) {
  const full = fullOf(values);
  show(canvas, overlay(picture, values, full));
  title.textContent = words.title;
  legend.replaceChildren(
    element('span', 'slope-up', words.up),
    element('span', 'slope-down', words.down),
  );
  const share = Math.round(100 * concentration(values));
  const where = strongestPlace(values);
  says.textContent = `Full colour: ${words.does} by ${small(full)} nats where this pixel changes by 1/255. A tenth of the pixels has ${share}\u00a0% of the strength; most of it is at the ${where}.`;
  canvas.setAttribute('aria-label', `The picture with a gradient over it: ${words.heard}. Strongest at the ${where}.`);
}

/** @param {number} value of a slope, which may be very small */
const small = (value) => (value >= 0.001 ? nats(value) : String(Number(value.toPrecision(1))));

/** @param {readonly [number, number, number]} shape @param {Float32Array} latent @param {Float32Array} picture */
function drawBottleneck(shape, latent, picture) {
  const all = channelsOf(shape, latent);
  const isList = all.length === 1 && all[0].height === 1;
  const passes = `${count(latent.length)} of ${count(picture.length)} numbers`;
  nodes.channelsSay.textContent = isList
    ? `The autoencoder lets ${passes} pass. They stand in a row: black is the least of them, white the largest.`
    : `The autoencoder lets ${passes} pass: ${shape[0]} channels of ${shape[1]} × ${shape[2]}. Each is drawn by itself: black is its least value, white its largest. What is lost here cannot be reconstructed.`;
  sketch(latent.length, picture.length);
  nodes.channels.classList.toggle('strip', isList);
  // The nodes stay from step to step, so that nothing flickers.
  while (nodes.channels.childElementCount > all.length) nodes.channels.lastElementChild?.remove();
  while (nodes.channels.childElementCount < all.length) {
    const item = document.createElement('li');
    const canvas = document.createElement('canvas');
    canvas.setAttribute('role', 'img');
    item.append(canvas, element('span', 'fine'));
    nodes.channels.append(item);
  }
  for (const [i, channel] of all.entries()) {
    const [canvas, range] = nodes.channels.children[i].children;
    show(/** @type {HTMLCanvasElement} */ (canvas), inGrey(channel));
    const from = `${signed(channel.low)} to ${signed(channel.high)}`;
    range.textContent = from;
    canvas.setAttribute('aria-label', isList ? `${channel.width} numbers, ${from}` : `Channel ${i + 1} of ${all.length}, ${from}`);
  }
}

/** @param {number} value */
const signed = (value) => value.toFixed(Math.abs(value) < 9.95 ? 1 : 0).replace('-', '−');

/** The bottleneck: picture, encoder, what passes, decoder, reconstruction. @param {number} inner @param {number} outer */
function sketch(inner, outer) {
  const text = (/** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ words) => {
    const node = part('text', { x, y, 'text-anchor': 'middle' });
    node.textContent = words;
    return node;
  };
  nodes.drawing.replaceChildren(
    part('rect', { x: 4, y: 8, width: 50, height: 60, class: 'sketch-box' }),
    part('polygon', { points: '60,8 134,30 134,46 60,68', class: 'sketch-net' }),
    part('rect', { x: 140, y: 30, width: 20, height: 16, class: 'sketch-narrow' }),
    part('polygon', { points: '166,30 240,8 240,68 166,46', class: 'sketch-net' }),
    part('rect', { x: 246, y: 8, width: 50, height: 60, class: 'sketch-box' }),
    text(29, 41, 'picture'),
    text(97, 41, 'encoder'),
    text(203, 41, 'decoder'),
    text(271, 36, 'recon-'),
    text(271, 46, 'struction'),
    text(29, 82, count(outer)),
    text(150, 64, count(inner)),
    text(271, 82, count(outer)),
    text(150, 92, 'numbers'),
  );
  nodes.drawing.setAttribute('aria-label', `The autoencoder: an encoder makes ${count(inner)} numbers of ${count(outer)}, a decoder makes ${count(outer)} of them again, the reconstruction.`);
}
