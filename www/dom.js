// @ts-check
// Finding and making elements.

/**
 * The element with this id below `root`. Its absence is a mistake of the page's own.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function get(root, id, type) {
  const node = root.querySelector(`#${id}`);
  if (!(node instanceof type)) throw new Error(`the page has no ${type.name} "${id}"`);
  return node;
}

/**
 * @param {string} name
 * @param {string} [style] its class
 * @param {string} [text]
 */
export function element(name, style = '', text = '') {
  const node = document.createElement(name);
  if (style) node.className = style;
  if (text) node.textContent = text;
  return node;
}

/** A part of a drawing, in SVG. @param {string} name @param {Record<string, string | number>} attributes */
export function part(name, attributes) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}

/**
 * Fills a `select` with options, and leaves it alone when they are there already.
 * @param {HTMLSelectElement} select
 * @param {readonly (readonly [value: string, text: string])[]} options
 */
export function offer(select, options) {
  const same = options.length === select.options.length && options.every(([value], i) => select.options[i].value === value);
  if (!same) select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
}
