// The smallest page with TensorFlow.js that predicts. Bundled by tfjs.mjs.

import * as tf from '@tensorflow/tfjs-core';
import { forward, load, start } from './network.js';
import { loadClassifier, loadPicture, post } from './page.js';

const [file, picture] = await Promise.all([loadClassifier(), loadPicture(), start()]);
const side = Math.sqrt(picture.length / 3);
const pictures = tf.transpose(tf.tensor(picture, [1, 3, side, side]), [0, 2, 3, 1]);
const probabilities = [...(await tf.softmax(forward(load(file), pictures)).data())];
post({ time: performance.now(), results: { probabilities } }); // since this page was navigated to
