//! Where to compute.

use std::str::FromStr;

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use tracing::info;

/// A value of `--device`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A GPU if the build supports it and there is one, else the CPU.
    Auto,
    Cpu,
    /// Through Vulkan, Metal or DX12: the best GPU, or the n-th with memory of its own.
    Gpu(Option<usize>),
    Cuda(usize),
    Rocm(usize),
    /// All devices of a machine where `second-look compute-server` runs.
    Remote(String),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || {
            format!(
                "{text} is none of auto, cpu, gpu, gpu:N, cuda, cuda:N, rocm, rocm:N, ws://HOST:PORT"
            )
        };
        if text.starts_with("ws://") {
            return Ok(DeviceChoice::Remote(text.to_owned()));
        }
        let (name, index) = match text.split_once(':') {
            Some((name, index)) => (name, Some(index.parse().map_err(|_| unknown())?)),
            None => (text, None),
        };
        match (name, index) {
            ("auto", None) => Ok(DeviceChoice::Auto),
            ("cpu", None) => Ok(DeviceChoice::Cpu),
            ("gpu", index) => Ok(DeviceChoice::Gpu(index)),
            ("cuda", index) => Ok(DeviceChoice::Cuda(index.unwrap_or(0))),
            ("rocm", index) => Ok(DeviceChoice::Rocm(index.unwrap_or(0))),
            _ => Err(unknown()),
        }
    }
}

/// The devices, at least one.
///
/// # Errors
/// When one is not there, or the build does not support its kind.
pub fn open(choices: &[DeviceChoice]) -> Result<Vec<Device>> {
    let mut devices = Vec::new();
    for choice in choices {
        match choice {
            DeviceChoice::Auto => devices.push(gpu(None, false).unwrap_or_else(|_| Device::flex())),
            DeviceChoice::Cpu => devices.push(Device::flex()),
            DeviceChoice::Gpu(index) => devices.push(gpu(*index, true)?),
            DeviceChoice::Cuda(index) => devices.push(cuda(*index)?),
            DeviceChoice::Rocm(index) => devices.push(rocm(*index)?),
            DeviceChoice::Remote(url) => devices.extend(remote(url)?),
        }
    }
    if devices.is_empty() {
        bail!("--device names no device");
    }
    let names: Vec<String> = devices.iter().map(name).collect();
    info!("computing on {}", names.join(", "));
    Ok(devices)
}

/// What the device is called in messages and reports.
pub fn name(device: &Device) -> String {
    if *device == Device::flex() { "the CPU".to_owned() } else { format!("{device:?}") }
}

/// The device of a command that uses one.
///
/// # Errors
/// As [`open`], and when there are several.
pub fn open_one(choices: &[DeviceChoice]) -> Result<Device> {
    let mut devices = open(choices)?;
    if devices.len() > 1 {
        bail!("--device names several devices, but only `train` uses more than one: name one");
    }
    devices.pop().context("--device names no device")
}

/// Opens a wgpu device. Software adapters (llvmpipe, SwiftShader) are rejected unless `software`.
#[cfg(feature = "gpu")]
fn gpu(index: Option<usize>, software: bool) -> Result<Device> {
    use anyhow::anyhow;
    use burn::tensor::DeviceKind;
    use burn_wgpu::wgpu::DeviceType;

    let mut options = Device::wgpu_options();
    if let Some(index) = index {
        options = options.device_kind(DeviceKind::DiscreteGpu(index));
    }
    let (device, setup) = options
        .init_with_setup()
        .map_err(|e| anyhow!("no GPU was found ({e}); install its driver, or use --device cpu"))?;
    let about = setup.adapter.get_info();
    if about.device_type == DeviceType::Cpu {
        if !software {
            bail!("the only GPU here is a software adapter");
        }
        tracing::warn!("{} is a software adapter: --device cpu is faster", about.name);
    }
    Ok(device)
}

#[cfg(not(feature = "gpu"))]
fn gpu(_: Option<usize>, _: bool) -> Result<Device> {
    bail!("this build cannot use a GPU: build it with --features gpu, or use --device cpu")
}

#[cfg(feature = "cuda")]
fn cuda(index: usize) -> Result<Device> {
    Ok(Device::cuda(index))
}

#[cfg(not(feature = "cuda"))]
fn cuda(_: usize) -> Result<Device> {
    bail!("this build does not support CUDA: build it with --features cuda, or use --device gpu")
}

#[cfg(feature = "rocm")]
fn rocm(index: usize) -> Result<Device> {
    Ok(Device::rocm(index))
}

#[cfg(not(feature = "rocm"))]
fn rocm(_: usize) -> Result<Device> {
    bail!("this build does not support ROCm: build it with --features rocm, or use --device gpu")
}

#[cfg(feature = "remote")]
fn remote(url: &str) -> Result<Vec<Device>> {
    use burn::remote::RemoteHost;

    let mut host = RemoteHost::websocket(url);
    if let Some(token) = super::compute_server::token() {
        host = host.with_credential(token);
    }
    let devices = host.devices().with_context(|| {
        format!(
            "{url} offers no device: start `second-look compute-server` there, with the same token"
        )
    })?;
    Ok(devices.into_iter().collect())
}

#[cfg(not(feature = "remote"))]
fn remote(url: &str) -> Result<Vec<Device>> {
    bail!("this build cannot reach {url}: build it with --features remote")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_by_kind_number_and_address() {
        for (text, expected) in [
            ("auto", DeviceChoice::Auto),
            ("cpu", DeviceChoice::Cpu),
            ("gpu", DeviceChoice::Gpu(None)),
            ("gpu:1", DeviceChoice::Gpu(Some(1))),
            ("cuda", DeviceChoice::Cuda(0)),
            ("rocm:3", DeviceChoice::Rocm(3)),
            ("ws://gpus:3000", DeviceChoice::Remote("ws://gpus:3000".to_owned())),
        ] {
            assert_eq!(text.parse(), Ok(expected));
        }
        for text in ["", "tpu", "cpu:0", "gpu:", "cuda:x", "http://gpus:3000"] {
            assert!(text.parse::<DeviceChoice>().is_err(), "{text}");
        }
    }
}
