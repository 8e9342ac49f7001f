// @ts-check
// What the page says.

import { judge, ranked } from './core.js';
import { DEFAULT, megabytesOf, nameOf } from './models.js';
import { current, isCovered, isUnfamiliar, lastStep, median, outcome, prepared, starting, succeeded, threshold } from './state.js';

/** @typedef {import('./core.js').Class} Class */
/** @typedef {import('./core.js').Verdict} Verdict */
/** @typedef {import('./state.js').Run} Run */
/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Attacked} Attacked */
/** @typedef {'wait' | 'good' | 'bad' | 'mixed' | 'plain'} Kind `plain`: no judgement on whether the answer is right */
/** @typedef {{kind: Kind, headline: string, detail: string, numbers: string}} Message `numbers`: for who asks for them */
/** @typedef {{lead: string, word: string, sure: string, note: string, tone: 'plain' | 'fooled' | 'bad'}} Look a word below a picture, and what is said with it */

/** @param {number} share */
export const percent = (share) => `${(share * 100).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)}\u00a0%`; // kept on one line

/** A divergence or loss, with as many digits as say something. @param {number} value */
export const nats = (value) => (value < 0.095 ? value.toFixed(3) : value < 9.95 ? value.toFixed(2) : value.toFixed(1));

/** @param {string} word */
const capital = (word) => word[0].toUpperCase() + word.slice(1);

/** A length in the grey levels that a pixel's 8 bits tell apart. @param {number} length */
export const levels = (length) => `${Number((length * 255).toFixed(1))}/255`;

/** Two probabilities of a class are worth a word when they are this far apart. */
const APART = 0.1;

/** What the page says in its headline. @param {State} state @returns {Message} */
export function message(state) {
  switch (state.phase) {
    case 'loading': {
      const now = starting(state);
      if (now === undefined) return { kind: 'wait', headline: 'Looking at the picture …', detail: '', numbers: '' };
      const what = now.classifier === DEFAULT ? 'the networks' : `${nameOf(now.classifier)} and its autoencoder`;
      const share = loaded(state) ?? 0;
      const whole = megabytesOf(now.classifier, now.autoencoder).toFixed(1);
      const come = now.bytes > 0 ? ` ${(now.bytes / 1e6).toFixed(1)} of ${whole}\u00a0MB` : '';
      return {
        kind: 'wait',
        headline: share < 1 ? `Loading ${what} …${come}` : `Starting ${what} …`,
        detail: 'They run on your machine. Nothing that you open here leaves it.',
        numbers: '',
      };
    }
    case 'error':
      return state.why
        ? { kind: 'bad', headline: 'This does not work.', detail: state.why, numbers: '' }
        : { kind: 'wait', headline: 'There is no picture yet.', detail: 'Choose a sample, or open a picture of your own.', numbers: '' };
    case 'running':
      return underWay(state);
    case 'paused': {
      const { headline, ...rest } = judgement(state);
      return { ...rest, headline: `Paused at step ${stepName(state.run)}. ${headline}` };
    }
    case 'ready': {
      const { headline, ...rest } = judgement(state);
      return { ...rest, headline: `${state.run ? `Cancelled after step ${state.run.steps.length - 1}. ` : ''}${headline}` };
    }
    default:
      return judgement(state);
  }
}

/**
 * The share of the weights that has come, from 0 to 1; nothing while none are awaited. The sizes that it is reckoned from
 * are rounded.
 * @param {State} state
 */
export function loaded(state) {
  const now = starting(state);
  if (!now) return undefined;
  const share = now.bytes / (megabytesOf(now.classifier, now.autoencoder) * 1e6);
  return share > 0.99 ? 1 : share;
}

/** The step that is shown, among all. @param {Run} run @returns {string} */
export function stepName({ config, shape, steps, at }) {
  const { restart = 0, t = at } = steps[at]?.step ?? {};
  // Some attacks begin anew from the same place, with another weight.
  const begun = (config.num_random_init ?? 0) > 1 ? 'start' : 'round';
  return `${t} of ${shape.steps}${shape.restarts > 1 ? `, ${begun} ${restart + 1} of ${shape.restarts}` : ''}`;
}

