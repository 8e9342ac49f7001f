//! The browser's way in: a thin layer of wasm-bindgen over [`crate::defence`]. It holds no rule of the method.
//!
//! Pictures cross the border as encoded files or as 27,648 numbers (planes R, G, B, row by row), everything else as
//! JSON with the field names of the Rust types, which TypeScript knows. A value that crosses costs a call each way, so
//! an answer with pictures is one string and one array (`Packed`).

#[cfg(not(feature = "gpu"))]
use std::future::{Ready, ready};
use std::rc::Rc;

use burn::tensor::Device;
use js_sys::{Array, Float32Array};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use web_sys::console;

use crate::attack::{AttackConfig, AttackName, AttackOptions, Attacker, Norm, Pgd, Shape};
use crate::class::Class;
use crate::defence::{self, AttackStep, Cards, Defence, Finding, Inside};
use crate::detector::Verdict;
use crate::model::Familiarity;
use crate::picture::{LARGEST_FILE, Picture, SIDE};

/// The defence on one device.
#[wasm_bindgen]
pub struct Session {
    defence: Rc<Defence>,
    cards: Cards,
}

/// What JavaScript needs to know of the core, so that it repeats none of it.
#[derive(Serialize, Tsify)]
pub struct Constants {
    /// The ten classes, in the order of all probabilities.
    classes: [Class; Class::COUNT],
    /// Width and height of every picture, in pixels.
    side: usize,
    /// Bytes of the largest picture file that is read.
    largest_file: usize,
    /// The largest number of steps of an attack.
    max_steps: usize,
    /// The norms.
    norms: Vec<NormConstants>,
}

/// A norm, its range and its named settings.
#[derive(Serialize, Tsify)]
pub struct NormConstants {
    norm: Norm,
    /// The largest eps and eps_step.
    largest: f32,
    /// The default setting.
    tutorial: Pgd,
    /// The strong setting.
    strong: Pgd,
}

/// A picture's verdict, and whether the classifier learned from anything like it.
#[derive(Serialize, Tsify)]
pub struct Examined {
    verdict: Verdict,
    /// `null` if the classifier's file does not tell.
    familiarity: Option<Familiarity>,
}

/// One step of an attack and the verdict on its picture.
#[derive(Serialize, Tsify)]
pub struct StepNumbers {
    step: AttackStep,
    verdict: Verdict,
}

/// An attack with all its parameters, and what the page says of it before it runs.
#[derive(Serialize, Tsify)]
pub struct Prepared {
    config: AttackConfig,
    /// What the attacker knows at least.
    attacker: Attacker,
    /// Steps of one restart.
    steps: usize,
    /// Restarts, at least 1.
    restarts: usize,
    /// About how long a step takes, in steps of PGD.
    cost: usize,
}

#[wasm_bindgen(start)]
fn start() {
    // A panic is a bug; its message in the console is worth more than "unreachable".
    std::panic::set_hook(Box::new(|panic| console::error_1(&panic.to_string().into())));
}

/// What JavaScript needs to know of the core.
///
/// # Errors
/// Never in practice: constants are plain data.
#[wasm_bindgen]
pub fn constants() -> Result<Ts<Constants>, JsError> {
    let norms = Norm::ALL
        .into_iter()
        .map(|norm| NormConstants {
            norm,
            largest: norm.ball().diameter(),
            tutorial: Pgd::tutorial(norm),
            strong: Pgd::strong(norm),
        })
        .collect();
    let constants = Constants {
        classes: Class::ALL,
        side: SIDE,
        largest_file: LARGEST_FILE,
        max_steps: Pgd::MAX_STEPS,
        norms,
    };
    Ok(constants.into_ts()?)
}

