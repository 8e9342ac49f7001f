//! The browser's way in: a thin layer of wasm-bindgen over [`crate::defence`]. It holds no rule of the method.
//!
//! Pictures cross the border as encoded files or as 27,648 numbers (planes R, G, B, row by row);
//! everything else as plain objects with the field names of the Rust types, which TypeScript knows.

use std::rc::Rc;

use burn::tensor::{Device, Tensor};
use js_sys::Float32Array;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Serialize;
use serde_wasm_bindgen::preserve;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use web_sys::console;

use crate::attack::{AttackConfig, Norm, Pgd};
use crate::class::Class;
use crate::defence::{self, AttackStep, Cards, Defence};
use crate::detector::Verdict;
use crate::picture::{Picture, SIDE, VALUES};
use crate::tensor::read;

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

/// What the defence finds in one picture.
#[derive(Serialize, Tsify)]
pub struct Detection {
    verdict: Verdict,
    #[serde(with = "preserve")]
    #[tsify(type = "Float32Array")]
    reconstruction: Float32Array,
    /// The corrector's reconstruction, if there is a corrector.
    #[serde(with = "preserve")]
    #[tsify(type = "Float32Array | undefined")]
    correction: JsValue,
}

/// One step of an attack, and what the defence finds in its picture.
#[derive(Serialize, Tsify)]
pub struct WatchedStep {
    step: AttackStep,
    #[serde(with = "preserve")]
    #[tsify(type = "Float32Array")]
    picture: Float32Array,
    detection: Detection,
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
    let constants = Constants { classes: Class::ALL, side: SIDE, max_steps: Pgd::MAX_STEPS, norms };
    Ok(constants.into_ts()?)
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
        let device = if webgpu {
            Device::wgpu_options()
                .init_async()
                .await
                .map_err(|e| JsError::new(&format!("this browser offers no WebGPU ({e})")))?
        } else {
            Device::flex()
        };
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

    /// Detects and corrects: the verdict on a picture, and its reconstructions.
    ///
    /// # Errors
    /// When the values are no picture, or the device does not answer.
    pub async fn detect(&self, picture: Vec<f32>) -> Result<Ts<Detection>, JsError> {
        let picture = Picture::new(picture)?;
        let detection = self.defence.detect(picture.to_tensor(self.defence.device())).await?;
        Ok(Detection::new(detection).await?.into_ts()?)
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
    /// Computes the next step and detects on its picture; `undefined` when all steps are done.
    ///
    /// # Errors
    /// When the device does not answer.
    pub async fn step(&mut self) -> Result<Option<Ts<WatchedStep>>, JsError> {
        let Some(step) = self.run.step().await? else {
            return Ok(None);
        };
        let Some(detection) = self.run.detect(&self.defence).await? else {
            return Ok(None);
        };
        let picture = Float32Array::from(step.picture.values());
        let watched = WatchedStep { step, picture, detection: Detection::new(detection).await? };
        Ok(Some(watched.into_ts()?))
    }
}

impl Detection {
    async fn new(detection: defence::Detection) -> Result<Self, JsError> {
        // One read instead of two: each is a round trip to the device.
        let images = [Some(detection.reconstructions), detection.corrections];
        let values = read(Tensor::cat(images.into_iter().flatten().collect(), 0)).await?;
        let (reconstruction, correction) = values.split_at(VALUES);
        Ok(Self {
            verdict: detection.verdicts[0],
            reconstruction: shown(reconstruction)?,
            correction: match correction {
                [] => JsValue::UNDEFINED,
                correction => shown(correction)?.into(),
            },
        })
    }
}

/// The values of a reconstruction, clamped to [0, 1].
fn shown(picture: &[f32]) -> Result<Float32Array, JsError> {
    Ok(Picture::clamped(picture.to_vec())?.values().into())
}