/** How often the attacker has asked, where that is counted. @param {Run | undefined} run */
export function queries(run) {
  const asked = run?.steps[run.at]?.step.queries;
  return asked ? `${asked} ${asked === 1 ? 'question' : 'questions'} asked` : '';
}

/** What each attacker does, in a sentence. @type {Partial<Record<import('./core.js').AttackName, string>>} */
const DOES = {
  pgd: 'Step by step, every pixel changes a little, so that the classifier errs. The detector is not known.',
  'selective-pgd': 'First until the classifier errs, then until the score is low, and so on in turn.',
  'orthogonal-pgd': 'The same, but a step against one of the two leaves the other one alone.',
  corrector: 'The picture is to be noticed, and the corrected answer to be wrong.',
  square: 'No look inside: random squares are changed, and kept when they help.',
};

/** @param {import('./core.js').AttackName} name */
export const does = (name) => DOES[name] ?? 'See “More attacks”.';

/** @param {number} ms */
function duration(ms) {
  if (ms < 995) return `${Number(ms.toPrecision(ms < 100 ? 1 : 2))}\u00a0ms`;
  if (ms < 99_500) return `${ms < 9950 ? (ms / 1000).toFixed(1) : (ms / 1000).toFixed(0)}\u00a0s`;
  return `${(ms / 60_000).toFixed(0)}\u00a0minutes`;
}

/**
 * How long the attack that is chosen takes, or what is left of the one under way; '' as long as no step was measured.
 * @param {State} state
 * @param {(steps: number) => number} shownFor how long so many steps are shown at least, in milliseconds
 */
export function attackTime({ phase, networks, attack, run, constants }, shownFor) {
  if (!networks || !attack || !constants) return '';
  if (phase === 'running' || phase === 'paused') {
    const step = run.times.length > 0 ? median(run.times) : 0;
    const left = lastStep(run.shape) + 1 - run.steps.length;
    return left > 0 && left * step > 2000 ? `A step takes about ${duration(step)} on this device; about ${duration(left * step)} to go.` : '';
  }
  if (networks.stepTime === undefined) return '';
  const { shape } = prepared(attack, constants);
  const step = networks.stepTime * shape.cost;
  const whole = Math.max((lastStep(shape) + 1) * step, shownFor(shape.steps));
  const count = shape.restarts * shape.steps;
  const steps = count === 1 ? '' : `, the ${count} of this attack ${duration(whole)}`;
  return `A step takes about ${duration(step)} on this device${steps}.`;
}

/** @param {Attacked} state @returns {Message} */
function underWay(state) {
  const { run, shown, constants } = state;
  const total = run.shape.steps;
  const sought = run.search && run.config.eps ? `, eps ${inWords(run.config)}` : '';
  const headline =
    run.pace === 'once' && run.steps.length <= total
      ? `Computing step ${Math.max(1, run.steps.length)} of ${total} …`
      : `Attacking: step ${stepName(run)}${sought}`;
  const verdict = judge((current(state)?.detection ?? shown.detection).verdict, threshold(state));
  const { prediction, answer_if_clean, adversarial } = verdict;
  const known = run.shape.attacker === 'defence' && !isCovered(state);
  const watched = known ? ` The detector ${adversarial ? 'notices' : 'does not notice'}: score ${nats(verdict.score)}, threshold ${nats(verdict.threshold)}.` : '';
  if (isUnfamiliar(state)) return { kind: 'wait', headline, detail: `${UNFAMILIAR}.${watched}`, numbers: '' };
  const closest = shown.source.kind === 'own' ? 'closest to ' : '';
  const sure = constants ? `, ${percent(sureOf(prediction, constants.classes, answer_if_clean))}` : '';
  return { kind: 'wait', headline, detail: `The classifier says: ${closest}${answer_if_clean}${sure}.${watched}`, numbers: '' };
}

/** eps, in grey levels where it is a change of single values. @param {import('./core.js').AttackConfig} config */
const inWords = ({ norm, eps }) => (norm === 'linf' ? levels(eps ?? 0) : String(eps));