/// The attack of this name with the parameters that a person chose; those that are missing take the attack's defaults.
///
/// # Errors
/// When a parameter is out of its range.
#[wasm_bindgen]
pub fn prepare(
    attack: Ts<AttackName>,
    options: Ts<AttackOptions>,
    targeted: bool,
) -> Result<Ts<Prepared>, JsError> {
    let config = options.to_rust()?.resolve(attack.to_rust()?, targeted)?;
    let Shape { attacker, steps, restarts, cost, .. } = config.shape();
    Ok(Prepared { config, attacker, steps, restarts, cost }.into_ts()?)
}

/// Decodes, crops and scales a picture file, as the classifier sees it.
///
/// # Errors
/// When the bytes are no picture, or too large a one.
#[wasm_bindgen]
pub fn decode(bytes: &[u8]) -> Result<Float32Array, JsError> {
    Ok(Picture::decode(bytes)?.values().into())
}

/// A picture as a lossless PNG of 8 bits a channel.
///
/// # Errors
/// When the values are no picture.
#[wasm_bindgen]
pub fn png(picture: Vec<f32>) -> Result<Vec<u8>, JsError> {
    Ok(Picture::new(picture)?.to_png())
}

/// A text as a QR code, drawn in SVG.
///
/// # Errors
/// When the text is longer than a QR code holds, some 2,900 characters.
#[wasm_bindgen]
pub fn qr(text: &str) -> Result<String, JsError> {
    Ok(QrCode::new(text)?.render::<svg::Color>().min_dimensions(240, 240).build())
}

#[wasm_bindgen]
impl Session {
    /// Loads the networks from the bytes of their files, onto the GPU or the CPU. The corrector is the
    /// second autoencoder, if there is one.
    ///
    /// # Errors
    /// When a file cannot be used, or there is no WebGPU.
    pub async fn open(
        classifier: Vec<u8>,
        autoencoder: Vec<u8>,
        corrector: Option<Vec<u8>>,
        webgpu: bool,
    ) -> Result<Session, JsError> {
        let device = if webgpu { gpu().await? } else { Device::flex() };
        let (defence, cards) =
            Defence::load(&classifier, &autoencoder, corrector.as_deref(), &device)?;
        Ok(Session { defence: Rc::new(defence), cards })
    }

    /// What the files say of themselves.
    ///
    /// # Errors
    /// Never in practice: cards are plain data.
    pub fn cards(&self) -> Result<Ts<Cards>, JsError> {
        Ok(self.cards.into_ts()?)
    }

    /// The classifier's prediction alone: ten probabilities. For benchmarks (`benches/peers`).
    ///
    /// # Errors
    /// As [`Session::detect`].
    pub async fn predict(&self, picture: Vec<f32>) -> Result<Vec<f32>, JsError> {
        let picture = Picture::new(picture)?.to_tensor(self.defence.device());
        Ok(self.defence.predict(picture).await?[0].to_vec())
    }

    /// Detects and corrects: the verdict on a picture, how familiar it is, its reconstruction, and the corrector's, if there
    /// is one.
    ///
    /// # Errors
    /// When the values are no picture, or the device does not answer.
    #[wasm_bindgen(unchecked_return_type = "Packed<Examined>")]
    pub async fn detect(&self, picture: Vec<f32>) -> Result<Array, JsError> {
        let Finding { verdict, familiarity, reconstruction, correction } =
            self.defence.examine(&Picture::new(picture)?).await?;
        packed(&Examined { verdict, familiarity }, [Some(reconstruction), correction])
    }

    /// Looks inside: the bottleneck's values, and the gradients of the classifier's loss, for this class, and of the
    /// detector's score, in this order.
    ///
    /// # Errors
    /// As [`Session::detect`].
    #[wasm_bindgen(unchecked_return_type = "Packed<Inside>")]
    pub async fn inside(
        &self,
        picture: Vec<f32>,
        #[wasm_bindgen(unchecked_param_type = "Class")] class: &str,
    ) -> Result<Array, JsError> {
        let inside = self.defence.inside(&Picture::new(picture)?, class.parse()?).await?;
        let Inside { latent, loss_gradient, score_gradient, .. } = &inside;
        let values = [latent, loss_gradient, score_gradient].into_iter().flatten().copied();
        crossing(&inside, &values.collect::<Vec<f32>>())
    }

