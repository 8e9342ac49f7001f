// @ts-check
// The page: what is chosen, what was computed, and how the one follows from the other.

import * as address from './address.js';
import * as bars from './bars.js';
import * as chart from './chart.js';
import { Closer } from './compare.js';
import { amplification, asDifference, asImage, show } from './draw.js';
import { Gone, Lab } from './lab.js';
import * as samples from './samples.js';
import * as scale from './scale.js';
import { element, judge, nats, percent, likeliest, verdictInWords } from './words.js';

/** @typedef {import('../pkg/second_look.js').Pgd} Pgd */
/** @typedef {import('../pkg/second_look.js').Card} Card */
/** @typedef {import('../pkg/second_look.js').Look} Look */
/** @typedef {import('../pkg/second_look.js').Class} Class */
/** @typedef {import('../pkg/second_look.js').WatchedStep} WatchedStep */
/** @typedef {import('./lab.js').Opened} Opened */

/**
 * @typedef {object} Run an attack, under way or over
 * @property {Required<Pgd>} pgd
 * @property {Class} from the class that it leads away from, or towards if targeted
 * @property {WatchedStep[]} steps
 * @property {'running' | 'paused' | 'done' | 'cancelled'} is
 * @property {Look} [rounded] the last step's picture after a PNG's 8 bits
 */

/** How long an attack takes at least, in milliseconds, so that eyes can follow; a step never more than `SLOWEST`. */
const SHOW = 1500;
const SLOWEST = 140;

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
function get(id, type) {
  const node = document.getElementById(id);
  if (!(node instanceof type)) throw new Error(`the page has no ${type.name} "${id}"`);
  return node;
}
const canvas = (/** @type {string} */ id) => get(id, HTMLCanvasElement);
const input = (/** @type {string} */ id) => get(id, HTMLInputElement);
const select = (/** @type {string} */ id) => get(id, HTMLSelectElement);
const button = (/** @type {string} */ id) => get(id, HTMLButtonElement);
const node = (/** @type {string} */ id) => get(id, HTMLElement);

const html = document.documentElement;
const { settings, complaints } = address.read(location.search, samples.SAMPLES);

/** @type {Lab} */
let lab;
/** @type {Opened | undefined} */
let opened;
/** How often a worker had to be replaced. */
let breakdowns = 0;
/** Counts pictures, so that an answer about an earlier one is known as such. */
let pictures = 0;
/** @type {{values: Float32Array, image: ImageData, look: Look | undefined, name: string} | undefined} */
let picture;
/** @type {Run | undefined} */
let run;
/** The step that is shown. */
let at = 0;

const closer = new Closer({ frame: node('closer'), left: canvas('closer-left'), right: canvas('closer-right') });

// ---- States ---------------------------------------------------------------------------------------------------

/** @param {'loading' | 'ready' | 'running' | 'done' | 'error'} state */
function enter(state) {
  html.dataset.state = state;
  node('verdict').ariaBusy = String(state === 'loading' || state === 'running');
  get('loading', HTMLProgressElement).hidden = state !== 'loading';
  const under = state === 'running';
  button('go').disabled = !(state === 'ready' || state === 'done' || under) || !picture?.look;
  button('once').disabled = button('go').disabled || run?.is === 'running';
  button('cancel').disabled = !under;
  for (const control of get('attack', HTMLFormElement).querySelectorAll('.fields input, .fields select')) {
    /** @type {HTMLInputElement} */ (control).disabled = under;
  }
  button('go').textContent = !under ? 'Attack' : run?.is === 'paused' ? 'Go on' : 'Pause';
  // A button that is switched off while it has the keyboard would leave it nowhere.
  const focused = document.activeElement;
  if (focused instanceof HTMLButtonElement && focused.disabled && focused !== button('go')) button('go').focus();
  render();
}

/**
 * Says what went wrong, and offers a way on.
 * @param {string} text
 * @param {(() => void) | null} [retry]
 */
function notify(text, retry = null) {
  node('notice-text').textContent = text;
  button('notice-retry').hidden = !retry;
  button('notice-retry').onclick = () => {
    node('notice').hidden = true;
    retry?.();
  };
  node('notice').hidden = false;
}