/** @param {Exclude<State, {phase: 'loading' | 'error'}>} state @returns {Message} */
function judgement(state) {
  const { shown, run, constants } = state;
  const seen = current(state)?.detection ?? shown.detection;
  const said = verdictInWords({
    verdict: judge(seen.verdict, threshold(state)),
    clean: run && run.steps.length > 0 ? shown.detection.verdict : undefined,
    wanted: run?.target ?? '',
    own: shown.source.kind === 'own',
    covered: isCovered(state),
    classes: constants?.classes ?? [],
    knows: run && knowledge(run),
  });
  if (isUnfamiliar(state)) return unfamiliar(state, said.numbers);
  const result = run && outcome(run);
  if (!run || !result || state.phase !== 'done' || run.steps[run.at] !== result) return said;
  const asked = queries(run);
  const needed = run.search ? searched(state, run, result) : asked && `${asked}.`;
  return needed ? { ...said, detail: `${needed} ${said.detail}`.trim() } : said;
}

/** No class, and no judgement on one. */
const UNFAMILIAR = 'This looks like none of the ten things that it knows';

/** @param {Exclude<State, {phase: 'loading' | 'error'}>} state @param {string} numbers @returns {Message} */
function unfamiliar(state, numbers) {
  const { shown, run } = state;
  const { verdict, familiarity } = shown.detection;
  const now = judge((current(state)?.detection ?? shown.detection).verdict, threshold(state));
  const share = `${percent(familiarity?.familiarity ?? 0)} of the photographs that it was tried on were no more familiar.`;
  const changed = now.answer_if_clean !== verdict.answer_if_clean;
  const noticed = isCovered(state) ? '' : ` The detector ${now.adversarial ? 'notices' : 'does not notice'} it.`;
  const detail =
    run && run.steps.length > 0
      ? `${changed ? 'The attack changes what it names' : 'What it names stays the same'}, which means nothing here.${noticed}`
      : 'It has to name one of the ten all the same: for this picture that means nothing.';
  return { kind: 'mixed', headline: `${UNFAMILIAR}.`, detail, numbers: numbers && `${share} ${numbers}` };
}

/** What it took. @param {State} state @param {Run} run @param {import('./core.js').WatchedStep} result */
function searched(state, run, result) {
  const { config, steps } = run;
  const bound = config.eps ? `eps ${inWords(config)}` : '';
  if (!succeeded(state, run, result.detection)) return `Not even ${bound || 'an attack without a bound'} was enough.`;
  const made = `${steps.length - 1} ${steps.length === 2 ? 'step' : 'steps'}`;
  const spent = inWords({ ...config, eps: Number(result.step.distance.toPrecision(3)) });
  return `Needed ${bound}${bound && ' and '}${made}: a change of ${spent}.`;
}

/** What an attacker knows, as far as words differ. */
const KNOWS = {
  nothing: 'This attack was random noise.',
  classifier: 'This attacker knows the classifier only.',
  detector: 'This attacker knows the detector, too.',
  corrector: 'This attacker knows the detector and the corrector, too.',
  queries: 'This attacker sees answers only.',
};

/** @typedef {keyof typeof KNOWS} Knowledge */

/** @param {Run} run @returns {Knowledge} */
function knowledge({ config, shape: { attacker } }) {
  if (attacker === 'defence') return config.attack === 'corrector' ? 'corrector' : 'detector';
  return attacker === 'transfer' ? 'classifier' : attacker;
}

/** @param {readonly number[]} probabilities @param {readonly Class[]} classes @param {Class} name */
const sureOf = (probabilities, classes, name) => probabilities[classes.indexOf(name)];

/**
 * The three words. Of a picture of the visitor's own they say what it is closest to, and nothing about right and wrong.
 * @param {State} state
 * @returns {{original: Look, attacked: Look, second: Look}}
 */
