// Stands in for pkg/second_look.js and pkg/second_look_gpu.js where a test is about the page and not about networks: it
// answers at once, and breaks when a file asks for it. A "picture file" begins with a word; pictures are 8 x 8.
// `FAKE.cpu` and `FAKE.webgpu` are what a step of an attack takes, in milliseconds, or 'trap', or 'late': a trap after it.
//
//   picture N   shows class N, N from 0 to 9; anything that is no word of these is class 0
//   attacked N  the same, and the two predictions differ
//   cup N       the same as picture N, and unfamiliar
//   lost        the GPU is lost during the first look at it
//   panic       a trap in a microtask, as in a future that is polled: its promise is never settled
//   callback    a trap in a promise's callback
//   other ...   is no picture

const BACKEND = import.meta.url.includes('gpu') ? 'webgpu' : 'cpu';
const SIDE = 8;
const CLASSES = ['airplane', 'bird', 'car', 'cat', 'deer', 'dog', 'horse', 'monkey', 'ship', 'truck'];
/** The third value is 0.5, and below this after an attack's steps, as the attack makes it. */
const ATTACKED = 0.3;
const WORDS = ['picture', 'attacked', 'lost', 'panic', 'callback', 'cup'];

const pgd = (numbers) => ({ norm: 'linf', eps: 0.03, eps_step: 0.001, max_iter: 10, num_random_init: 0, targeted: false, seed: 0, ...numbers });

export default async function init({ module_or_path }) {
  await (await module_or_path).arrayBuffer();
  return {};
}

export const constants = () => ({
  classes: CLASSES,
  side: SIDE,
  largest_file: 1e6,
  max_steps: 200,
  norms: [{ norm: 'linf', largest: 1, tutorial: pgd({}), strong: pgd({ eps_step: 0.005, max_iter: 20 }) }],
});

/** Attacks that lack parameters, know the defence, or count their questions, as some of the core's. */
export function prepare(attack, { norm, preset }, targeted) {
  const numbers = pgd({ ...(preset === 'strong' && attack === 'pgd' && { eps_step: 0.005, max_iter: 20 }), norm, targeted });
  const { eps, max_iter: steps } = numbers;
  const defence = ['selective-pgd', 'orthogonal-pgd', 'corrector', 'lagrangian'].includes(attack);
  const shape = { attacker: defence ? 'defence' : attack === 'square' ? 'queries' : attack === 'noise' ? 'nothing' : 'classifier', steps, restarts: 1, cost: defence ? 3 : 1 };
  if (attack === 'fgsm' || attack === 'noise') return { ...shape, config: { attack, norm, eps, targeted }, steps: 1 };
  if (attack === 'square') return { ...shape, config: { attack, norm, eps, max_iter: 1000, num_random_init: 0, targeted }, steps: 1000 };
  return { ...shape, config: { attack, ...numbers } };
}

/** The first value says which word, the second which class. */
export function decode(bytes) {
  const [word, number] = new TextDecoder().decode(bytes.slice(0, 32)).split(/\s/);
  if (word === 'other' || word.startsWith('<')) throw new Error('This is not a picture: use a JPEG, PNG, WebP, GIF or BMP file');
  const picture = new Float32Array(3 * SIDE * SIDE).fill(0.5);
  picture[0] = Math.max(0, WORDS.indexOf(word)) / 10;
  picture[1] = (['picture', 'attacked', 'cup'].includes(word) ? Number(number) : 0) / 10;
  return picture;
}

export const png = () => new TextEncoder().encode('picture 1');
export const qr = () => '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"></svg>';

const sure = (i, rest) => CLASSES.map((_, j) => (i === j ? 1 - 9 * rest : rest));

/** `rest`: of each class that is not the first one; the compact classifier is surer than VGG16. */
function found(picture, rest, off = 0) {
  const word = WORDS[Math.round(picture[0] * 10)];
  const shown = Math.round(picture[1] * 10);
  const first = (shown + off) % 10;
  const second = word === 'attacked' ? (first + 1) % 10 : shown;
  const corrected = (second + 2) % 10; // unlike the other two
  const adversarial = second !== first;
  return {
    prediction: sure(first, rest),
    reconstruction_prediction: sure(second, rest),
    corrected_prediction: sure(corrected, rest),
    score: adversarial ? 0.6 : 0.01,
    threshold: 0.02,
    adversarial,
    answer: CLASSES[adversarial ? corrected : first],
    answer_if_clean: CLASSES[first],
    answer_if_adversarial: CLASSES[corrected],
  };
}

