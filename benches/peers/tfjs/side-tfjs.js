// TensorFlow.js' side of the comparison. Bundled by tfjs.mjs.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { forward, load, start, stock } from './network.js';

/**
 * The convolution with a gradient of its own: a convolution with the turned filter, which the backend's fast kernels
 * compute; the stock gradient is slow in wasm.
 */
const turned = ({ filter, bias, turned }, x) =>
  tf.customGrad((x, save) => {
    // Not tf.fused.conv2d, which does not fuse while gradients are recorded.
    const y = tf.engine().runKernel('FusedConv2D', { x, filter, bias }, {
      strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1], activation: 'relu',
    });
    save([y]);
    return { value: y, gradFunc: (dy, [y]) => tf.conv2d(tf.mul(dy, tf.step(y)), turned, 1, 'same') };
  })(x);

const CONVOLUTIONS = { stock, turned };

/** See ours.js. */
export async function open({ files, picture, label, pgd }, gradient) {
  await start();
  const network = load(files.classifier);
  const { eps, eps_step, max_iter } = pgd;
  const side = Math.sqrt(picture.length / 3);
  const original = tf.transpose(tf.tensor(picture, [1, 3, side, side]), [0, 2, 3, 1]);
  const wanted = tf.oneHot([label], 10).cast('float32');
  const lossOf = (x, convolution) => tf.neg(tf.sum(tf.mul(tf.logSoftmax(forward(network, x, convolution)), wanted)));
  const gradientOf = tf.grad((x) => lossOf(x, CONVOLUTIONS[gradient]));
  const after = (x) =>
    tf.tidy(() => {
      const change = tf.sub(tf.add(x, tf.mul(tf.sign(gradientOf(x)), eps_step)), original);
      return tf.clipByValue(tf.add(original, tf.clipByValue(change, -eps, eps)), 0, 1);
    });

  let current = original.clone();
  const advance = () => {
    const next = after(current);
    current.dispose();
    current = next;
  };
  const read = async (compute) => {
    const result = tf.tidy(compute);
    const values = await result.data();
    result.dispose();
    return values;
  };
  return {
    forward: () => read(() => tf.softmax(forward(network, original))),
    async step() {
      advance();
      await current.data();
    },
    async attack() {
      current.dispose();
      current = original.clone();
      for (let t = 0; t < max_iter; t++) advance();
      return (await read(() => lossOf(current, stock)))[0];
    },
  };
}
