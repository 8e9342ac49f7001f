//! The browser's way in: a thin layer of wasm-bindgen over [`crate::lab`]. No logic of the method here.
//!
//! Pictures cross the border as encoded files or as 27,648 numbers (planes R, G, B, row by row);
//! everything else as plain objects with the field names of the Rust types.

use std::ops::ControlFlow;

use burn::tensor::Device;
use js_sys::{Float32Array, Function};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::attack::Pgd;
use crate::class::Class;
use crate::detector::Verdict;
use crate::lab::{Lab, read};
use crate::model::Card;
use crate::picture::Picture;

/// Both networks on one device.
#[wasm_bindgen]
pub struct Session {
    lab: Lab,
    cards: [Card; 2],
    backend: &'static str,
}

#[derive(Serialize)]
struct Look {
    verdict: Verdict,
    reconstruction: Vec<f32>,
}

#[wasm_bindgen]
impl Session {
    /// Loads both networks from the bytes of their files. `backend` is `webgpu`, `cpu`, or `auto` for
    /// WebGPU where the browser offers an adapter.
    ///
    /// # Errors
    /// When a file cannot be used, or WebGPU is asked for and there is none.
    pub async fn open(
        classifier: Vec<u8>,
        autoencoder: Vec<u8>,
        backend: String,
    ) -> Result<Session, JsError> {
        let (device, backend) = match backend.as_str() {
            "cpu" => (Device::flex(), "cpu"),
            "webgpu" => (webgpu().await?, "webgpu"),
            _ => match webgpu().await {
                Ok(device) => (device, "webgpu"),
                Err(_) => {
                    web_sys::console::info_1(&"no WebGPU adapter: computing on the CPU".into());
                    (Device::flex(), "cpu")
                }
            },
        };
        let (lab, classifier, autoencoder) = Lab::load(&classifier, &autoencoder, &device)?;
        Ok(Session { lab, cards: [classifier, autoencoder], backend })
    }

    /// What computes: `webgpu` or `cpu`.
    #[wasm_bindgen(getter)]
    pub fn backend(&self) -> String {
        self.backend.to_owned()
    }

    /// What the two files say of themselves: [classifier, autoencoder].
    ///
    /// # Errors
    /// Never in practice: cards are plain data.
    #[wasm_bindgen(getter)]
    pub fn cards(&self) -> Result<JsValue, JsError> {
        to_js(&self.cards)
    }

    /// Scores above it mean adversarial; in nats.
    #[wasm_bindgen(getter)]
    pub fn threshold(&self) -> f32 {
        self.lab.detector.threshold
    }

    /// Judges by another threshold from now on.
    #[wasm_bindgen(setter)]
    pub fn set_threshold(&mut self, nats: f32) {
        self.lab.detector.threshold = nats;
    }

    /// Decodes, crops and scales a picture file, as the classifier sees it.
    ///
    /// # Errors
    /// When the bytes are no picture, or too large a one.
    pub fn decode(bytes: &[u8]) -> Result<Float32Array, JsError> {
        Ok(Picture::decode(bytes)?.values().into())
    }

    /// The second look at a picture: {verdict, reconstruction}.
    ///
    /// # Errors
    /// When the values are no picture, or the device does not answer.
    pub async fn look(&self, picture: Vec<f32>) -> Result<JsValue, JsError> {
        let picture = Picture::new(picture)?;
        let looks = self.lab.look(picture.to_tensor(self.lab.device())).await?;
        let verdict = looks.verdicts[0];
        let reconstruction = Picture::clamped(read(looks.reconstructions).await?)?;
        to_js(&Look { verdict, reconstruction: reconstruction.values().to_vec() })
    }

    /// Attacks a picture away from `class`, or towards it if `pgd.targeted`. Calls `on_step(progress,
    /// picture)` at every step and ends early when it returns `false`. Returns the attacked picture.
    ///
    /// # Errors
    /// When a parameter is out of its range, or the device does not answer.
    pub async fn attack(
        &self,
        picture: Vec<f32>,
        class: String,
        pgd: JsValue,
        on_step: Function,
    ) -> Result<Float32Array, JsError> {
        let picture = Picture::new(picture)?;
        let class: Class = class.parse()?;
        let pgd: Pgd = serde_wasm_bindgen::from_value(pgd)?;
        let attacked = self
            .lab
            .attack(&picture, class, pgd, |progress| {
                let values = Float32Array::from(progress.picture.values());
                let answer = to_js(&progress)
                    .ok()
                    .and_then(|progress| on_step.call2(&JsValue::NULL, &progress, &values).ok());
                // An exception in the page's callback ends the attack as `false` does.
                match answer.map(|answer| answer.as_bool()) {
                    Some(None | Some(true)) => ControlFlow::Continue(()),
                    Some(Some(false)) | None => ControlFlow::Break(()),
                }
            })
            .await?;
        Ok(attacked.values().into())
    }
}

async fn webgpu() -> Result<Device, JsError> {
    Device::wgpu_options()
        .init_async()
        .await
        .map_err(|e| JsError::new(&format!("this browser offers no WebGPU adapter ({e})")))
}

fn to_js<T: Serialize>(value: &T) -> Result<JsValue, JsError> {
    Ok(value.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}
