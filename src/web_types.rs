//! TypeScript's types, of each module for the browser.

use wasm_bindgen::prelude::*;

/// The type aliases that the generated types refer to, and the one of what crosses the border packed.
#[wasm_bindgen(typescript_custom_section)]
const ALIASES: &str = "/** Ten probabilities, in the order of the classes. */
export type Probabilities = number[];
/** A score and a threshold; scores above it mean adversarial; in nats, 0 or more. */
export type Detector = ScoreConfig & { threshold: number };
/** JSON of a `T`, and pictures one after the other. */
export type Packed<T> = [json: string, pictures: Float32Array];";
