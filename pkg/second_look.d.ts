/* tslint:disable */
/* eslint-disable */
/**
 * A network and its size.
 */
export type Architecture = ({ model: "classifier" } & ClassifierConfig) | ({ model: "autoencoder" } & AutoencoderConfig);

/**
 * A score, a threshold, and where the threshold comes from.
 */
export interface Detector {
    /**
     * How the score is computed.
     */
    divergence: Divergence;
    /**
     * Scores above it mean adversarial; in nats.
     */
    threshold: number;
}

/**
 * How two predictions are compared.
 */
export interface Divergence {
    /**
     * Order of the predictions.
     */
    direction: Direction;
    /**
     * T > 0: predictions become p^(1/T), renormalised, before they are compared. Below 1 sharpens,
     * above 1 softens, 1 leaves them alone.
     */
    temperature: number;
}

/**
 * How weights were trained.
 */
export interface Training {
    /**
     * `stl10`, `drawn`, or `stl10 and drawn`.
     */
    data: string;
    /**
     * Which of STL-10's splits was learned from.
     */
    protocol: Protocol;
    /**
     * Pictures learned from; the held-out ones are not among them.
     */
    pictures: number;
    /**
     * Passes over them until these weights were kept.
     */
    epochs: number;
    /**
     * Of every random choice.
     */
    seed: number;
    /**
     * The options that this depended on.
     */
    options: unknown;
}

/**
 * One of the ten classes of STL-10.
 *
 * The discriminant is the index of the class in every tensor of probabilities; the label in STL-10's
 * files is that index plus one.
 */
export type Class = "airplane" | "bird" | "car" | "cat" | "deer" | "dog" | "horse" | "monkey" | "ship" | "truck";

/**
 * One place of an attack's way, and the second look at it.
 */
export interface WatchedStep {
    progress: Progress;
    picture: Float32Array;
    look: Look;
}

/**
 * One place of an attack's way.
 */
export interface Progress {
    /**
     * Which random start, from 0.
     */
    start: number;
    /**
     * Steps made since, 0..=max_iter.
     */
    t: number;
    /**
     * Cross-entropy with the given class.
     */
    loss: number;
    /**
     * CL(x_t).
     */
    probabilities: number[];
    /**
     * Distance from the original in the attack's norm.
     */
    distance: number;
}

/**
 * Order of the two predictions in the Kullback-Leibler divergence, which is not symmetric.
 */
export type Direction = "forward" | "reverse";

/**
 * Projected gradient descent, Madry et al. 2018 (arXiv 1706.06083).
 *
 * The default is the tutorial's setting, which moves each value by at most 10 x 0.001; a field that is
 * missing where one is read takes its default.
 */
export interface Pgd {
    /**
     * Which distance is bounded.
     */
    norm?: Norm;
    /**
     * Largest distance from the original, in units of the pictures' [0, 1].
     */
    eps?: number;
    /**
     * Length of one step, in the same units.
     */
    eps_step?: number;
    /**
     * Number of steps.
     */
    max_iter?: number;
    /**
     * 0: start at the picture itself. n: start n times at a random place of the ball, keep the best.
     */
    num_random_init?: number;
    /**
     * false: away from the given class (the true one). true: towards the given class (the wanted one).
     */
    targeted?: boolean;
    /**
     * For the random starts.
     */
    seed?: number;
}

/**
 * The second look at a picture.
 */
export interface Look {
    verdict: Verdict;
    reconstruction: Float32Array;
    correction: Float32Array | undefined;
}

/**
 * What the detector says of one picture.
 */
export interface Verdict {
    /**
     * CL(x), the ten probabilities.
     */
    first: number[];
    /**
     * CL(AE(x)).
     */
    second: number[];
    /**
     * What answers if the picture is adversarial: CL's prediction on the corrector's reconstruction, or,
     * without a corrector, CL(AE(x)).
     */
    correction: number[];
    /**
     * S(x), in nats.
     */
    score: number;
    /**
     * The threshold it was held against.
     */
    threshold: number;
    /**
     * Whether the score is above the threshold.
     */
    adversarial: boolean;
    /**
     * The most likely class of the correction if adversarial, of CL(x) if not.
     */
    answer: Class;
}

/**
 * What the files say of themselves.
 */
export interface Cards {
    classifier: Card;
    autoencoder: Card;
    corrector: Card | undefined;
}

/**
 * What weights say of themselves.
 */
