// @ts-check
// The panels, in no particular order. Each has `mount(root, store)`, called once, and `render(state)`. Its root is the
// element with its name in `data-panel`; one that index.html does not have is added below.

export * as cards from './cards.js';
export * as compare from './compare.js';
export * as images from './images.js';
export * as later from './later.js';
export * as levels from './levels.js';
export * as looks from './looks.js';
export * as networks from './networks.js';
export * as notices from './notices.js';
export * as picker from './picker.js';
export * as population from './population.js';
export * as predictions from './predictions.js';
export * as present from './present.js';
export * as settings from './settings.js';
export * as share from './share.js';
export * as steps from './steps.js';
export * as threshold from './threshold.js';
export * as verdict from './verdict.js';
