// @ts-check
// The results as files: a table (CSV) with a row for each picture, all of it (JSON), and the charts in one picture.

import { judge, ranked } from '../../core.js';
import { curveOf, figures, sweepOf, confusion } from './figures.js';
import { wilson } from './intervals.js';
import { attackInWords, attackerOf, cautionOf } from './words.js';

/** @typedef {import('./figures.js').Row} Row */
/** @typedef {import('./state.js').Run} Run */

/**
 * A cell of a table. Names of files that a spreadsheet would take for a formula are marked as text.
 * @param {string | number | boolean | null | undefined} value
 */
export function cell(value) {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? '');
  return /[",\n\r]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {readonly Parameters<typeof cell>[0][]} cells */
const lineOf = (cells) => `${cells.map(cell).join(',')}\r\n`;

/**
 * The same columns as `second-look evaluate` writes, before them the picture's name, and after them whether it is a drawing;
 * line by line.
 * @param {Run} run @param {number} limit
 */
export function* csv({ source, rows, config, shape, sweep, classes }, limit) {
  const head = ['picture', 'index', 'class', 'clean_prediction', 'clean_score', 'clean_adversarial', 'clean_answer', 'attack', 'attacker', 'norm', 'eps', 'prediction', 'reconstruction_prediction', 'corrected_prediction', 'score', 'adversarial', 'answer', 'distance', 'queries', 'familiar', 'drawn'];
  yield lineOf([...head, ...sweep.flatMap((eps) => [`prediction_at_eps_${eps}`, `score_at_eps_${eps}`, `answer_at_eps_${eps}`])]);
  const likeliest = (/** @type {readonly number[] | null | undefined} */ probabilities) => probabilities && ranked(classes, probabilities)[0].name;
  const { attack, norm, eps } = config;
  for (const { index, name, label, familiar, attacked, sweep: others, ...row } of inOrder(rows)) {
    const [clean, verdict] = [judge(row.clean, limit), judge(attacked.verdict, limit)];
    yield lineOf([
      ...[name, index, label, clean.answer_if_clean, clean.score, clean.adversarial, clean.answer],
      ...[attack, shape.attacker, norm, eps],
      ...[verdict.answer_if_clean, likeliest(verdict.reconstruction_prediction), likeliest(verdict.corrected_prediction)],
      ...[verdict.score, verdict.adversarial, verdict.answer, attacked.distance, attacked.queries, familiar, source.drawn],
      ...others.map((other) => judge(other.verdict, limit)).flatMap((other) => [other.answer_if_clean, other.score, other.answer]),
    ]);
  }
}

/** They came from several workers. @param {readonly Row[]} rows */
const inOrder = (rows) => rows.toSorted((a, b) => a.index - b.index);

/**
 * Everything, row by row.
 * @param {Run} run @param {number} limit @param {string} page its address
 */
export function* json(run, limit, page) {
  const { rows, skipped, source, list, config, shape, target, networks, classes, phase } = run;
  const { labelled, ...counts } = figures(rows, limit);
  const withInterval = (/** @type {import('./figures.js').Share} */ { count, of }) => ({ count, of, ...(of > 0 && { share: count / of, interval: wilson(count, of) }) });
  const content = {
    page,
    pictures: { source: source.kind, title: source.title, drawn: source.drawn ?? null, caution: cautionOf(run), of: source.count, asked_for: list.length, computed: rows.length, labelled },
    complete: phase === 'done',
    attack: config,
    attacker: shape.attacker,
    ...(target && { target }),
    backend: run.webgpu ? 'webgpu' : 'cpu',
    sums: networks.sums,
    models: networks.cards,
    classes,
    threshold: limit,
    figures: Object.fromEntries(Object.entries(counts).map(([name, share]) => [name, withInterval(share)])),
    auc: curveOf(rows, limit)?.area,
    confusion: Object.fromEntries(/** @type {const} */ (['before', 'after', 'answer']).map((which) => [which, confusion(rows, limit, which, classes)])),
    ...(run.sweep.length > 0 && config.eps && { eps: sweepOf(rows, limit, config.eps).map(({ eps, classifier, answer }) => ({ eps, classifier: withInterval(classifier), answer: withInterval(answer) })) }),
    without_result: skipped,
  };
  yield `${JSON.stringify(content, null, 2).slice(0, -2)},\n  "rows": [`;
  let between = '';
  for (const { clean, attacked, sweep, ...row } of inOrder(rows)) {
    const others = sweep.map((one) => ({ ...one, verdict: judge(one.verdict, limit) }));
    yield `${between}\n    ${JSON.stringify({ ...row, clean: judge(clean, limit), ...attacked, verdict: judge(attacked.verdict, limit), sweep: others })}`;
    between = ',';
  }
  yield '\n  ]\n}\n';
}

/** Milliseconds after which the page has its turn. */
const TURN = 15;

/** A file of these pieces, put together while the page goes on. @param {Iterable<string>} pieces @returns {Promise<Blob>} */
export async function file(pieces) {
  const all = [];
  let due = performance.now() + TURN;
  for (const piece of pieces) {
    all.push(piece);
    if (performance.now() < due) continue;
    await new Promise((resolve) => setTimeout(resolve));
    due = performance.now() + TURN;
  }
  return new Blob(all);
}

// ---- The charts ---------------------------------------------------------------------------------------------------

const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, PAD, LINE, SIZE] = [1200, 40, 34, 540];
/** Of what is drawn, as files have no style sheet. */
const LOOK = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'r', 'font-size', 'font-family', 'text-anchor'];

