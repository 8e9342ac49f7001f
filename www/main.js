// @ts-check
// Puts the page together: the state, what acts on it, the panels, the address.

import * as address from './address.js';
import * as attackRun from './attack-run.js';
import { element } from './dom.js';
import * as offline from './offline.js';
import * as panels from './panels/index.js';
import * as pictures from './pictures.js';
import * as scores from './scores.js';
import * as session from './session.js';
import { begin } from './state.js';
import { Store } from './store.js';

const html = document.documentElement;
const store = new Store(begin(location.search));

/** The element that a panel lives in. @param {string} name */
function rootOf(name) {
  const root = document.querySelector(`[data-panel~="${name}"]`);
  if (root instanceof HTMLElement) return root;
  const added = element('section', 'card');
  added.dataset.panel = name;
  document.querySelector('.below')?.append(added);
  return added;
}

for (const [name, panel] of Object.entries(panels)) panel.mount(rootOf(name), store);

function render() {
  const { state } = store;
  for (const panel of Object.values(panels)) panel.render(state);
  html.dataset.state = state.phase;
}

// Another phase is seen at once; what moves within one, as often as the screen can show it.
let asked = false;
store.subscribe((state) => {
  if (state.phase !== html.dataset.state) return render();
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    render();
  });
});

address.drive(store);
session.drive(store);
pictures.drive(store);
attackRun.drive(store);
offline.drive(store);
scores.drive(store);
html.dataset.started = '';
