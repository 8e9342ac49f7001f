// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { judge } from '../../../www/core.js';
import { pictureWarning, roundingInWords, secondBars, verdictInWords } from '../../../www/words.js';
import { CONSTANTS, verdict } from './fixtures.js';

const { classes } = CONSTANTS;
const [AIRPLANE, BIRD, CAR] = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]];

/** @param {Partial<Parameters<typeof verdictInWords>[0]> & {verdict: import('../../../www/core.js').Verdict}} what */
const words = (what) => verdictInWords({ clean: undefined, wanted: '', own: false, classes, ...what });

test('the second prediction is called less sure, or surer, only when it is', () => {
  /** @type {[number, number, RegExp][]} */
  const cases = [
    [0.95, 0.6, /less sure \(95\.0\u00a0% → 60\.0\u00a0%\)/],
    [0.868, 1, /surer \(86\.8\u00a0% → 100\u00a0%\)/],
    [1, 0.993, /small probabilities differ/],
    [0.996, 0.997, /small probabilities differ/],
  ];
  for (const [first, second, expected] of cases) {
    const of = (/** @type {number} */ p) => [p, (1 - p) * 0.9, (1 - p) * 0.1];
    const { numbers } = words({ verdict: verdict(of(first), of(second), undefined, 0.5) });
    assert.match(numbers, expected);
    assert.equal(/less sure/.test(numbers), second < first - 0.1);
    assert.equal(/surer/.test(numbers), second > first + 0.1);
  }
});

test('nothing about a picture of the visitor’s own has a tick or is a bare class', () => {
  const predictions = [AIRPLANE, BIRD, CAR];
  for (const first of predictions) {
    for (const second of predictions) {
      for (const corrected of [undefined, ...predictions]) {
        for (const score of [0.01, 0.5]) {
          for (const clean of [undefined, verdict(AIRPLANE, AIRPLANE), verdict(BIRD, BIRD)]) {
            const { kind, headline } = words({ verdict: verdict(first, second, corrected, score), clean, own: true });
            assert.notEqual(kind, 'good');
            assert.match(headline, /^Of the ten things that it knows, (still )?closest to /);
            assert.doesNotMatch(headline, /^(Airplane|Bird|Car)\b|Fooled|(Answer|Corrected): (airplane|bird|car)/);
          }
        }
      }
    }
  }
});

test('of a sample it is known what it shows', () => {
  const clean = verdict(AIRPLANE, AIRPLANE);
  assert.deepEqual(words({ verdict: clean }), {
    kind: 'good',
    headline: 'Airplane. Nothing suspicious.',
    detail: 'Now attack the picture.',
    numbers: 'The classifier is 80.0\u00a0% sure. The second prediction agrees. Score (KL): 0.010, threshold 0.10.',
  });
  const found = words({ verdict: verdict(BIRD, AIRPLANE, AIRPLANE, 0.5), clean });
  assert.equal(found.kind, 'good');
  assert.equal(found.headline, 'Fooled: airplane → bird. Noticed. Corrected: airplane.');
  assert.equal(found.numbers, 'The classifier is 80.0\u00a0% sure. The second prediction disagrees. Score (KL): 0.50, threshold 0.10. Corrected prediction: airplane, 80.0\u00a0%.');
  const missed = words({ verdict: verdict(BIRD, AIRPLANE, AIRPLANE), clean });
  assert.equal(missed.kind, 'bad');
  assert.equal(missed.headline, 'Fooled: airplane → bird. Not noticed.');
  // The corrected prediction may be the class that the attack led to.
  const wrong = words({ verdict: verdict(BIRD, AIRPLANE, BIRD, 0.5), clean });
  assert.equal(wrong.kind, 'mixed');
  assert.match(wrong.detail, /not the one from before the attack: airplane/);
  const elsewhere = words({ verdict: verdict(BIRD, BIRD), clean, wanted: 'car' });
  assert.match(elsewhere.headline, /^Fooled: airplane → bird \(not car, as wanted\)/);
  assert.match(words({ verdict: clean, clean, wanted: 'car' }).headline, /^Not fooled: still airplane, not car/);
});

test('another second prediction within the threshold is told without a doubt about it', () => {
  const { numbers } = words({ verdict: verdict(BIRD, AIRPLANE), clean: verdict(AIRPLANE, AIRPLANE) });
  assert.match(numbers, /The second prediction is airplane, but the two are not far enough apart\./);
});

test('headline and sentence are plain: numbers stand in a line of their own', () => {
  for (const own of [false, true]) {
    for (const clean of [undefined, verdict(AIRPLANE, AIRPLANE)]) {
      for (const score of [0.01, 0.5]) {
        const { headline, detail, numbers } = words({ verdict: verdict(BIRD, CAR, AIRPLANE, score), clean, own });
        assert.doesNotMatch(`${headline} ${detail}`, /KL|nats|\d\.\d+(?! times)/);
        assert.match(numbers, /KL/);
      }
    }
  }
});

test('what is covered is not told', () => {
  for (const own of [false, true]) {
    for (const clean of [undefined, verdict(AIRPLANE, AIRPLANE)]) {
      const { kind, headline, detail, numbers } = words({ verdict: verdict(BIRD, CAR, CAR, 0.5), clean, own, covered: true });
      assert.deepEqual([kind, detail, numbers], ['plain', '', '']);
      assert.match(headline, /bird/i);
      assert.doesNotMatch(headline, /car|oticed|orrected|suspicious|sign/i);
    }
  }
});

