//! The browser's way in: a thin layer of wasm-bindgen over [`crate::lab`]. No logic of the method here.
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

use crate::attack::Pgd;
use crate::detector::Verdict;
use crate::lab::{self, Lab, Looks, Progress, read};
use crate::model::Card;
use crate::picture::{Picture, VALUES};

/// The networks on one device.
#[wasm_bindgen]
pub struct Session {
    lab: Rc<Lab>,
    cards: Cards,
}

/// What the files say of themselves.
#[derive(Serialize, Tsify)]
#[tsify(hashmap_as_object)]
pub struct Cards {
    classifier: Card,
    autoencoder: Card,
    corrector: Option<Card>,
}

/// The second look at a picture.
#[derive(Serialize, Tsify)]
pub struct Look {
    verdict: Verdict,
    #[serde(with = "preserve")]
    #[tsify(type = "Float32Array")]
    reconstruction: Float32Array,
    #[serde(with = "preserve")]
    #[tsify(type = "Float32Array | undefined")]
    correction: JsValue,
}

/// One place of an attack's way, and the second look at it.
#[derive(Serialize, Tsify)]
pub struct WatchedStep {
    progress: Progress,
    #[serde(with = "preserve")]
    #[tsify(type = "Float32Array")]
    picture: Float32Array,
    look: Look,
}

#[wasm_bindgen(start)]
fn start() {
    // A panic is a bug; its message in the console is worth more than "unreachable".
    std::panic::set_hook(Box::new(|panic| console::error_1(&panic.to_string().into())));
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
    /// autoencoder that answers for adversarial pictures, if that is another one.
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
        let (mut lab, classifier, autoencoder) = Lab::load(&classifier, &autoencoder, &device)?;
        let corrector = corrector.map(|bytes| lab.load_corrector(&bytes)).transpose()?;
        Ok(Session { lab: Rc::new(lab), cards: Cards { classifier, autoencoder, corrector } })
    }

    /// What the files say of themselves.
    ///
    /// # Errors
    /// Never in practice: cards are plain data.
    pub fn cards(&self) -> Result<Ts<Cards>, JsError> {
        Ok(self.cards.into_ts()?)
    }

    /// The second look at a picture.
    ///
    /// # Errors
    /// When the values are no picture, or the device does not answer.
    pub async fn look(&self, picture: Vec<f32>) -> Result<Ts<Look>, JsError> {
        let picture = Picture::new(picture)?;
        let looks = self.lab.look(picture.to_tensor(self.lab.device())).await?;
        Ok(Look::new(looks).await?.into_ts()?)
    }

    /// Starts an attack that leads a picture away from `class`, or towards it if `pgd` is targeted.
    ///
    /// # Errors
    /// When a value is no picture's, or a parameter is out of its range.
    pub fn attack(
        &self,
        picture: Vec<f32>,
        #[wasm_bindgen(unchecked_param_type = "Class")] class: &str,
        pgd: Ts<Pgd>,
    ) -> Result<Run, JsError> {
        let run = self.lab.attack(&Picture::new(picture)?, class.parse()?, pgd.to_rust()?)?;
        Ok(Run { run, lab: Rc::clone(&self.lab) })
    }
}

/// An attack under way.
#[wasm_bindgen]
pub struct Run {
    run: lab::Run,
    lab: Rc<Lab>,
}

#[wasm_bindgen]
impl Run {
    /// Makes a step and looks at where it led a second time; `undefined` when all steps are made.
    ///
    /// # Errors
    /// When the device does not answer.
    pub async fn step(&mut self) -> Result<Option<Ts<WatchedStep>>, JsError> {
        let Some(progress) = self.run.step().await? else {
            return Ok(None);
        };
        let Some(looks) = self.run.look(&self.lab).await? else {
            return Ok(None);
        };
        let picture = Float32Array::from(progress.picture.values());
        let step = WatchedStep { progress, picture, look: Look::new(looks).await? };
        Ok(Some(step.into_ts()?))
    }
}

impl Look {
    async fn new(looks: Looks) -> Result<Self, JsError> {
        // One read instead of two: each is a round trip to the device.
        let redrawn = [Some(looks.reconstructions), looks.corrections];
        let values = read(Tensor::cat(redrawn.into_iter().flatten().collect(), 0)).await?;
        let (reconstruction, correction) = values.split_at(VALUES);
        Ok(Self {
            verdict: looks.verdicts[0],
            reconstruction: shown(reconstruction)?,
            correction: match correction {
                [] => JsValue::UNDEFINED,
                correction => shown(correction)?.into(),
            },
        })
    }
}

fn shown(picture: &[f32]) -> Result<Float32Array, JsError> {
    Ok(Picture::clamped(picture.to_vec())?.values().into())
}