/** Back to what there is, when something new could not be had. */
function settle() {
  if (picture?.look) return enter(run?.is === 'done' ? 'done' : 'ready');
  enter('error');
  wait('There is no picture yet.', 'Choose a sample, or open a picture of your own.');
}

/** @param {unknown} error */
const sentence = (error) => (error instanceof Error ? error.message : String(error));

/** @param {string} headline @param {string} [detail] */
function wait(headline, detail = '') {
  node('verdict').dataset.kind = 'wait';
  node('headline').textContent = headline;
  node('detail').textContent = detail;
}

// ---- The worker -----------------------------------------------------------------------------------------------

/**
 * Starts a worker with the networks, and ends the one there was. A picture and a run that are there stay.
 * @param {'auto' | 'webgpu' | 'cpu'} backend
 */
async function boot(backend) {
  lab?.close('');
  opened = undefined;
  delete html.dataset.backend;
  enter('loading');
  wait('Loading the two networks …', 'They run on your machine. Nothing that you open here leaves it.');
  node('backend-now').textContent = '';
  const mine = (lab = new Lab({
    loading(bytes) {
      wait(`Loading the two networks … ${(bytes / 1e6).toFixed(1)} MB`, node('detail').textContent ?? '');
    },
    gone(why) {
      if (mine !== lab) return;
      // A picture that the networks broke down on is not tried again, nor is a start that failed.
      if (!picture?.look) picture = undefined;
      settings.run = false;
      if (++breakdowns > 3 || (!opened && backend === 'cpu')) return fail(why);
      const toCpu = !opened || html.dataset.backend === 'webgpu';
      notify(toCpu ? `${why} The CPU takes over.` : `${why} The page has started anew.`);
      boot(toCpu ? 'cpu' : settings.backend);
    },
  }));
  const wanted = settings.sample || samples.SAMPLES[0];
  const sample = picture ? undefined : loadSample(wanted); // while the networks come
  try {
    const answer = await mine.open(backend, address.AUTOENCODERS[settings.autoencoder]);
    if (mine !== lab) return;
    opened = answer;
  } catch (error) {
    if (mine !== lab || error instanceof Gone) return;
    return fail(sentence(error));
  }
  html.dataset.backend = opened.webgpu ? 'webgpu' : 'cpu';
  node('backend-now').textContent = `${opened.webgpu ? 'WebGPU' : 'CPU'}${opened.reason && `: ${opened.reason}`}`;
  if (backend === 'webgpu' && !opened.webgpu) notify(`WebGPU was asked for, but ${opened.reason}: the CPU computes instead.`);
  showCards();
  if (run && (run.is === 'running' || run.is === 'paused')) run.is = 'cancelled';
  if (picture && !picture.look) return look(picture.name, picture.values);
  if (picture) return settle();
  if ((settings.sample || wanted) !== wanted) return; // another one was chosen meanwhile, and is on its way
  await openSample(wanted, sample);
  if (settings.run) await attack('run');
}

/** @param {string} why */
function fail(why) {
  enter('error');
  wait('This does not work.', why);
  node('verdict').dataset.kind = 'bad';
  notify(why, () => boot(settings.backend));
}

// ---- Pictures -------------------------------------------------------------------------------------------------

/**
 * @param {string} id
 * @returns {Promise<Blob | Error>} an error rather than a rejection: nobody may be waiting yet
 */
async function loadSample(id) {
  try {
    const response = await fetch(samples.address(id));
    return response.ok ? await response.blob() : new Error(`the server said ${response.status}`);
  } catch {
    return new Error('check the connection');
  }
}

/** @param {string} id */
async function openSample(id, loading = loadSample(id)) {
  settings.sample = id;
  const chosen = node('samples').querySelector(`[value="${id}"]`);
  if (chosen instanceof HTMLInputElement) chosen.checked = true;
  try {
    const file = await loading;
    if (file instanceof Error) throw file;
    await openPicture(file, samples.title(id));
  } catch (error) {
    if (error instanceof Gone) return;
    notify(`The sample ${id} could not be opened: ${sentence(error)}.`, () => openSample(id));
    settle();
  }
}