    /// Starts an attack that leads a picture away from `class`, or, if `config` is targeted, towards it.
    ///
    /// # Errors
    /// When a value is no picture's, or a parameter is out of its range.
    pub fn attack(
        &self,
        picture: Vec<f32>,
        #[wasm_bindgen(unchecked_param_type = "Class")] class: &str,
        config: Ts<AttackConfig>,
    ) -> Result<AttackRun, JsError> {
        let picture = Picture::new(picture)?;
        let run = self.defence.attack(&picture, class.parse()?, config.to_rust()?)?;
        Ok(AttackRun { run, defence: Rc::clone(&self.defence) })
    }
}

/// An attack under way.
#[wasm_bindgen]
pub struct AttackRun {
    run: defence::AttackRun,
    defence: Rc<Defence>,
}

#[wasm_bindgen]
impl AttackRun {
    /// Computes the next step and detects on its picture: the picture, its reconstruction, and the corrector's, if
    /// there is one. `undefined` when all steps are done.
    ///
    /// # Errors
    /// When the device does not answer.
    #[wasm_bindgen(unchecked_return_type = "Packed<StepNumbers> | undefined")]
    pub async fn step(&mut self) -> Result<Option<Array>, JsError> {
        self.run.watched_step(&self.defence).await?.map(packed_step).transpose()
    }

    /// The attack's result so far, packed as a step: in attacks on the defence the best of all steps, else the end of the
    /// best restart. `undefined` before there is any.
    ///
    /// # Errors
    /// When the device does not answer.
    #[wasm_bindgen(unchecked_return_type = "Packed<StepNumbers> | undefined")]
    pub async fn best(&self) -> Result<Option<Array>, JsError> {
        self.run.watched_best(&self.defence).await?.map(packed_step).transpose()
    }

    /// Computes the next step without detection: the step and its picture. `undefined` when all steps are done. For
    /// benchmarks (`benches/peers`).
    ///
    /// # Errors
    /// When the device does not answer.
    #[wasm_bindgen(unchecked_return_type = "Packed<AttackStep> | undefined")]
    pub async fn unwatched_step(&mut self) -> Result<Option<Array>, JsError> {
        let Some(step) = self.run.step().await? else {
            return Ok(None);
        };
        packed(&step, [Some(step.picture.clone())]).map(Some)
    }
}

fn packed_step((step, finding): (AttackStep, Finding)) -> Result<Array, JsError> {
    let Finding { verdict, reconstruction, correction, .. } = finding;
    let picture = step.picture.clone();
    packed(&StepNumbers { step, verdict }, [Some(picture), Some(reconstruction), correction])
}

/// [`crossing`] with the pictures one after the other.
fn packed<const N: usize>(
    numbers: &impl Serialize,
    pictures: [Option<Picture>; N],
) -> Result<Array, JsError> {
    let values: Vec<f32> = pictures.iter().flatten().flat_map(Picture::values).copied().collect();
    crossing(numbers, &values)
}

/// What crosses the border at once: `numbers` as JSON, and values.
fn crossing(numbers: &impl Serialize, values: &[f32]) -> Result<Array, JsError> {
    Ok(Array::of2(&serde_json::to_string(numbers)?.into(), &Float32Array::from(values)))
}

#[cfg(feature = "gpu")]
async fn gpu() -> Result<Device, JsError> {
    let device = Device::wgpu_options().init_async().await;
    device.map_err(|e| JsError::new(&format!("this browser offers no WebGPU ({e})")))
}

#[cfg(not(feature = "gpu"))]
fn gpu() -> Ready<Result<Device, JsError>> {
    ready(Err(JsError::new("this module computes on the CPU only")))
}
