// @ts-check
// Many pictures: opened on demand, and loaded then.

import { get } from '../dom.js';

/** @param {ParentNode} root @param {import('../store.js').Store} store */
export function mount(root, store) {
  const details = get(root, 'many', HTMLDetailsElement);
  const room = get(root, 'many-room', HTMLElement);
  const note = get(root, 'many-loading', HTMLElement);
  const open = async () => {
    try {
      const many = await import('../many/index.js');
      await many.mount(room, store);
      note.hidden = true;
    } catch {
      note.textContent = 'This part could not be loaded; check the connection and reload the page.'; // browsers do not ask for a module twice
    }
  };
  details.addEventListener('toggle', open, { once: true });
}

export function render() {}