/** @param {Blob | null | undefined} file */
async function openOwn(file) {
  if (!file || !opened) return;
  const before = settings.sample;
  settings.sample = '';
  settings.run = false;
  try {
    await openPicture(file, 'your picture');
    for (const radio of document.getElementsByName('sample')) /** @type {HTMLInputElement} */ (radio).checked = false;
  } catch (error) {
    settings.sample = before;
    if (!(error instanceof Gone)) notify(`That did not work: ${sentence(error)}.`);
    if (opened) settle();
  }
}

/** @param {Blob} file @param {string} name */
async function openPicture(file, name) {
  if (run?.is === 'running' || run?.is === 'paused') {
    lab.pace('cancel');
    run = undefined;
    at = 0;
  }
  const mine = ++pictures;
  enter('loading');
  wait('Looking at the picture …');
  const values = await lab.decode(file);
  if (mine === pictures) await look(name, values);
}

/** @param {string} name @param {Float32Array} values */
async function look(name, values) {
  const mine = pictures;
  run = undefined;
  at = 0;
  picture = { values, image: asImage(values), look: undefined, name };
  const first = await lab.look(values);
  if (mine !== pictures) return;
  picture.look = first;
  enter('ready');
  remember();
}

// ---- The attack -----------------------------------------------------------------------------------------------

/** @returns {Required<Pgd>} */
function chosenPgd() {
  const { norm, eps, eps_step, max_iter, target } = settings;
  return { norm, eps, eps_step, max_iter, targeted: target !== '', num_random_init: 0, seed: 0 };
}

/** @param {'run' | 'once'} pace */
async function attack(pace) {
  if (!picture?.look) return;
  const pgd = chosenPgd();
  const from = settings.target || likeliest(picture.look.verdict.first);
  /** @type {Run} */
  const mine = { pgd, from, steps: [], is: pace === 'run' ? 'running' : 'paused' };
  run = mine;
  at = 0;
  enter('running');
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const rest = calm ? 0 : Math.min(SLOWEST, SHOW / pgd.max_iter);
  try {
    const whole = await lab.attack({ picture: picture.values, from, pgd, pace, rest }, (step) => {
      mine.steps.push(step);
      if (run !== mine) return;
      at = mine.steps.length - 1;
      requestRender();
    });
    mine.is = whole ? 'done' : 'cancelled';
    if (run !== mine) return;
    settings.run = whole;
    enter(whole ? 'done' : 'ready');
    remember();
  } catch (error) {
    mine.is = 'cancelled';
    if (error instanceof Gone || run !== mine) return;
    notify(`The attack did not work: ${sentence(error)}.`);
    enter('ready');
  }
}

/** @param {'running' | 'paused'} is @param {'run' | 'pause' | 'once'} pace */
function goOn(is, pace) {
  if (!run) return;
  run.is = is;
  lab.pace(pace);
  enter('running');
}

// ---- What is seen ---------------------------------------------------------------------------------------------

const threshold = () => settings.threshold ?? opened?.cards.autoencoder.detector?.threshold ?? 1;

/** The picture that is shown as attacked, and the looks at it. */
function shown() {
  const step = run?.steps[at];
  if (step) return { values: step.picture, look: step.look };
  return picture?.look ? { values: picture.values, look: picture.look } : undefined;
}

let pending = false;
function requestRender() {
  if (pending) return;
  pending = true;
  requestAnimationFrame(() => {
    pending = false;
    render();
  });
}

function render() {
  const now = shown();
  const clean = picture?.look?.verdict;
  renderPictures(now);
  bars.update(node('bars-original'), 'First look at the original', clean?.first);
  bars.update(node('bars-attacked'), 'First look at the attacked picture', now?.look.verdict.first, run && clean?.first);
  bars.update(node('bars-second'), 'Second look', now?.look.verdict.second, now?.look.verdict.first);
  const correction = opened?.cards.corrector && now?.look.verdict.correction;
  node('correction').textContent = correction
    ? `If adversarial, the narrow one answers: ${likeliest(correction)}, ${percent(Math.max(...correction))}.`
    : '';
  renderSteps();
  renderScale(now?.look.verdict.score);
  renderVerdict(now);
  for (const id of ['save-png', 'save-json']) button(id).disabled = run?.is !== 'done';
}