export function looks(state) {
  const { shown, run, constants } = state;
  /** @type {Look} */
  const nothing = { lead: '', word: '…', sure: '', note: '', tone: 'plain' };
  if (!shown || !constants) return { original: nothing, attacked: nothing, second: nothing };
  const { classes } = constants;
  const own = shown.source.kind === 'own';
  const clean = shown.detection.verdict;
  const verdict = judge((current(state)?.detection ?? shown.detection).verdict, threshold(state));
  const first = verdict.answer_if_clean;
  const fooled = first !== clean.answer_if_clean;
  const attacked = run !== undefined && run.steps.length > 0;
  /** @param {Class} word @param {readonly number[]} probabilities @param {string} note @param {Look['tone']} [tone] @returns {Look} */
  const look = (word, probabilities, note, tone = 'plain') => ({ lead: own ? 'closest to' : '', word, sure: percent(sureOf(probabilities, classes, word)), note, tone });
  const noticed = noted({ adversarial: verdict.adversarial, attacked, fooled, own });
  const waits = { ...nothing, word: '?', note: state.presenting ? 'What will it see?' : 'not attacked yet' };
  const covered = { ...nothing, word: '?', note: 'covered' };
  if (isUnfamiliar(state)) {
    const none = { ...nothing, lead: 'of the ten', word: 'none' };
    return {
      original: none,
      attacked: attacked ? { ...none, note: fooled ? 'changed' : 'not changed' } : waits,
      second: isCovered(state) ? covered : { ...none, note: noticed },
    };
  }
  const second = secondBars(verdict, classes);
  const word = ranked(classes, second.probabilities)[0].name;
  return {
    original: look(clean.answer_if_clean, clean.prediction, ''),
    attacked: attacked
      ? look(first, verdict.prediction, fooled ? (own ? 'changed' : 'fooled') : run.ended ? 'not fooled' : 'not fooled yet', fooled ? 'fooled' : 'plain')
      : waits,
    second: isCovered(state)
      ? covered
      : look(word, second.probabilities, noticed, fooled && !verdict.adversarial ? 'bad' : 'plain'),
  };
}

/** What the detector says, in a few words. @param {{adversarial: boolean, attacked: boolean, fooled: boolean, own: boolean}} what */
function noted({ adversarial, attacked, fooled, own }) {
  if (adversarial) return attacked ? 'attack noticed' : own ? 'signs of an attack' : 'false alarm';
  if (fooled) return 'attack not noticed';
  return own ? 'no sign of an attack' : 'nothing suspicious';
}

/**
 * The verdict in a headline, a sentence, the numbers, and a kind for its colour. Of a picture of the visitor's own nobody
 * knows what it shows, so no answer about it is called right, and none is given without saying that ten things are all
 * there is.
 * @param {object} what
 * @param {Verdict} what.verdict on the picture that is shown
 * @param {Verdict | undefined} what.clean on the original, when the picture was attacked
 * @param {Class | ''} what.wanted the target of the attack, if any
 * @param {boolean} what.own
 * @param {Knowledge} [what.knows] what the attacker knows
 * @param {boolean} [what.covered] whether what the second look says is still to be guessed
 * @param {readonly Class[]} what.classes
 * @returns {Message}
 */
