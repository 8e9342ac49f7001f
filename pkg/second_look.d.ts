/* tslint:disable */
/* eslint-disable */
/**
 * A hidden layer and the size of its projection.
 */
export interface HiddenLayer {
    /**
     * The layer of CL.
     */
    layer: string;
    /**
     * Values in its maps, for a picture of 96x96.
     */
    inputs: number;
    /**
     * Numbers that they are projected to.
     */
    outputs: number;
}

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
 * A picture's verdict, and whether the classifier learned from anything like it.
 */
export interface Examined {
    verdict: Verdict;
    /**
     * `null` if the classifier's file does not tell.
     */
    familiarity: Familiarity | null;
}

/**
 * An attack with all its parameters, and what the page says of it before it runs.
 */
export interface Prepared {
    config: AttackConfig;
    /**
     * What the attacker knows at least.
     */
    attacker: Attacker;
    /**
     * Steps of one restart.
     */
    steps: number;
    /**
     * Restarts, at least 1.
     */
    restarts: number;
    /**
     * About how long a step takes, in steps of PGD.
     */
    cost: number;
}

/**
 * An attack with all its parameters.
 */
export type AttackConfig = ({ attack: "pgd" } & Pgd) | ({ attack: "mi-fgsm" } & MiFgsm) | ({ attack: "fgsm" } & Fgsm) | ({ attack: "apgd-ce" } & ApgdCe) | ({ attack: "apgd-dlr" } & ApgdDlr) | ({ attack: "cw" } & Cw) | ({ attack: "deepfool" } & Deepfool) | ({ attack: "square" } & Square) | ({ attack: "noise" } & Noise) | ({ attack: "lagrangian" } & Lagrangian) | ({ attack: "selective-pgd" } & SelectivePgd) | ({ attack: "orthogonal-pgd" } & OrthogonalPgd) | ({ attack: "corrector" } & Corrector);

/**
 * Auto-PGD on the cross-entropy.
 */
export type ApgdCe = Apgd;

/**
 * Auto-PGD on the difference of logits ratio, which does not change when all logits are scaled.
 */
export type ApgdDlr = Apgd;

/**
 * How familiar a picture is.
 */