/** @param {ReturnType<typeof shown>} now */
function renderPictures(now) {
  if (!picture) return;
  const { values, image: original, name } = picture;
  show(canvas('original'), original);
  canvas('original').setAttribute('aria-label', `The original: ${name}`);
  const attacked = now && run ? asImage(now.values) : original;
  show(canvas('attacked'), attacked);
  const times = now ? amplification(values, now.values) : 1;
  const noise = now && asDifference(values, now.values, times);
  if (noise) show(canvas('noise'), noise);
  node('noise-times').textContent = times > 1 ? `, ×${times.toFixed(0)}` : '';
  const redrawn = now && asImage(now.look.reconstruction);
  if (redrawn) show(canvas('redrawn'), redrawn);
  const narrow = now?.look.correction && asImage(now.look.correction);
  if (narrow) show(canvas('narrow'), narrow);
  node('narrow-figure').hidden = !opened?.cards.corrector;
  node('redrawn-caption').textContent = run ? 'attacked, redrawn' : 'original, redrawn';
  /** @type {Record<string, import('./compare.js').View>} */
  const views = {
    original: { name: 'original', image: () => original },
    attacked: { name: 'attacked', image: () => attacked },
    noise: { name: `noise, ×${times.toFixed(0)}`, image: () => noise },
    redrawn: { name: 'redrawn', image: () => redrawn },
    narrow: { name: 'redrawn narrowly', image: () => narrow },
    lost: { name: 'what redrawing changed', image: () => now && asDifference(now.values, now.look.reconstruction, 1) },
  };
  closer.views = [views[select('left').value], views[select('right').value]];
  closer.draw();
}

function renderSteps() {
  const steps = run?.steps ?? [];
  const total = run?.pgd.max_iter ?? settings.max_iter;
  const slider = input('step');
  slider.disabled = steps.length < 2 || run?.is === 'running';
  slider.max = String(Math.max(1, steps.length - 1));
  slider.value = String(at);
  slider.ariaValueText = `step ${at} of ${total}`;
  node('step-now').textContent = steps.length > 0 ? `${at} of ${total}` : '–';
  chart.update(node('chart-loss'), 'Loss of the attack by step', {
    values: steps.map((step) => step.progress.loss),
    steps: total,
    at,
  });
  chart.update(node('chart-score'), 'Divergence between the looks by step', {
    values: steps.map((step) => step.look.verdict.score),
    steps: total,
    at,
    line: opened && threshold(),
  });
}

/** @param {number | undefined} score */
function renderScale(score) {
  const limit = threshold();
  input('threshold').value = String(scale.place(limit) * scale.STEPS);
  input('threshold').ariaValueText = `${nats(limit)} nats`;
  node('threshold-now').textContent = opened ? nats(limit) : '–';
  node('threshold-reset').hidden = settings.threshold === null;
  node('threshold').parentElement?.style.setProperty('--threshold', String(scale.place(limit)));
  /** @param {string} id @param {number | undefined} value */
  const mark = (id, value) => {
    node(`mark-${id}`).hidden = value === undefined;
    node(`mark-${id}`).style.setProperty('--place', String(scale.place(value ?? 0)));
    node(`score-${id}`).textContent = value === undefined ? '–' : nats(value);
  };
  mark('clean', picture?.look?.verdict.score);
  mark('now', score);
}

