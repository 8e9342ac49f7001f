// @ts-check
// A picture that is held shows another in turn, as astronomers compare plates: what differs flickers.

/** Milliseconds that each is shown: at most three changes a second, for people whom flashes harm. */
const TURN = 400;

/**
 * @param {HTMLElement} frame what is held: by a pointer, or while it has the focus by the space bar or Enter
 * @param {(other: boolean, held: boolean) => void} show the other picture, or the usual one again
 */
export function hold(frame, show) {
  let timer = 0;
  let other = false;
  const turn = () => show((other = !other), true);
  const start = () => {
    if (timer) return;
    turn();
    // Where movement is not wanted, the other one stays for as long as it is held.
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    timer = setInterval(isCalm ? () => {} : turn, TURN);
  };
  const stop = () => {
    if (!timer) return;
    clearInterval(timer);
    timer = 0;
    show((other = false), false);
  };
  const isKey = (/** @type {KeyboardEvent} */ { key }) => key === ' ' || key === 'Enter';
  frame.addEventListener('pointerdown', (event) => {
    if (event.button === 0) start();
  });
  for (const end of ['pointerup', 'pointercancel', 'pointerleave', 'blur']) frame.addEventListener(end, stop);
  frame.addEventListener('contextmenu', (event) => event.preventDefault()); // of a long touch
  frame.addEventListener('keydown', (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    start();
  });
  frame.addEventListener('keyup', (event) => isKey(event) && stop());
  return { start, stop };
}