export function verdictInWords({ verdict, clean, wanted, own, knows = 'classifier', covered = false, classes }) {
  const { prediction, score, adversarial, answer, answer_if_clean: first } = verdict;
  const sure = percent(sureOf(prediction, classes, first));
  const before = clean?.answer_if_clean ?? first;
  const changed = first !== before;
  const start = clean ? (own ? ownChange(before, first, wanted) : change(before, first, wanted)) : own ? `Of the ten things that it knows, closest to ${first}.` : `${capital(first)}.`;
  if (covered) return { kind: 'plain', headline: start, detail: '', numbers: '' };
  const compared = `${comparison(verdict, classes)}. Score (KL): ${nats(score)}, threshold ${nats(verdict.threshold)}.`;
  const corrected = adversarial ? ` ${correction(verdict, classes, own)}` : '';
  const numbers = `The classifier is ${sure} sure. ${compared}${corrected}`;
  if (!clean) {
    if (own) {
      return adversarial
        ? {
            kind: 'mixed',
            headline: `${start} Signs of an attack.`,
            detail: `The score is ${times(score, verdict.threshold)} the threshold: the picture was attacked before it came here, or this is a false alarm.`,
            numbers,
          }
        : {
            kind: 'plain',
            headline: `${start} No sign of an attack.`,
            detail: 'It may show none of the ten all the same; people are none of them. Now attack the picture.',
            numbers,
          };
    }
    return adversarial
      ? { kind: 'mixed', headline: `${capital(first)}? A false alarm.`, detail: 'Nobody attacked this sample, and yet its score is above the threshold.', numbers }
      : { kind: 'good', headline: `${start} Nothing suspicious.`, detail: 'Now attack the picture.', numbers };
  }
  const insider = knows === 'detector' || knows === 'corrector';
  if (!adversarial) {
    if (changed) {
      return {
        kind: 'bad',
        headline: `${start} Not noticed.${insider ? FAILED : ''}`,
        detail: failure(knows, `the answer stays ${own ? 'closest to ' : ''}${first}.`),
        numbers,
      };
    }
    return {
      kind: own ? 'plain' : 'good',
      headline: `${start} ${own ? 'No sign of an attack' : 'Nothing suspicious'}.`,
      detail: `The answer is ${own ? 'closest to ' : ''}${answer}. ${unchanged(knows)}`,
      numbers,
    };
  }
  const back = answer === before;
  const headline = `${start} Noticed. ${!changed && back ? 'Answer' : 'Corrected'}: ${own ? 'closest to ' : ''}${answer}.`;
  const whose = `${KNOWS[knows]}${back && insider ? ' The defence held this time; more steps or a larger eps may break it.' : ''}`;
  const sought = knows === 'corrector' && !back;
  if (own) {
    const detail = back
      ? 'The attack was found, and the corrected prediction is the one from before the attack, right or wrong.'
      : `The attack was found, but the corrected prediction is not the one from before the attack (${before}).`;
    return { kind: back ? 'plain' : 'mixed', headline, detail: `${detail} ${whose}`, numbers };
  }
  const failed = `The attack was found, ${sought ? 'as was intended, and' : 'but'} the corrected prediction is not the one from before the attack: ${before}.`;
  return back
    ? { kind: 'good', headline, detail: `The attack was found, and what the picture showed before was found again. ${whose}`, numbers }
    : { kind: sought ? 'bad' : 'mixed', headline: `${headline}${sought ? FAILED : ''}`, detail: `${failed} ${whose}`, numbers };
}

const FAILED = ' The defence failed.';

/** An attack that changed the prediction and was not noticed. @param {Knowledge} knows @param {string} stays */
function failure(knows, stays) {
  if (knows === 'detector' || knows === 'corrector' || knows === 'nothing') return `${KNOWS[knows]} ${capital(stays)}`;
  return `The attack got through: ${stays} A lower threshold would catch it, and raise more false alarms. ${KNOWS[knows]}`;
}

/** One that neither changed the prediction nor was noticed. @param {Knowledge} knows */
function unchanged(knows) {
  if (knows === 'nothing') return 'Random noise of this size does nothing.';
  return knows === 'queries' ? 'Without a look inside, thousands of questions may be needed.' : 'More or longer steps fool it sooner.';
}

/** @param {Class} before @param {Class} after @param {Class | ''} wanted */
function change(before, after, wanted) {
  if (after === before) return `Not fooled: still ${before}${wanted && wanted !== before ? `, not ${wanted}` : ''}.`;
  return `Fooled: ${before} → ${after}${wanted && wanted !== after ? ` (not ${wanted}, as wanted)` : ''}.`;
}

/** @param {Class} before @param {Class} after @param {Class | ''} wanted */
function ownChange(before, after, wanted) {
  const known = 'Of the ten things that it knows,';
  if (after === before) return `${known} still closest to ${before}${wanted && wanted !== before ? `, not ${wanted}` : ''}.`;
  return `${known} closest to ${before}, after the attack to ${after}${wanted && wanted !== after ? ` (not ${wanted}, as wanted)` : ''}.`;
}

