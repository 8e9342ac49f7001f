export * from './second_look.js';
export { default } from './second_look.js';
