//! A neural network can be fooled by noise that nobody sees. This crate makes such noise (projected
//! gradient descent), looks at the picture a second time through an autoencoder that was trained so
//! that the classifier's *prediction* survives, and compares the two predictions.
//!
//! ```text
//! bytes ─► picture [1,3,96,96] ─► attack ─┬────────────► CL ─► CL(x) ─────┐
//!                                         │                               ├─ KL ─► verdict
//!                                         ├─► AE ──────► CL ─► CL(AE(x)) ─┘
//!                                         └─► corrector ─► CL ─► the answer, if adversarial
//! ```
//!
//! The corrector, a narrower AE, looks in a mirror; without one, CL(AE(x)) answers.
//!
//! | module | what |
//! | --- | --- |
//! | [`picture`], [`class`] | what goes in, what comes out |
//! | [`model`] | CL and AE, and their weights in files |
//! | [`attack`] | PGD: one loop, one file per norm |
//! | [`detector`] | divergence, threshold, verdict |
//! | [`lab`] | one experiment; the page and the binary both go through it |
//! | [`data`] | STL-10, and pictures that this crate draws itself |
//! | [`evaluation`] | the table of figures |
//! | `train`, `download`, `cli` | native only: learning, getting the data, commands |
//! | `web` | the browser's way in |
//!
//! ```no_run
//! use burn::tensor::Device;
//! use second_look::{attack::Pgd, class::Class, defence::Defence, picture::Picture};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let (classifier, autoencoder) = (std::fs::read("cl.safetensors")?, std::fs::read("ae.safetensors")?);
//! let (lab, _, _) = Defence::load(&classifier, &autoencoder, &Device::flex())?;
//! let horse = Picture::decode(&std::fs::read("horse.jpg")?)?;
//! let mut attack = lab.attack(&horse, Class::Horse, Pgd::default())?;
//! while let Some(step) = attack.step().await? {
//!     println!("step {}: loss {:.3}", step.t, step.loss);
//! }
//! let attacked = attack.end().await?;
//! let verdict = lab.detect(attacked.to_tensor(lab.device())).await?.verdicts[0];
//! println!("adversarial: {}, answer: {}", verdict.adversarial, verdict.answer);
//! # Ok(())
//! # }
//! ```

pub mod attack;
pub mod class;
pub mod data;
pub mod defence;
pub mod detector;
pub mod error;
pub mod evaluation;
pub mod model;
pub mod picture;
mod tensor;

#[cfg(not(target_arch = "wasm32"))]
#[doc(hidden)] // public for the binary alone
pub mod cli;
#[cfg(not(target_arch = "wasm32"))]
#[doc(hidden)] // public for its tests alone
pub mod download;
#[cfg(not(target_arch = "wasm32"))]
mod file;
#[cfg(not(target_arch = "wasm32"))]
mod progress;
#[cfg(not(target_arch = "wasm32"))]
pub mod train;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use error::{Error, Result};
