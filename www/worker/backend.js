// @ts-check
// Which backend computes, and the words that say why. Pure functions; worker.js asks the browser and takes the times.

/** @typedef {{webgpu: boolean, reason: string}} Choice */

/**
 * What a step of an attack took on each backend, in milliseconds, or why WebGPU did not work.
 * @typedef {At & ({cpu: number, webgpu: number, failed?: undefined} | {failed: string})} Measured
 * @typedef {{device: string, at: number}} At the adapter and the browser; when, in milliseconds since 1970
 */

/** Times are taken anew after this: browsers, drivers and this page get faster. */
const MONTH = 30 * 24 * 3600 * 1000;
/** What failed may have been out of memory, or woken from sleep, so it is tried again sooner. */
const WEEK = 7 * 24 * 3600 * 1000;

/** @param {any} adapter a GPUAdapter, which TypeScript does not know */
export const isSoftware = (adapter) => Boolean(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter);

/** What times are remembered for. @param {any} adapter @param {string} browser */
export function deviceOf({ info }, browser) {
  return [info?.vendor, info?.architecture, info?.device, info?.description, browser].filter(Boolean).join(' / ');
}

/**
 * What to do about WebGPU once the CPU has answered and nobody has asked for one of the two.
 * @param {any} adapter undefined or null if there is none
 * @param {{device: string, now: number, saveData: boolean, measured?: Measured}} known `measured`: by an earlier visit
 * @returns {Choice & {measure: boolean}} webgpu: load its module; measure: and take the times before it is used
 */
export function plan(adapter, { device, now, saveData, measured }) {
  if (!adapter) return { webgpu: false, measure: false, reason: 'this browser offers no WebGPU here' };
  if (isSoftware(adapter)) return { webgpu: false, measure: false, reason: 'its WebGPU is software, slower than the CPU itself' };
  const failed = measured?.failed;
  if (measured && measured.device === device && Math.abs(now - measured.at) < (failed === undefined ? MONTH : WEEK)) {
    if (measured.failed === undefined) return { ...faster(measured), measure: false };
    return { webgpu: false, measure: false, reason: `WebGPU did not work at an earlier visit (${measured.failed})` };
  }
  if (saveData) return { webgpu: false, measure: false, reason: 'the browser saves data, so WebGPU was not loaded' };
  return { webgpu: true, measure: true, reason: 'WebGPU is being tried' };
}

/** @param {{cpu: number, webgpu: number}} times @returns {Choice} */
export function faster({ cpu, webgpu }) {
  return webgpu < cpu
    ? { webgpu: true, reason: `${ms(webgpu)} a step, the CPU ${ms(cpu)}` }
    : { webgpu: false, reason: `${ms(cpu)} a step, WebGPU ${ms(webgpu)}` };
}

/** @param {number} time */
const ms = (time) => `${time < 9.95 ? time.toFixed(1) : time.toFixed(0)} ms`;

/** What an earlier visit left, if it is what this one would leave. @param {string | null} text @returns {Measured | undefined} */
export function parse(text) {
  try {
    const { device, at, cpu, webgpu, failed } = JSON.parse(text ?? '');
    const are = (/** @type {unknown[]} */ ...values) => values.every((value) => Number.isFinite(value) && Number(value) > 0);
    if (typeof device !== 'string' || !are(at)) return undefined;
    if (typeof failed === 'string') return { device, at, failed };
    return are(cpu, webgpu) ? { device, at, cpu, webgpu } : undefined;
  } catch {
    return undefined;
  }
}
