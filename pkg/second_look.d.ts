/* tslint:disable */
/* eslint-disable */
/**
 * A named setting.
 */
export type Preset = "tutorial" | "strong";

/**
 * A network and its sizes.
 */
export type Architecture = ({ model: "classifier" } & ClassifierConfig) | ({ model: "autoencoder" } & AutoencoderConfig);

/**
 * A norm, its range and its named settings.
 */
export interface NormConstants {
    norm: Norm;
    /**
     * The largest eps and eps_step.
     */
    largest: number;
    /**
     * The default setting.
     */
    tutorial: Pgd;
    /**
     * The strong setting.
     */
    strong: Pgd;
}

/**
 * A score and a threshold.
 */
export interface Detector extends ScoreConfig {
    /**
     * Scores above it mean adversarial; in nats, 0 or more.
     */
    threshold: number;
}

/**
 * An attack with all its parameters.
 */
export type AttackConfig = ({ attack: "pgd" } & Pgd) | ({ attack: "mi-fgsm" } & MiFgsm);

/**
 * How weights were trained.
 */
export interface Training {
    /**
     * `stl10`, `drawn`, or `stl10 and drawn`.
     */
    data: string;
    /**
     * Which of STL-10's splits was trained on.
     */
    protocol: Protocol;
    /**
     * Number of training pictures, without those held out.
     */
    pictures: number;
    /**
     * Epochs until these weights were kept.
     */
    epochs: number;
    /**
     * Seed of every random choice.
     */
    seed: number;
    /**
     * Version of this crate that trained them; none in files from before it was recorded.
     */
    version?: string | null;
    /**
     * The options of the training.
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
 * One step of an attack and the verdict on its picture.
 */
export interface StepNumbers {
    step: AttackStep;
    verdict: Verdict;
}

/**
 * One step of an attack on a picture.
 */
export interface AttackStep {
    /**
     * The restart, from 0.
     */
    restart: number;
    /**
     * Steps made since the restart began, 0..=max_iter.
     */
    t: number;
    /**
     * The objective's loss, in nats.
     */
    loss: number;
    /**
     * CL(x_t), the ten probabilities.
     */
    prediction: Probabilities;
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
 * Parameters of MI-FGSM.
 */
export interface MiFgsm extends Pgd {
    /**
     * How much of the accumulated gradient is kept from step to step, in 0..=1; 1 in the paper.
     */
    decay?: number;
}

/**
 * Parameters of PGD; names as in the Adversarial Robustness Toolbox. A field that is missing where one is
 * read takes its default.
 */
export interface Pgd {
    /**
     * Which distance is bounded.
     */
    norm?: Norm;
    /**
     * Largest distance from the original, above 0; images have values in [0, 1].
     */
    eps?: number;
    /**
     * Length of one step, above 0, in the same units.
     */
    eps_step?: number;
    /**
     * Number of steps, 1..=[`Pgd::MAX_STEPS`].
     */
    max_iter?: number;
    /**
     * 0: start at the image itself. n: n restarts from random points of the ball, the best one kept.
     */
    num_random_init?: number;
    /**
     * false: away from the given class (the true one). true: towards the given class (the target).
     */
    targeted?: boolean;
    /**
     * Seed of the random restarts.
     */
    seed?: number;
}

/**
 * The Kullback-Leibler divergence between two predictions.
 */
export interface Divergence {
    /**
     * Order of the predictions.
     */
    direction: Direction;
    /**
     * T > 0: both predictions become p^(1/T), renormalised, before they are compared. Below 1
     * sharpens, above 1 softens, 1 leaves them alone. (alibi-detect's `AdversarialAE` applies its
     * temperature to CL(x) only, so its scores at T != 1 are another quantity.)
     */
    temperature: number;
}

/**
 * The cards of the files that a [`Defence`] was loaded from.
 */
export interface Cards {
    /**
     * The classifier's.
     */
    classifier: Card;
    /**
     * The autoencoder's.
     */
    autoencoder: Card;
    /**
     * The corrector's.
     */
    corrector: Card | null;
}

/**
 * What JavaScript needs to know of the core, so that it repeats none of it.
 */
export interface Constants {
    /**
     * The ten classes, in the order of all probabilities.
     */
    classes: Class[];
    /**
     * Width and height of every picture, in pixels.
     */
    side: number;
    /**
     * The largest number of steps of an attack.
     */
    max_steps: number;
    /**
     * The norms.
     */
    norms: NormConstants[];
}

/**
 * What a person chose; what is missing follows from the attack, the preset and the norm.
 */
export interface AttackOptions {
    /**
     * Which attack.
     */
    attack?: AttackName;
    /**
     * Start from a named setting; the options below change single parameters of it.
     */
    preset?: Preset;
    /**
     * Which distance from the original is bounded [default: linf]
     */
    norm?: Norm | null;
    /**
     * Largest distance from the original; values range from 0 to 1. With linf, 0.03 is 8 of 255 grey
     * levels [default: the preset's for the norm]
     */
    eps?: number | null;
    /**
     * Length of one step [default: the preset's for the norm]
     */
    eps_step?: number | null;
    /**
     * Number of steps, up to 10000 [default: the preset's]
     */
    max_iter?: number | null;
    /**
     * Restart so many times from a random point of the ball and keep the best; 0 starts at the picture
     * [default: 0]
     */
    num_random_init?: number | null;
    /**
     * With mi-fgsm: how much of the accumulated gradient is kept from step to step, 0 to 1 [default: 1]
     */
    decay?: number | null;
    /**
     * Seed of the random restarts [default: 0]
     */
    attack_seed?: number | null;
}

/**
 * What a weights file says of its network: architecture, training, figures, detector.
 */
export interface Card {
    /**
     * The network.
     */
    architecture: Architecture;
    /**
     * How the weights were trained; `None` if they were imported.
     */
    training: Training | null;
    /**
     * Figures measured with them, by name, e.g. `validation_accuracy`.
     */
    figures?: Record<string, number>;
    /**
     * An autoencoder's detector, inferred from clean validation pictures.
     */
    detector: Detector | null;
    /**
     * CRC-32 of the file, in another number format, that this one was exported from. An autoencoder's threshold
     * was inferred with the weights in that format.
     */
    converted_from?: number;
    /**
     * Whose weights these were trained from, and their terms; `None` if training began with random ones, or if
     * the card does not say.
     */
    origin?: string;
    /**
     * Terms of use of the weights.
     */
    licence: string;
}

/**
 * What the detector decides for one picture.
 */
export interface Verdict {
    /**
     * CL(x), the ten probabilities.
     */
    prediction: Probabilities;
    /**
     * CL(AE(x)).
     */
    reconstruction_prediction: Probabilities;
    /**
     * CL's prediction on the corrector's reconstruction of the flipped picture; `None` without a
     * corrector.
     */
    corrected_prediction: Probabilities | null;
    /**
     * S(x), in nats.
     */
    score: number;
    /**
     * The threshold that the score was compared with, in nats.
     */
    threshold: number;
    /**
     * Whether the score is above the threshold.
     */
    adversarial: boolean;
    /**
     * The answer: `answer_if_adversarial` or `answer_if_clean`.
     */
    answer: Class;
    /**
     * The answer at any threshold that the score does not exceed: CL(x)'s most likely class.
     */
    answer_if_clean: Class;
    /**
     * The answer at any threshold below the score: the most likely class of the corrected prediction,
     * or, without a corrector, of CL(AE(x)).
     */
    answer_if_adversarial: Class;
}

/**
 * Which attack.
 */
export type AttackName = "pgd" | "mi-fgsm";

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
export type ClassifierConfig = { name: "vgg16" } | { name: "vgg16-small" } | { name: "compact" };

/**
 * Which of STL-10's two labelled splits is trained on; the other one is measured on.
 */
export type Protocol = "tutorial" | "standard";

/**
 * Which score a detector uses, with its parameters.
 */
export type ScoreConfig = { divergence: Divergence };

/** Ten probabilities, in the order of the classes. */
export type Probabilities = number[];
/** JSON of a `T`, and pictures one after the other. */
export type Packed<T> = [json: string, pictures: Float32Array];


/**
 * An attack under way.
 */
export class AttackRun {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Computes the next step and detects on its picture: the picture, its reconstruction, and the corrector's, if
     * there is one. `undefined` when all steps are done.
     *
     * # Errors
     * When the device does not answer.
     */
    step(): Promise<Packed<StepNumbers> | undefined>;
    /**
     * Computes the next step without detection: the step and its picture. `undefined` when all steps are done. For
     * benchmarks (`benches/peers`).
     *
     * # Errors
     * When the device does not answer.
     */
    unwatched_step(): Promise<Packed<AttackStep> | undefined>;
}

/**
 * The defence on one device.
 */
export class Session {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Starts an attack that leads a picture away from `class`, or, if `config` is targeted, towards it.
     *
     * # Errors
     * When a value is no picture's, or a parameter is out of its range.
     */
    attack(picture: Float32Array | number[], _class: Class, config: AttackConfig): AttackRun;
    /**
     * What the files say of themselves.
     *
     * # Errors
     * Never in practice: cards are plain data.
     */
    cards(): Cards;
    /**
     * Detects and corrects: the verdict on a picture, its reconstruction, and the corrector's, if there is one.
     *
     * # Errors
     * When the values are no picture, or the device does not answer.
     */
    detect(picture: Float32Array | number[]): Promise<Packed<Verdict>>;
    /**
     * Loads the networks from the bytes of their files, onto the GPU or the CPU. The corrector is the
     * second autoencoder, if there is one.
     *
     * # Errors
     * When a file cannot be used, or there is no WebGPU.
     */
    static open(classifier: Uint8Array | number[], autoencoder: Uint8Array | number[], corrector: Uint8Array | number[] | null | undefined, webgpu: boolean): Promise<Session>;
    /**
     * The classifier's prediction alone: ten probabilities. For benchmarks (`benches/peers`).
     *
     * # Errors
     * As [`Session::detect`].
     */
    predict(picture: Float32Array | number[]): Promise<Float32Array>;
}

/**
 * What JavaScript needs to know of the core.
 *
 * # Errors
 * Never in practice: constants are plain data.
 */
export function constants(): Constants;

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
    readonly __wasm_call_ctors: () => void;
    readonly __wbg_attackrun_free: (a: number, b: number) => void;
    readonly __wbg_session_free: (a: number, b: number) => void;
    readonly attackrun_step: (a: number) => any;
    readonly attackrun_unwatched_step: (a: number) => any;
    readonly constants: (a: number) => void;
    readonly decode: (a: number, b: number, c: number) => void;
    readonly png: (a: number, b: number, c: number) => void;
    readonly qr: (a: number, b: number, c: number) => void;
    readonly session_attack: (a: number, b: number, c: number, d: number, e: number, f: number, g: any) => void;
    readonly session_cards: (a: number, b: number) => void;
    readonly session_detect: (a: number, b: number, c: number) => any;
    readonly session_open: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => any;
    readonly session_predict: (a: number, b: number, c: number) => any;
    readonly start: () => void;
    readonly __wasm_bindgen_func_elem_2863: (a: number, b: number, c: number, d: any) => void;
    readonly __wasm_bindgen_func_elem_2946: (a: number, b: number, c: any, d: any) => void;
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
