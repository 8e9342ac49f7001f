// Put into the project's page by tfjs.mjs: tells when its first verdict is shown.

import { post } from '/bench/page.js';

const page = document.documentElement;
const observer = new MutationObserver(() => {
  if (page.dataset.state !== 'ready') return;
  observer.disconnect();
  post({ time: performance.now() });
});
observer.observe(page, { attributeFilter: ['data-state'] });