/** How the second prediction compares with the first. @param {Verdict} verdict @param {readonly Class[]} classes */
function comparison({ prediction, reconstruction_prediction: second, adversarial, answer_if_clean: first }, classes) {
  const other = ranked(classes, second)[0];
  if (other.name !== first) {
    return adversarial
      ? 'The second prediction disagrees'
      : `The second prediction is ${other.name}, but the two are not far enough apart`;
  }
  if (!adversarial) return 'The second prediction agrees';
  const [a, b] = [sureOf(prediction, classes, first), other.probability];
  const same = `The second prediction is ${first}, too`;
  if (b < a - APART) return `${same}, but less sure (${percent(a)} → ${percent(b)})`;
  if (b > a + APART) return `${same}, but surer (${percent(a)} → ${percent(b)})`;
  return `${same}, but the small probabilities differ`;
}

/** @param {Verdict} verdict @param {readonly Class[]} classes @param {boolean} own */
function correction({ corrected_prediction, reconstruction_prediction, answer_if_adversarial: name }, classes, own) {
  const share = sureOf(corrected_prediction ?? reconstruction_prediction, classes, name);
  const doubt = share < 0.5 ? ': far from sure' : '';
  return `Corrected prediction: ${own ? 'closest to ' : ''}${name}, ${percent(share)}${doubt}.`;
}

/** @param {number} score @param {number} threshold */
function times(score, threshold) {
  const ratio = score / threshold;
  return ratio < 10 ? `${ratio.toFixed(1)} times` : Number.isFinite(ratio) ? `${ratio.toFixed(0)} times` : 'above';
}

export const SECOND = 'Second prediction: for the reconstruction';

/**
 * What the third card's bars show: the prediction that answers, and a line on the other one.
 * @param {Verdict} verdict judged
 * @param {readonly Class[]} classes
 */
export function secondBars({ reconstruction_prediction, corrected_prediction, adversarial }, classes) {
  if (!corrected_prediction) {
    return { title: SECOND, probabilities: reconstruction_prediction, other: '' };
  }
  const likeliest = (/** @type {readonly number[]} */ probabilities) => {
    const { name, probability } = ranked(classes, probabilities)[0];
    return `${name}, ${percent(probability)}`;
  };
  return adversarial
    ? {
        title: 'Corrected prediction: by the corrector',
        probabilities: corrected_prediction,
        other: `Second prediction, for the reconstruction: ${likeliest(reconstruction_prediction)}.`,
      }
    : {
        title: SECOND,
        probabilities: reconstruction_prediction,
        other: `If adversarial, the corrector answers: ${likeliest(corrected_prediction)}.`,
      };
}

/**
 * What became of the attack when the picture was rounded to a PNG's 8 bits.
 * @param {{original: Verdict, before: Verdict, after: Verdict, classes: readonly Class[]}} what
 */
export function roundingInWords({ original, before, after, classes }) {
  const name = after.answer_if_clean;
  const sure = percent(sureOf(after.prediction, classes, name));
  if (before.answer_if_clean === original.answer_if_clean) {
    return `The attack had not changed the prediction; in the file, rounded to 8 bits, it is ${name}, ${sure}.`;
  }
  return name === before.answer_if_clean
    ? `Rounding to 8 bits kept the attack alive: the file is still taken for: ${name}, ${sure}.`
    : `Rounding to 8 bits broke the attack: the file is taken for: ${name}, ${sure}.`;
}

/**
 * What is to be known of a picture file that was opened all the same.
 * @param {{cutOff: boolean, width?: number, height?: number, side?: number}} file `side`: of the picture that the networks see
 * @returns {string | undefined}
 */
export function pictureWarning({ cutOff, width = 0, height = 0, side = 0 }) {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  const parts = [];
  if (cutOff) parts.push('The file is cut off: a part of the picture is missing.');
  if (short > 0 && 2 * short < side) {
    parts.push(`The picture has only ${width} × ${height} pixels. Enlarged it is soft, and soft pictures are often taken for something else.`);
  }
  if (short > 0 && long > 3 * short) parts.push(`Of ${width} × ${height} pixels only the square in the middle is used.`);
  return parts.join(' ') || undefined;
}
