// @ts-check
// What can be taken away: the link, its QR code, the attacked picture, and the run in numbers.

import { judge } from '../core.js';
import { get } from '../dom.js';
import { client, sentence } from '../session.js';
import { outcome, query, runRounded, said, threshold } from '../state.js';
import { Gone } from '../worker/client.js';
import { roundingInWords } from '../words.js';

/** @typedef {import('../store.js').Store} Store */

/** @type {ParentNode} */
let panel;

/** @param {ParentNode} root @param {Store} store */
export function mount(root, store) {
  panel = root;
  /** @param {string} id @param {(store: Store) => Promise<void> | void} what */
  const on = (id, what) =>
    get(root, id, HTMLButtonElement).addEventListener('click', async () => {
      try {
        await what(store);
      } catch (error) {
        if (!(error instanceof Gone)) store.update(said, `That did not work: ${sentence(error)}.`);
      }
    });
  on('copy', copy);
  on('qr', showQr);
  on('save-png', savePng);
  on('save-json', saveJson);
}

/** @param {import('../state.js').State} state */
export function render({ phase, says }) {
  for (const id of ['save-png', 'save-json']) get(panel, id, HTMLButtonElement).disabled = phase !== 'done';
  const line = get(panel, 'share-says', HTMLElement);
  if (line.textContent !== says) line.textContent = says;
}

/** @param {Store} store */
const link = ({ state }) => new URL(query(state), location.href).href;

/** @param {Store} store */
async function copy(store) {
  const address = link(store);
  const says = await navigator.clipboard.writeText(address).then(
    () => 'The link is in the clipboard.',
    () => `Copy it from here: ${address}`,
  );
  store.update(said, says);
}

/** @param {Store} store */
async function showQr(store) {
  const address = link(store);
  const worker = client();
  if (!worker) return store.update(said, `The QR code needs the networks’ program, which is not loaded. The link: ${address}`);
  const svg = await worker.qr(address);
  get(document, 'qr-picture', HTMLImageElement).src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  get(document, 'qr-text', HTMLElement).textContent = address;
  get(document, 'qr-local', HTMLElement).hidden = !['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);
  get(document, 'qr-dialog', HTMLDialogElement).showModal();
}

/** @param {BlobPart} content @param {string} type @param {string} name */
export function save(content, type, name) {
  const anchor = document.createElement('a');
  anchor.href = URL.createObjectURL(new Blob([content], { type }));
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
}

/** @param {import('../state.js').Source} source */
const stem = (source) => `second-look-${source.kind === 'sample' ? source.id : 'picture'}`;

/** @param {Store} store */
async function savePng(store) {
  const { state } = store;
  const worker = client();
  if (state.phase !== 'done' || !state.constants || !worker) return;
  const { run, shown, constants } = state;
  const result = outcome(run);
  const bytes = await worker.png(result.picture);
  save(bytes, 'image/png', `${stem(shown.source)}-attacked.png`);
  const rounded = await worker.detect(await worker.decode(new Blob([bytes])));
  if (store.state.run?.id !== run.id) return; // another picture or attack is shown by now
  store.update(runRounded, run.id, rounded);
  const verdicts = { original: shown.detection.verdict, before: result.detection.verdict, after: rounded.verdict };
  store.update(said, roundingInWords({ ...verdicts, classes: constants.classes }));
}

/** @param {Store} store */
function saveJson(store) {
  const { state } = store;
  if (state.phase !== 'done') return;
  const { run, shown, networks, constants } = state;
  const limit = threshold(state);
  const { source } = shown;
  const content = {
    page: link(store),
    picture: source.kind === 'sample' ? source.id : 'own',
    backend: run.webgpu ? 'webgpu' : 'cpu',
    classes: constants?.classes,
    models: networks.cards,
    attack: { ...run.config, class: run.from },
    attacker: run.shape.attacker,
    threshold: limit,
    original: judge(shown.detection.verdict, limit),
    steps: run.steps.map(({ step: { restart, t, loss, distance, queries }, detection: { verdict } }) => ({
      ...(run.shape.restarts > 1 && { restart }),
      t,
      loss,
      distance,
      ...(queries && { queries }),
      prediction: verdict.prediction,
      reconstruction_prediction: verdict.reconstruction_prediction,
      score: verdict.score,
    })),
    kept: run.kept ?? run.steps.length - 1,
    verdict: judge(outcome(run).detection.verdict, limit),
    ...(run.rounded && { rounded_to_8_bits: judge(run.rounded.verdict, limit) }),
  };
  save(JSON.stringify(content, null, 2), 'application/json', `${stem(source)}.json`);
  store.update(said, 'The run is saved.');
}
