// @ts-check
// Not a module, so that it is there when a module is not: says so when the page's program does not start.

(() => {
  /** @param {string} why */
  const tell = (why) => {
    const { dataset } = document.documentElement;
    if (dataset.started !== undefined || dataset.state === 'error') return;
    dataset.state = 'error';
    const show = () => {
      const [notice, text, retry, verdict] = ['notice', 'notice-text', 'notice-retry', 'verdict'].map((id) => document.getElementById(id));
      const [headline, detail, wait] = ['headline', 'detail', 'wait'].map((id) => document.getElementById(id));
      if (!notice || !text || !retry || !verdict || !headline || !detail || !wait) return;
      verdict.dataset.kind = 'bad';
      headline.textContent = 'This does not work.';
      detail.textContent = text.textContent = why;
      wait.hidden = true;
      retry.hidden = notice.hidden = false;
      retry.addEventListener('click', () => location.reload());
    };
    if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', show);
    else show();
  };

  // A script that is not loaded says so to itself alone, so this listens on the way down.
  const listener = (/** @type {Event} */ event) => {
    if (event.target instanceof HTMLScriptElement) tell('A part of the page could not be loaded; check the connection and try again.');
    else if (event instanceof ErrorEvent) tell(`The page could not be started (${event.message}).`);
  };
  addEventListener('error', listener, true);
  if (!('noModule' in HTMLScriptElement.prototype)) tell('This browser is too old for the page.');
})();