test('a picture that was attacked elsewhere is not called a false alarm', () => {
  const own = words({ verdict: verdict(BIRD, AIRPLANE, AIRPLANE, 0.6), own: true });
  assert.equal(own.kind, 'mixed');
  assert.match(own.detail, /6\.0 times the threshold: the picture was attacked before it came here, or this is a false alarm/);
  assert.match(words({ verdict: verdict(BIRD, AIRPLANE, AIRPLANE, 0.6) }).detail, /Nobody attacked this sample/);
  const zero = words({ verdict: judge(verdict(BIRD, AIRPLANE, AIRPLANE, 0.6), 0), own: true });
  assert.match(zero.detail, /The score is above the threshold/);
});

test('a doubtful correction says so', () => {
  const doubtful = verdict(BIRD, AIRPLANE, [0.4, 0.3, 0.3], 0.5);
  assert.match(words({ verdict: doubtful, clean: verdict(AIRPLANE, AIRPLANE) }).numbers, /airplane, 40\.0\u00a0%: far from sure/);
  assert.doesNotMatch(words({ verdict: verdict(BIRD, AIRPLANE, AIRPLANE, 0.5) }).numbers, /far from sure/);
});

test('the bars are those of the prediction that answers', () => {
  const seen = verdict(BIRD, CAR, AIRPLANE, 0.5);
  const found = secondBars(judge(seen, 0.4), classes);
  assert.equal(found.probabilities, AIRPLANE);
  assert.match(found.title, /Corrected/);
  assert.match(found.other, /car, 80/);
  const clean = secondBars(judge(seen, 0.6), classes);
  assert.equal(clean.probabilities, CAR);
  assert.match(clean.other, /airplane, 80/);
  // Without a corrector the second prediction is also the corrected one.
  assert.equal(secondBars(verdict(BIRD, CAR, undefined, 0.5), classes).probabilities, CAR);
});

test('judging by another threshold takes the answers of the core', () => {
  const seen = verdict(BIRD, CAR, AIRPLANE, 0.5);
  assert.deepEqual([judge(seen, 0.5).adversarial, judge(seen, 0.5).answer], [false, 'bird']);
  assert.deepEqual([judge(seen, 0.49).adversarial, judge(seen, 0.49).answer], [true, 'airplane']);
});

test('what rounding did is told from the three predictions', () => {
  const of = (/** @type {number[]} */ p) => verdict(p, p);
  const say = (/** @type {number[]} */ before, /** @type {number[]} */ after) =>
    roundingInWords({ original: of(AIRPLANE), before: of(before), after: of(after), classes });
  assert.match(say(AIRPLANE, AIRPLANE), /had not changed/);
  assert.match(say(BIRD, BIRD), /kept the attack alive.*bird/);
  assert.match(say(BIRD, CAR), /broke the attack.*car/);
});

test('a picture file’s shortcomings are told', () => {
  const side = 96;
  assert.equal(pictureWarning({ cutOff: false, width: 640, height: 480, side }), undefined);
  assert.equal(pictureWarning({ cutOff: false, side }), undefined); // a size that nobody knows
  assert.match(pictureWarning({ cutOff: true, width: 640, height: 480, side }) ?? '', /^The file is cut off/);
  assert.match(pictureWarning({ cutOff: false, width: 32, height: 32, side }) ?? '', /^The picture has only 32 × 32 pixels/);
  assert.match(pictureWarning({ cutOff: false, width: 10_000, height: 50, side }) ?? '', /^Of 10000 × 50 pixels only the square/);
});

test('the verdict names the attacker: who knows more has to be blamed for less, and the defence for more', () => {
  const clean = verdict(AIRPLANE, AIRPLANE);
  const [missed, wrong, held] = [verdict(BIRD, BIRD), verdict(BIRD, CAR, CAR, 0.5), verdict(BIRD, AIRPLANE, AIRPLANE, 0.5)];
  const of = (/** @type {import('../../../www/core.js').Verdict} */ now, /** @type {any} */ knows, own = false) => words({ verdict: now, clean, knows, own });
  assert.match(of(missed, 'classifier').detail, /^The attack got through: the answer stays bird\. .*knows the classifier only\.$/);
  assert.match(of(missed, 'queries').detail, /^The attack got through: .*sees answers only\.$/);
  assert.equal(of(missed, 'detector').headline, 'Fooled: airplane → bird. Not noticed. The defence failed.');
  assert.equal(of(missed, 'detector').detail, 'This attacker knows the detector, too. The answer stays bird.');
  assert.equal(of(missed, 'nothing').detail, 'This attack was random noise. The answer stays bird.');
  // A wrong correction is what one attacker is after, and a mishap with the others.
  assert.equal(of(wrong, 'corrector').kind, 'bad');
  assert.equal(of(wrong, 'corrector').headline, 'Fooled: airplane → bird. Noticed. Corrected: car. The defence failed.');
  assert.match(of(wrong, 'corrector').detail, /^The attack was found, as was intended, and the corrected prediction is not/);
  assert.equal(of(wrong, 'classifier').kind, 'mixed');
  assert.doesNotMatch(of(wrong, 'corrector', true).headline, /defence failed/); // nobody knows what it shows
  // That it held once proves nothing about who knows it.
  assert.match(of(held, 'detector').detail, /held this time; more steps or a larger eps may break it/);
  assert.doesNotMatch(of(held, 'classifier').detail, /held this time/);
});
