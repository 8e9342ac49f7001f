// The bundled classifier in TensorFlow.js, batch normalisation folded into the convolutions.

import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

/** Indices of the convolutions among the layers, and whether pooling follows. */
const CONVOLUTIONS = [[0, true], [4, true], [8, true], [12, false], [15, true], [19, false]];
const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];

/** Chooses the wasm backend; one thread, as the page is not isolated. */
export function start() {
  setWasmPaths('/tfjs/');
  return tf.setBackend('wasm');
}

/** From a safetensors file to a function that gives a tensor's shape and values; 8-bit weights have scales. */
function reader(file) {
  const length = Number(new DataView(file).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, length)));
  const stored = (name) => {
    const { dtype, data_offsets } = header[name];
    const bytes = file.slice(...data_offsets.map((offset) => 8 + length + offset));
    return dtype === 'I8' ? new Int8Array(bytes) : new Float32Array(bytes);
  };
  return (name) => {
    const values = Float32Array.from(stored(name));
    if (header[`${name}.scale`]) {
      const scales = stored(`${name}.scale`);
      const slice = values.length / scales.length;
      values.forEach((value, i) => (values[i] = value * scales[Math.floor(i / slice)]));
    }
    return { shape: header[name].shape, values };
  };
}

/** @param {ArrayBuffer} file */
export function load(file) {
  const read = reader(file);
  const layers = CONVOLUTIONS.map(([index, pooled]) => {
    const { shape, values } = read(`features.${index}.weight`);
    const [bias, gain, shift, mean, variance] = [
      `features.${index}.bias`,
      ...['weight', 'bias', 'running_mean', 'running_var'].map((name) => `features.${index + 1}.${name}`),
    ].map((name) => tf.tensor1d(read(name).values));
    const scale = tf.div(gain, tf.sqrt(tf.add(variance, 1e-5)));
    const filter = tf.mul(tf.transpose(tf.tensor4d(values, shape), [2, 3, 1, 0]), scale);
    return {
      filter,
      bias: tf.add(tf.mul(tf.sub(bias, mean), scale), shift),
      // For the gradient: rows and columns reversed, input and output channels exchanged.
      turned: tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]),
      pooled,
    };
  });
  const head = read('classifier.0.weight');
  const headBias = tf.tensor1d(read('classifier.0.bias').values);
  return { layers, head: tf.tensor2d(head.values, head.shape), headBias };
}

/** A convolution with bias and ReLU, as TensorFlow.js has it. */
export const stock = ({ filter, bias }, x) =>
  tf.fused.conv2d({ x, filter, bias, strides: 1, pad: 'same', activation: 'relu' });

/** The logits of pictures [n, 96, 96, 3] with values in [0, 1]. */
export function forward({ layers, head, headBias }, pictures, convolution = stock) {
  let x = tf.div(tf.sub(pictures, MEAN), STD);
  for (const layer of layers) {
    x = convolution(layer, x);
    if (layer.pooled) x = tf.maxPool(x, 2, 2, 'valid');
  }
  return tf.add(tf.matMul(tf.mean(x, [1, 2]), head, false, true), headBias);
}