/** @param {string} text @param {number} y @param {number} size */
function written(text, y, size) {
  const node = document.createElementNS(SVG, 'text');
  for (const [name, value] of Object.entries({ x: PAD, y, 'font-size': size, 'font-family': 'sans-serif' })) node.setAttribute(name, String(value));
  node.textContent = text;
  return node;
}

/** A drawing with the look that it has on the page, if it is there. @param {SVGElement} drawing */
function withLook(drawing) {
  const copy = /** @type {SVGElement} */ (drawing.cloneNode(true));
  if (!drawing.isConnected) return copy;
  const [from, to] = [drawing, copy].map((root) => [root, ...root.querySelectorAll('*')]);
  from.forEach((node, i) => {
    const look = getComputedStyle(node);
    for (const name of LOOK) {
      const value = look.getPropertyValue(name);
      if (value) to[i].setAttribute(name, value);
    }
  });
  return copy;
}

/**
 * The drawings side by side, with what they hold for above them, as a PNG.
 * @param {Run} run
 * @param {readonly {title: string, drawing: SVGElement}[]} charts
 * @returns {Promise<Blob>}
 */
export async function png(run, charts) {
  const { color, backgroundColor } = getComputedStyle(document.body);
  const top = PAD + 3 * LINE;
  const height = top + Math.ceil(charts.length / 2) * (SIZE + 2 * LINE) + PAD / 2;
  const sheet = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({ width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}`, fill: color })) sheet.setAttribute(name, String(value));
  const { source, rows } = run;
  sheet.append(written(`Second Look: ${rows.length} of ${source.count} ${source.title}`, PAD + 10, 26), written(attackInWords(run), PAD + 10 + LINE, 20), written(`Against ${attackerOf(run)}`, PAD + 10 + 2 * LINE, 20));
  charts.forEach(({ title, drawing }, i) => {
    const [x, y] = [PAD + (i % 2) * (SIZE + PAD), top + Math.floor(i / 2) * (SIZE + 2 * LINE)];
    const head = written(title, y + LINE, 20);
    head.setAttribute('x', String(x));
    const copy = withLook(drawing);
    for (const [name, value] of Object.entries({ x, y: y + 1.5 * LINE, width: SIZE, height: SIZE })) copy.setAttribute(name, String(value));
    sheet.append(head, copy);
  });
  const image = new Image();
  const address = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(sheet)], { type: 'image/svg+xml' }));
  try {
    image.src = address;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height });
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    context.fillStyle = backgroundColor;
    context.fillRect(0, 0, WIDTH, height);
    context.drawImage(image, 0, 0);
    return await new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the browser draws no picture')))));
  } finally {
    URL.revokeObjectURL(address);
  }
}