export interface Card {
    /**
     * The network they belong to.
     */
    architecture: Architecture;
    /**
     * What they were trained on.
     */
    training: Training | undefined;
    /**
     * Figures measured with them, by name, e.g. `validation_accuracy`.
     */
    figures?: Record<string, number>;
    /**
     * An autoencoder's detector, inferred from clean validation pictures.
     */
    detector: Detector | undefined;
    /**
     * Who may do what with them.
     */
    licence: string;
}

/**
 * Which autoencoder to build.
 */
export type AutoencoderConfig = { name: "tutorial"; latent: number } | { name: "compact"; channels: number } | { name: "residual"; side: number; channels: number; width: number };

/**
 * Which distance `eps` bounds.
 */
export type Norm = "linf" | "l2";

/**
 * Which network to build.
 */
export type ClassifierConfig = { name: "vgg16" } | { name: "compact" };

/**
 * Which of STL-10's two labelled splits is learned from; the other one is measured on.
 */
export type Protocol = "tutorial" | "standard";


/**
 * An attack under way.
 */
export class Run {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Makes a step and looks at where it led a second time; `undefined` when all steps are made.
     *
     * # Errors
     * When the device does not answer.
     */
    step(): Promise<WatchedStep | undefined>;
}

/**
 * The networks on one device.
 */
export class Session {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Starts an attack that leads a picture away from `class`, or towards it if `pgd` is targeted.
     *
     * # Errors
     * When a value is no picture's, or a parameter is out of its range.
     */
    attack(picture: Float32Array | number[], _class: Class, pgd: Pgd): Run;
    /**
     * What the files say of themselves.
     *
     * # Errors
     * Never in practice: cards are plain data.
     */
    cards(): Cards;
    /**
     * The second look at a picture.
     *
     * # Errors
     * When the values are no picture, or the device does not answer.
     */
    look(picture: Float32Array | number[]): Promise<Look>;
    /**
     * Loads the networks from the bytes of their files, onto the GPU or the CPU. The corrector is the
     * autoencoder that answers for adversarial pictures, if that is another one.
     *
     * # Errors
     * When a file cannot be used, or there is no WebGPU.
     */
    static open(classifier: Uint8Array | number[], autoencoder: Uint8Array | number[], corrector: Uint8Array | number[] | null | undefined, webgpu: boolean): Promise<Session>;
}

/**
 * Decodes, crops and scales a picture file, as the classifier sees it.
 *
 * # Errors
 * When the bytes are no picture, or too large a one.
 */
export function decode(bytes: Uint8Array | number[]): Float32Array;

/**
 * A picture as a lossless PNG of 8 bits a channel.
 *
 * # Errors
 * When the values are no picture.
 */
export function png(picture: Float32Array | number[]): Uint8Array;

/**
 * A text as a QR code, drawn in SVG.
 *
 * # Errors
 * When the text is longer than a QR code holds, some 2,900 characters.
 */
export function qr(text: string): string;

export function start(): void;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_run_free: (a: number, b: number) => void;
    readonly __wbg_session_free: (a: number, b: number) => void;
    readonly decode: (a: number, b: number, c: number) => void;
    readonly png: (a: number, b: number, c: number) => void;
    readonly qr: (a: number, b: number, c: number) => void;
    readonly run_step: (a: number) => any;
    readonly session_attack: (a: number, b: number, c: number, d: number, e: number, f: number, g: any) => void;
    readonly session_cards: (a: number, b: number) => void;
    readonly session_look: (a: number, b: number, c: number) => any;
    readonly session_open: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => any;
    readonly start: () => void;
    readonly __wasm_bindgen_func_elem_32847: (a: number, b: number, c: number, d: any) => void;
    readonly __wasm_bindgen_func_elem_32847_11: (a: number, b: number, c: number, d: any) => void;
    readonly __wasm_bindgen_func_elem_32847_14: (a: number, b: number, c: number, d: any) => void;
    readonly __wasm_bindgen_func_elem_32847_15: (a: number, b: number, c: number, d: any) => void;
    readonly __wasm_bindgen_func_elem_32888: (a: number, b: number, c: any, d: any) => void;
    readonly __wasm_bindgen_func_elem_36815: (a: number, b: number, c: any) => void;
    readonly __wasm_bindgen_func_elem_36815_13: (a: number, b: number, c: any) => void;
    readonly __wbindgen_export: (a: number, b: number) => number;
    readonly __wbindgen_export2: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_export3: (a: number, b: number, c: number) => void;
    readonly __wbindgen_export4: (a: number) => void;
    readonly __wbindgen_export5: () => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_export6: (a: number, b: number) => void;
    readonly __wbindgen_add_to_stack_pointer: (a: number) => number;
    readonly __wbindgen_export7: (a: number) => void;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
