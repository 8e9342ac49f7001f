// @ts-check
// Many pictures: opened on demand, and loaded then.

import { get } from '../dom.js';

/** @param {ParentNode} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  const details = get(root, 'many', HTMLDetailsElement);
  const room = get(root, 'many-room', HTMLElement);
  const note = get(root, 'many-loading', HTMLElement);
  let asked = false;
  details.addEventListener('toggle', async () => {
    if (!details.open || asked) return;
    asked = true;
    try {
      const { mount: open } = await import('../many/index.js');
      await open(room, store);
      note.hidden = true;
    } catch {
      asked = false; // it can be opened once more
      note.textContent = 'This part could not be loaded; check the connection, close it and open it again.';
    }
  });
}

export function render() {}