/** @param {ReturnType<typeof shown>} now */
function renderVerdict(now) {
  const state = html.dataset.state;
  if (state === 'loading' || state === 'error' || !now) return;
  if (state === 'running') {
    wait(
      `${run?.is === 'paused' ? 'Paused' : 'Attacking'}: step ${at} of ${run?.pgd.max_iter}`,
      `The classifier says ${likeliest(now.look.verdict.first)}, ${percent(Math.max(...now.look.verdict.first))}.`,
    );
    return;
  }
  const before = run && run.steps.length > 0 ? picture?.look?.verdict : undefined;
  const wanted = run?.pgd.targeted ? run.from : '';
  const { kind, headline, detail } = verdictInWords(judge(now.look.verdict, threshold()), before, wanted);
  const cut = run?.is === 'cancelled' && run.steps.length > 0 ? `Cancelled after step ${run.steps.length - 1}. ` : '';
  node('verdict').dataset.kind = kind;
  node('headline').textContent = cut + headline;
  node('detail').textContent = detail;
}

/** The models' cards, as lists of what they say. */
function showCards() {
  if (!opened) return;
  /** @param {string} title @param {Card} card */
  const describe = (title, card) => {
    const { training, figures, detector, architecture } = card;
    const { model, ...network } = /** @type {Record<string, unknown>} */ (architecture);
    const lines = [Object.entries(network).map(([key, value]) => (key === 'name' ? value : `${key} ${value}`)).join(', ')];
    if (training) {
      const { data, protocol, pictures: count, epochs } = training;
      lines.push(`learned from ${count.toLocaleString('en')} pictures (${data}, protocol ${protocol}), ${epochs} times over`);
    }
    for (const [name, value] of Object.entries(figures ?? {})) lines.push(`${name.replaceAll('_', ' ')}: ${value.toFixed(3)}`);
    if (detector) lines.push(`threshold: ${nats(detector.threshold)} nats (${detector.divergence.direction} KL, temperature ${detector.divergence.temperature})`);
    lines.push(`licence: ${card.licence}`);
    const list = element('dd');
    list.append(...lines.map((line) => element('span', 'line', line)));
    return [element('dt', '', title), list];
  };
  const { classifier, autoencoder, corrector } = opened.cards;
  node('cards').replaceChildren(
    ...describe('Classifier', classifier),
    ...describe('Autoencoder', autoencoder),
    ...(corrector ? describe('Corrector', { ...corrector, detector: undefined }) : []),
  );
}

// ---- What is chosen -------------------------------------------------------------------------------------------

function remember() {
  history.replaceState(null, '', address.write(settings));
}

function showSettings() {
  select('norm').value = settings.norm;
  select('target').value = settings.target;
  select('backend').value = settings.backend;
  select('autoencoder').value = settings.autoencoder;
  const { most } = address.NORMS[settings.norm];
  for (const name of /** @type {const} */ (['eps', 'eps_step'])) {
    input(name).min = '0';
    input(name).max = String(most);
    input(name).value = String(settings[name]);
  }
  input('max_iter').min = '1';
  input('max_iter').max = String(address.MOST_STEPS);
  input('max_iter').value = String(settings.max_iter);
  select('preset').value = presetOf();
}

/** @returns {'tutorial' | 'strong' | 'custom'} */
function presetOf() {
  const same = (/** @type {typeof address.PRESETS.tutorial} */ preset) =>
    settings.norm === 'linf' && settings.eps === preset.eps && settings.eps_step === preset.eps_step && settings.max_iter === preset.max_iter;
  if (same(address.PRESETS.tutorial)) return 'tutorial';
  return same(address.PRESETS.strong) ? 'strong' : 'custom';
}

/** What is chosen now is not what was run. */
function changed() {
  settings.run = false;
  showSettings();
  remember();
}

