//! Adversarial pictures: made, detected and corrected.
//!
//! A neural network can be fooled by noise that nobody sees. This crate makes such noise (projected gradient
//! descent), passes the picture through an autoencoder that was trained so that the classifier's
//! *prediction* survives, and compares the two predictions (Vacanti & Van Looveren 2020, arXiv 2002.09364).
//!
//! ```text
//! bytes ─► picture [1,3,96,96] ─► attack ─┬──────────────────────► CL ─► CL(x) ─────┐
//!                                         │                                         ├─ KL ─► verdict
//!                                         ├─► AE ────────────────► CL ─► CL(AE(x)) ─┘
//!                                         └─► flip ─► corrector ─► CL ─► answer, if adversarial
//! ```
//!
//! CL is the classifier, AE the autoencoder. The corrector is a second, narrower autoencoder; without one,
//! CL(AE(x)) is the answer for adversarial pictures.
//!
//! | module | contents |
//! | --- | --- |
//! | [`picture`], [`class`] | input and output |
//! | [`corruption`] | blur, noise, JPEG and what else cameras and screens do to a picture |
//! | [`model`] | CL and AE, losses, weights files and model cards |
//! | [`attack`] | attacks on the classifier and on the whole defence; one file per attack |
//! | [`detector`] | score, threshold, verdict, corrector |
//! | [`defence`] | all of it together; the page and the command line both go through it |
//! | [`data`] | STL-10, pictures that this crate draws, splits |
//! | [`evaluation`] | accuracies, ROC, the report |
//! | `train`, `download`, `cli` | native only: training, fetching the data, commands |
//! | `web`, `web_draw` | the browser's interface; that of the module that draws |
//!
//! ```no_run
//! use burn::tensor::Device;
//! use second_look::{attack::AttackConfig, class::Class, defence::Defence, picture::Picture};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let (classifier, autoencoder) = (std::fs::read("cl.safetensors")?, std::fs::read("ae.safetensors")?);
//! let (defence, _) = Defence::load(&classifier, &autoencoder, None, &Device::flex())?;
//! let horse = Picture::decode(&std::fs::read("horse.jpg")?)?;
//! let mut attack = defence.attack(&horse, Class::Horse, AttackConfig::default())?;
//! while let Some(step) = attack.step().await? {
//!     println!("step {}: loss {:.3} nats", step.t, step.loss);
//! }
//! let attacked = attack.finish().await?;
//! let verdict = defence.detect(attacked.to_tensor(defence.device())).await?.verdicts[0];
//! println!("adversarial: {}, answer: {}", verdict.adversarial, verdict.answer);
//! # Ok(())
//! # }
//! ```

pub mod attack;
pub mod class;
pub mod corruption;
pub mod data;
pub mod defence;
pub mod detector;
pub mod error;
pub mod evaluation;
pub mod model;
pub mod picture;
mod quantile;
mod seed;
mod tensor;

#[cfg(not(target_arch = "wasm32"))]
#[doc(hidden)] // public for the binary alone
pub mod cli;
#[cfg(not(target_arch = "wasm32"))]
mod differences;
#[cfg(not(target_arch = "wasm32"))]
#[doc(hidden)] // public for its tests alone
pub mod download;
#[cfg(not(target_arch = "wasm32"))]
mod file;
#[cfg(not(target_arch = "wasm32"))]
mod progress;
#[cfg(not(target_arch = "wasm32"))]
mod rows;
#[cfg(not(target_arch = "wasm32"))]
pub mod train;
#[cfg(all(target_arch = "wasm32", not(feature = "draw")))]
pub mod web;
#[cfg(all(target_arch = "wasm32", feature = "draw"))]
pub mod web_draw;
#[cfg(target_arch = "wasm32")]
mod web_types;

pub use error::{Error, Result};
