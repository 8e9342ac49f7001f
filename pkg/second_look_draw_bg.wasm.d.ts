/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const __wasm_call_ctors: () => void;
export const draw: (a: number, b: number, c: number, d: bigint) => void;
export const first_seed: (a: number) => bigint;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_add_to_stack_pointer: (a: number) => number;
export const __wbindgen_export: (a: number, b: number) => number;
export const __wbindgen_export2: (a: number, b: number, c: number, d: number) => number;
export const __wbindgen_export3: (a: number, b: number, c: number) => void;
export const __wbindgen_export4: (a: number) => void;
export const __wbindgen_start: () => void;