function listen() {
  const form = get('attack', HTMLFormElement);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (run?.is === 'running') goOn('paused', 'pause');
    else if (run?.is === 'paused') goOn('running', 'run');
    else attack('run');
  });
  button('once').addEventListener('click', () => {
    if (run?.is === 'paused') goOn('paused', 'once');
    else if (form.reportValidity()) attack('once');
  });
  button('cancel').addEventListener('click', () => lab.pace('cancel'));
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && html.dataset.state === 'running') lab.pace('cancel');
  });
  input('step').addEventListener('input', () => {
    at = Number(input('step').value);
    requestRender();
  });

  select('preset').addEventListener('change', () => {
    const name = select('preset').value;
    if (name === 'custom') return;
    Object.assign(settings, { norm: 'linf' }, address.PRESETS[/** @type {'tutorial' | 'strong'} */ (name)]);
    changed();
  });
  select('norm').addEventListener('change', () => {
    settings.norm = /** @type {address.Norm} */ (select('norm').value);
    const { eps, eps_step, max_iter } = address.NORMS[settings.norm];
    Object.assign(settings, { eps, eps_step, max_iter });
    changed();
  });
  select('target').addEventListener('change', () => {
    settings.target = /** @type {Class | ''} */ (select('target').value);
    changed();
  });
  for (const name of /** @type {const} */ (['eps', 'eps_step', 'max_iter'])) {
    input(name).addEventListener('change', () => {
      // 0 is the least that the field can say, but no distance.
      input(name).setCustomValidity(input(name).valueAsNumber === 0 ? 'Choose a value above 0.' : '');
      if (!input(name).reportValidity()) return;
      settings[name] = input(name).valueAsNumber;
      changed();
    });
  }
  select('backend').addEventListener('change', () => {
    settings.backend = /** @type {'auto' | 'webgpu' | 'cpu'} */ (select('backend').value);
    remember();
    boot(settings.backend);
  });

  select('autoencoder').addEventListener('change', () => {
    // Another second look: the picture stays, what was seen of it does not, nor does a threshold for other scores.
    Object.assign(settings, { autoencoder: select('autoencoder').value, threshold: null, run: false });
    if (picture) picture.look = undefined;
    run = undefined;
    at = 0;
    remember();
    boot(settings.backend);
  });

  input('threshold').addEventListener('input', () => {
    settings.threshold = scale.value(Number(input('threshold').value) / scale.STEPS);
    requestRender();
  });
  input('threshold').addEventListener('change', remember);
  button('threshold-reset').addEventListener('click', () => {
    settings.threshold = null;
    remember();
    render();
    input('threshold').focus();
  });

  for (const id of ['file', 'camera']) {
    input(id).addEventListener('change', () => {
      openOwn(input(id).files?.[0]);
      input(id).value = ''; // the same file can be chosen again
    });
  }
  document.addEventListener('paste', (event) => openOwn(event.clipboardData?.files[0]));
  const hasFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files');
  document.addEventListener('dragover', (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    node('drop').hidden = false;
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) node('drop').hidden = true;
  });
  document.addEventListener('drop', (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    node('drop').hidden = true;
    openOwn(event.dataTransfer?.files[0]);
  });

  for (const id of ['left', 'right']) select(id).addEventListener('change', render);
  select('mode').addEventListener('change', () => {
    closer.swipe = select('mode').value === 'swipe';
    node('swipe-field').hidden = !closer.swipe;
    closer.draw();
  });
  input('zoom').addEventListener('input', () => {
    closer.zoom = input('zoom').valueAsNumber;
    node('zoom-now').textContent = `${closer.zoom}×`;
    closer.draw();
  });
  input('swipe').addEventListener('input', () => {
    closer.seam = input('swipe').valueAsNumber / 100;
    closer.draw();
  });

  button('copy').addEventListener('click', async () => {
    remember();
    try {
      await navigator.clipboard.writeText(location.href);
      node('share-says').textContent = 'The link is in the clipboard.';
    } catch {
      node('share-says').textContent = `Copy it from here: ${location.href}`;
    }
  });
  button('qr').addEventListener('click', showQr);
  button('save-png').addEventListener('click', savePng);
  button('save-json').addEventListener('click', saveJson);
  button('notice-close').addEventListener('click', () => (node('notice').hidden = true));
}

// ---- To take away ---------------------------------------------------------------------------------------------