const packed = (numbers, ...pictures) => [JSON.stringify(numbers), Float32Array.from(pictures.flatMap((picture) => [...picture]))];

export class Session {
  static async open(classifier, autoencoder, corrector, webgpu) {
    const session = new Session();
    if (webgpu !== (BACKEND === 'webgpu')) throw new Error('the other module was asked for');
    session.webgpu = webgpu;
    session.isVgg16 = classifier[0] === 'v'.charCodeAt(0);
    session.rest = session.isVgg16 ? 0.02 : 0.01;
    session.corrector = corrector !== undefined;
    return session;
  }

  cards() {
    const card = (architecture) => ({ architecture, training: undefined, figures: {}, detector: undefined, licence: 'none' });
    const detector = { divergence: { direction: 'forward', temperature: 4 }, threshold: 0.02 };
    return {
      classifier: card({ model: 'classifier', name: this.isVgg16 ? 'vgg16-small' : 'compact' }),
      autoencoder: { ...card({ model: 'autoencoder', name: this.corrector ? 'residual' : 'tutorial' }), detector },
      corrector: this.corrector ? card({ model: 'autoencoder', name: 'residual' }) : undefined,
    };
  }

  free() {}

  detect(picture) {
    const word = WORDS[Math.round(picture[0] * 10)];
    const trap = () => {
      throw new WebAssembly.RuntimeError('unreachable');
    };
    if (word === 'lost' && this.webgpu) {
      postMessage({ lost: true });
      return new Promise(() => {});
    }
    if (word === 'panic') {
      queueMicrotask(trap);
      return new Promise(() => {});
    }
    if (word === 'callback') {
      Promise.resolve().then(trap);
      return new Promise(() => {});
    }
    const familiar = word !== 'cup';
    const familiarity = { familiar, familiarity: familiar ? 0.4 : 0.01 };
    const off = picture[2] < ATTACKED ? 1 : 0;
    return Promise.resolve(packed({ verdict: found(picture, this.rest, off), familiarity }, picture, picture));
  }

  /** Eight channels, or without a corrector a hundred numbers. The score's slope grows with the attack's steps. */
  inside(picture, leads) {
    const shape = this.corrector ? [8, 2, 2] : [100, 1, 1];
    const latent = Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => i % 7);
    const slope = picture.map((_, i) => (i % 2 === 0 ? 1 : -1) * (1 + CLASSES.indexOf(leads)));
    return Promise.resolve(packed({ shape }, latent, slope, slope.map((value) => value * (1 + 1000 * picture[2]))));
  }

  /**
   * An attack away from a class leads to the next one at once; one towards a class gets there by a large eps, in its second step.
   * One that knows the defence is noticed at its first step and not at the later ones, of which it keeps the third. Noise does nothing.
   */
  attack(picture, leads, { attack, max_iter = 1, targeted, eps }) {
    const { rest } = this;
    const knows = prepare(attack, { norm: 'linf' }, targeted).attacker;
    const shown = Math.round(picture[1] * 10);
    const towards = CLASSES.indexOf(leads) - shown + 10;
    let t = 0;
    const made = [];
    return {
      free() {},
      async step() {
        if (t > max_iter) return undefined;
        const time = globalThis.FAKE?.[BACKEND];
        const trap = () => {
          throw new WebAssembly.RuntimeError('unreachable');
        };
        if (time === 'trap') {
          queueMicrotask(trap);
          return new Promise(() => {});
        }
        if (time === 'late') setTimeout(trap, 50);
        else if (time) await new Promise((resolve) => setTimeout(resolve, time));
        const off = knows === 'nothing' ? 0 : targeted ? (eps > 0.1 && t > 1 ? towards : 0) : t > 0 ? 1 : 0;
        const seen = found(picture, rest, off);
        const verdict = knows === 'defence' && t > 1 ? { ...seen, score: 0.01, adversarial: false, answer: seen.answer_if_clean } : seen;
        const step = { restart: 0, t, loss: t, prediction: verdict.prediction, distance: t / 1000, queries: knows === 'queries' ? t + 1 : null };
        const changed = picture.with(2, t / 1000);
        const answer = () => packed({ step, verdict }, changed, picture, picture); // each time another array: the page is given it
        made.push(answer);
        t += 1;
        return answer();
      },
      unwatched_step() {
        return this.step();
      },
      async best() {
        return made[knows === 'defence' ? Math.min(3, made.length - 1) : made.length - 1]();
      },
    };
  }
}
