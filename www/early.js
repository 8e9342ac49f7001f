// @ts-check
// Not a module, so that it runs before the page's modules are there: starts the worker, which at once fetches what the
// first prediction needs. client.js takes it over.

(() => {
  const worker = new Worker('worker/start.js', { type: 'module', name: location.search });
  const page = /** @type {{firstWorker?: Worker}} */ (globalThis);
  page.firstWorker = worker;
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    delete page.firstWorker; // then client.js tries once more
  });
})();