export interface Familiarity {
    /**
     * Whether it is like those that the classifier learned from.
     */
    familiar: boolean;
    /**
     * The share of the pictures held out that are no more familiar, 0 to 1.
     */
    familiarity: number;
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
 * KL divergence of the predictions, plus that of each hidden layer's distribution, weighted. A hidden layer's distribution
 * is the softmax of a random projection of its maps ([`crate::model::hidden`]).
 */
export interface HiddenDivergence extends Divergence {
    /**
     * The weight of each hidden layer, in the network's order.
     */
    weights: number[];
}

/**
 * Mean and standard deviation.
 */
export interface Scale {
    /**
     * The mean.
     */
    mean: number;
    /**
     * The standard deviation.
     */
    std: number;
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
    /**
     * How often the classifier was asked until it erred; `None` if the attack does not count that.
     */
    queries: number | null;
}

/**
 * Order of the two predictions in the Kullback-Leibler divergence, which is not symmetric.
 */
export type Direction = "forward" | "reverse";

/**
 * Orthogonal PGD.
 */
export type OrthogonalPgd = Evasion;

/**
 * Parameters of Auto-PGD.
 */
export interface Apgd {
    /**
     * Which distance is bounded.
     */
    norm?: Norm;
    /**
     * Largest distance from the original, above 0; images have values in [0, 1].
     */
    eps?: number;
    /**
     * Number of steps, 1..=[`Pgd::MAX_STEPS`]; 100 in the paper.
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
 * Parameters of Carlini and Wagner's attack.
 */
export interface Cw {
    /**
     * Which distance is made small: L2.
     */
    norm?: Norm;
    /**
     * `None`: however far it takes. Otherwise, images that end further away are moved back to this distance, where the
     * classifier need not err any more.
     */
    eps?: number | null;
    /**
     * Steps of Adam for each c, 1..=[`super::Pgd::MAX_STEPS`].
     */
    max_iter?: number;
    /**
     * Values of c that are tried, 1..=20.
     */
    binary_search_steps?: number;
    /**
     * The first c, above 0.
     */
    initial_const?: number;
    /**
     * Adam's learning rate in w, above 0.
     */
    learning_rate?: number;
    /**
     * By how many logits the goal must be reached, 0 or more.
     */
    confidence?: number;
    /**
     * false: away from the given class (the true one). true: towards the given class (the target).
     */
    targeted?: boolean;
}

/**
 * Parameters of DeepFool.
 */
export interface Deepfool {
    /**
     * Which distance is made small.
     */
    norm?: Norm;
    /**
     * `None`: however far it takes. Otherwise, images that end further away are moved back to this distance, where the
     * classifier need not err any more.
     */
    eps?: number | null;
    /**
     * Largest number of steps, 1..=[`super::Pgd::MAX_STEPS`]; 50 in the paper's code.
     */
    max_iter?: number;
    /**
     * How much further than the boundary, as a share of the way, at least 0; 0.02 in the paper.
     */
    overshoot?: number;
    /**
     * false: away from the given class (the true one). true: towards the given class (the target).
     */
    targeted?: boolean;
}

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
 * Parameters of an attack on the whole defence.
 */
export interface Evasion extends Pgd {
    /**
     * What leads away from the class, or towards it.
     */
    loss?: Loss;
    /**
     * Each gradient is the mean over so many random draws of a randomised defence (expectation over transformations,
     * Athalye et al. 2018, arXiv 1707.07397), 1..=1000. Of no use against a defence that draws nothing.
     */
    eot?: number;
}

/**
 * Parameters of random noise.
 */
export interface Noise {
    /**
     * Which distance is meant.
     */
    norm?: Norm;
    /**
     * Distance from the original before values are cut to [0, 1]: in L-infinity each value moves by eps up or down,
     * in L2 the direction is even over the sphere.
     */
    eps?: number;
    /**
     * So many draws, at least one; the best one is kept.
     */
    num_random_init?: number;
    /**
     * Which draw is the best one: the furthest from the given class, or the nearest to it.
     */
    targeted?: boolean;
    /**
     * Seed of the draws.
     */
    seed?: number;
}

/**
 * Parameters of the Square attack.
 */
export interface Square {
    /**
     * Which distance is bounded.
     */
    norm?: Norm;
    /**
     * Largest distance from the original, above 0; images have values in [0, 1].
     */
    eps?: number;
    /**
     * Questions asked about an image beside the one about the original, 1..=[`Pgd::MAX_STEPS`].
     */
    max_iter?: number;
    /**
     * Share of the image that the first squares cover, above 0 and at most 1; 0.8 in the paper's L-infinity attack
     * with many classes, 0.1 in its L2 attack.
     */
    p_init?: number;
    /**
     * Restarts, at least one; the best one is kept.
     */
    num_random_init?: number;
    /**
     * false: away from the given class (the true one). true: towards the given class (the target).
     */
    targeted?: boolean;
    /**
     * Seed of all random choices.
     */
    seed?: number;
}

/**
 * Parameters of the attack along both losses.
 */
export interface Lagrangian extends Evasion {
    /**
     * Weight of the detector's part, above 0, in units of the loss for each nat of the score. `None`: each of
     * [`Lagrangian::LAMBDAS`] in turn, each from the start, and the best of all.
     */
    lambda?: number | null;
}

/**
 * Parameters of the fast gradient sign method.
 */
export interface Fgsm {
    /**
     * Which distance is bounded. In L2 the step follows the gradient itself (the fast gradient method).
     */
    norm?: Norm;
    /**
     * Length of the step, above 0; images have values in [0, 1].
     */
    eps?: number;
    /**
     * false: away from the given class (the true one). true: towards the given class (the target).
     */
    targeted?: boolean;
}

/**
 * Selective PGD.
 */
export type SelectivePgd = Evasion;

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
 * The attack on the corrected prediction.
 */
export type Corrector = Evasion;

/**
 * The bottleneck of a picture, and two gradients in its values.
 */
export interface Inside {
    /**
     * Channels, height and width of the bottleneck; [n, 1, 1] for a list of n numbers.
     */
    shape: [number, number, number];
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
     * Bytes of the largest picture file that is read.
     */
    largest_file: number;
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
 * What a classifier's file says of its familiarity. The projection is in the file, too.
 */
export interface FamiliarityCard {
    /**
     * The layers whose maps are averaged, in the network's order.
     */
    layers: string[];
    /**
     * Their channels in all.
     */
    inputs: number;
    /**
     * Principal components.
     */
    outputs: number;
    /**
     * The distance of the pictures held out.
     */
    distance: Scale;
    /**
     * The energy of the pictures held out.
     */
    energy: Scale;
    /**
     * How unfamiliar the pictures held out are: the least of them, then what each further 5 % of them do not exceed, up to
     * the most unfamiliar.
     */
    quantiles: number[];
}

/**
 * What a person chose beside the attack; what is missing follows from the attack, the preset and the norm.
 */
export interface AttackOptions {
    /**
     * Start from a named setting; the options below change single parameters of it. Of attacks that say their own
     * defaults it sets eps alone
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
     * Length of one step [default: the preset's for the norm; attacks on the defence: a tenth of eps]
     */
    eps_step?: number | null;
    /**
     * Number of steps, up to 10000 [default: the preset's; attacks on the defence, apgd-*, cw: 100; deepfool: 50;
     * square: 1000]
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
     * Seed of all random choices of the attack [default: 0]
     */
    attack_seed?: number | null;
    /**
     * With attacks on the defence: what leads away from the class [default: margin]
     */
    attack_loss?: Loss | null;
    /**
     * With attacks on a randomised defence: so many random draws are averaged for each gradient, up to 1000
     * [default: 1]
     */
    eot?: number | null;
    /**
     * With lagrangian: the weight of the detector's part, above 0 [default: 1, 10 and 100, each from the start]
     */
    lambda?: number | null;
    /**
     * With cw: by how much the wrong logit must exceed the others [default: 0]
     */
    confidence?: number | null;
    /**
     * With cw: how often the weight of the classifier's part is halved or raised, up to 20 [default: 6]
     */
    binary_search_steps?: number | null;
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
     * Hidden layers of CL that an autoencoder was trained with; their projections are in the file.
     */
    hidden_layers?: HiddenLayer[];
    /**
     * How a classifier judges whether a picture is like those that it learned from; the weights for that are in the file.
     */
    familiarity?: FamiliarityCard;
    /**
     * CRC-32 of the file that this one was exported from in another number format, or whose classifier got a familiarity. An
     * autoencoder's threshold was inferred with the weights as they were.
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
 * What an attacker knows. A figure without its attacker means nothing.
 */
export type Attacker = "nothing" | "classifier" | "transfer" | "queries" | "defence";

/**
 * What is ascended to reach a [`Goal`].
 */
export type Loss = "margin" | "cross-entropy";

/**
 * What is drawn for each picture at each prediction.
 */
export interface Randomisation {
    /**
     * Shifts by up to so many pixels in both directions, 0..=24; the border is repeated.
     */
    shift?: number;
    /**
     * Flips every other picture horizontally, by chance.
     */
    flip?: boolean;
    /**
     * Adds normal noise with this standard deviation, 0..=0.5; values range from 0 to 1.
     */
    noise?: number;
    /**
     * Seed of all draws.
     */
    seed?: number;
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
export type AttackName = "pgd" | "mi-fgsm" | "fgsm" | "apgd-ce" | "apgd-dlr" | "cw" | "deepfool" | "square" | "noise" | "lagrangian" | "selective-pgd" | "orthogonal-pgd" | "corrector";

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
export type ScoreConfig = { divergence: Divergence } | { hidden: HiddenDivergence };

/** Ten probabilities, in the order of the classes. */
export type Probabilities = number[];
/** A score and a threshold; scores above it mean adversarial; in nats, 0 or more. */
export type Detector = ScoreConfig & { threshold: number };
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
     * The attack's result so far, packed as a step: in attacks on the defence the best of all steps, else the end of the
     * best restart. `undefined` before there is any.
     *
     * # Errors
     * When the device does not answer.
     */
    best(): Promise<Packed<StepNumbers> | undefined>;
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
     * Detects and corrects: the verdict on a picture, how familiar it is, its reconstruction, and the corrector's, if there
     * is one.
     *
     * # Errors
     * When the values are no picture, or the device does not answer.
     */
    detect(picture: Float32Array | number[]): Promise<Packed<Examined>>;
    /**
     * Looks inside: the bottleneck's values, and the gradients of the classifier's loss, for this class, and of the
     * detector's score, in this order.
     *
     * # Errors
     * As [`Session::detect`].
     */
    inside(picture: Float32Array | number[], _class: Class): Promise<Packed<Inside>>;
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
 * The attack of this name with the parameters that a person chose; those that are missing take the attack's defaults.
 *
 * # Errors
 * When a parameter is out of its range.
 */
export function prepare(attack: AttackName, options: AttackOptions, targeted: boolean): Prepared;

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
    readonly attackrun_best: (a: number) => any;
    readonly attackrun_step: (a: number) => any;
    readonly attackrun_unwatched_step: (a: number) => any;
    readonly constants: (a: number) => void;
    readonly decode: (a: number, b: number, c: number) => void;
    readonly png: (a: number, b: number, c: number) => void;
    readonly prepare: (a: number, b: any, c: any, d: number) => void;
    readonly qr: (a: number, b: number, c: number) => void;
    readonly session_attack: (a: number, b: number, c: number, d: number, e: number, f: number, g: any) => void;
    readonly session_cards: (a: number, b: number) => void;
    readonly session_detect: (a: number, b: number, c: number) => any;
    readonly session_inside: (a: number, b: number, c: number, d: number, e: number) => any;
    readonly session_open: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => any;
    readonly session_predict: (a: number, b: number, c: number) => any;
    readonly start: () => void;
    readonly __wasm_bindgen_func_elem_3224: (a: number, b: number, c: number, d: any) => void;
    readonly __wasm_bindgen_func_elem_3307: (a: number, b: number, c: any, d: any) => void;
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