async function showQr() {
  remember();
  const svg = await lab.qr(location.href);
  get('qr-picture', HTMLImageElement).src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  node('qr-text').textContent = location.href;
  node('qr-local').hidden = !['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);
  get('qr-dialog', HTMLDialogElement).showModal();
}

/** @param {BlobPart} content @param {string} type @param {string} name */
function save(content, type, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const stem = () => `second-look-${settings.sample || 'picture'}`;

async function savePng() {
  if (run?.is !== 'done' || !picture?.look) return;
  const mine = run;
  const last = mine.steps[mine.steps.length - 1];
  const bytes = await lab.png(last.picture);
  save(bytes, 'image/png', `${stem()}-attacked.png`);
  mine.rounded = await lab.look(await lab.decode(new Blob([bytes])));
  const [before, after] = [likeliest(last.look.verdict.first), likeliest(mine.rounded.verdict.first)];
  const sure = percent(Math.max(...mine.rounded.verdict.first));
  const original = likeliest(picture.look.verdict.first);
  node('share-says').textContent =
    before === original
      ? `The attack had not changed the answer; in the file, rounded to 8 bits, it is ${after}, ${sure}.`
      : after === before
        ? `Rounding to 8 bits kept the attack alive: the file is still taken for: ${after}, ${sure}.`
        : `Rounding to 8 bits broke the attack: the file is taken for: ${after}, ${sure}.`;
}

function saveJson() {
  if (run?.is !== 'done' || !opened || !picture?.look) return;
  const { steps, pgd, from, rounded } = run;
  const verdict = judge(steps[steps.length - 1].look.verdict, threshold());
  const original = judge(picture.look.verdict, threshold());
  const content = {
    page: location.href,
    picture: settings.sample || 'own',
    backend: html.dataset.backend,
    classes: address.CLASSES,
    models: opened.cards,
    attack: { ...pgd, class: from },
    original,
    steps: steps.map(({ progress, look: { verdict: seen } }) => ({
      t: progress.t,
      loss: progress.loss,
      distance: progress.distance,
      first: seen.first,
      second: seen.second,
      divergence: seen.score,
    })),
    predictions: { original: original.first, attacked: verdict.first, second_look: verdict.second, correction: verdict.correction },
    losses: steps.map((step) => step.progress.loss),
    divergence: verdict.score,
    threshold: verdict.threshold,
    verdict,
    ...(rounded && { rounded_to_8_bits: judge(rounded.verdict, threshold()) }),
  };
  save(JSON.stringify(content, null, 2), 'application/json', `${stem()}.json`);
  node('share-says').textContent = 'The run is saved.';
}

// ---- The beginning --------------------------------------------------------------------------------------------

function build() {
  for (const id of ['bars-original', 'bars-attacked', 'bars-second']) bars.build(node(id));
  select('target').append(...address.CLASSES.map((name) => new Option(name)));
  const views = { original: 'original', attacked: 'attacked', noise: 'noise, amplified', redrawn: 'redrawn', narrow: 'redrawn narrowly', lost: 'what redrawing changed' };
  for (const [id, start] of [['left', 'original'], ['right', 'attacked']]) {
    select(id).append(...Object.entries(views).map(([value, name]) => new Option(name, value)));
    select(id).value = start;
  }
  node('ticks').append(
    ...scale.TICKS.map((tick) => {
      const mark = element('span', 'tick', String(tick));
      mark.style.setProperty('--place', String(scale.place(tick)));
      return mark;
    }),
  );
  node('samples').append(
    ...samples.SAMPLES.map((id) => {
      const label = element('label', 'sample');
      const radio = document.createElement('input');
      Object.assign(radio, { type: 'radio', name: 'sample', value: id, className: 'unseen' });
      radio.addEventListener('change', () => {
        settings.run = false;
        openSample(id);
      });
      const image = document.createElement('img');
      Object.assign(image, { src: samples.address(id).href, alt: samples.title(id), title: samples.title(id), width: 48, height: 48 });
      label.append(radio, image);
      return label;
    }),
  );
}

build();
listen();
showSettings();
if (complaints.length > 0) notify(`The address asks for what there is not. ${complaints.join(' ')}`);
boot(settings.backend);

// Kept for when there is no network; browsers allow it only to pages that come safely.
navigator.serviceWorker?.register(new URL('sw.js', import.meta.url)).catch(() => {});
navigator.serviceWorker?.ready.then(() => {
  node('offline').textContent = 'Saved on this machine: works without a network from now on.';
});
