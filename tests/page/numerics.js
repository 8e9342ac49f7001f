// A worker that computes with the page's own module and nothing else of the page, for numerics.rs.
// In: {webgpu, models: [classifier, autoencoder, corrector?], samples: [{name, leadsFrom}], attack}, out: what comes of each.

import { detection, watchedStep } from './www/worker/border.js';

const load = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());

async function answer({ webgpu, models, samples, attack }) {
  const { default: init, Session, decode } = await import(webgpu ? './pkg/second_look_gpu.js' : './pkg/second_look.js');
  const exports = await init();
  exports.__wasm_call_ctors?.();
  const files = await Promise.all(models.map((name) => load(`www/models/${name}.safetensors`)));
  const session = await Session.open(files[0], files[1], files[2], webgpu);
  const results = [];
  for (const { name, leadsFrom } of samples) {
    const picture = decode(await load(`www/samples/${name}.png`));
    const { verdict, familiarity, reconstruction, correction } = detection(await session.detect(picture), picture.length);
    const losses = [];
    let attacked = verdict;
    if (attack) {
      const run = session.attack(picture, leadsFrom, attack);
      for (let packed; (packed = await run.step()); ) {
        const made = watchedStep(packed, picture.length);
        losses.push(made.step.loss);
        attacked = made.detection.verdict;
      }
    }
    const images = { picture: [...picture], reconstruction: [...reconstruction], correction: correction && [...correction] };
    results.push({ ...images, verdict, familiarity, losses, attacked });
  }
  return results;
}

addEventListener('message', ({ data }) =>
  answer(data).then(
    (results) => postMessage({ results }),
    (error) => postMessage({ error: String(error) }),
  ),
);
