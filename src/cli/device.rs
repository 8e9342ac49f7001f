//! Where to compute.

use anyhow::Result;
use burn::tensor::Device;
use clap::ValueEnum;
use tracing::info;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceChoice {
    /// A GPU if there is one and the build knows of it, the CPU otherwise.
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU, or an error.
    Gpu,
}

pub fn open(choice: DeviceChoice) -> Result<Device> {
    let device = match choice {
        DeviceChoice::Cpu => Device::flex(),
        DeviceChoice::Gpu => gpu(true)?,
        DeviceChoice::Auto => gpu(false).unwrap_or_else(|_| Device::flex()),
    };
    let name = if device == Device::flex() { "the CPU" } else { "the GPU" };
    info!("computing on {name}");
    Ok(device)
}

/// A GPU; one that only pretends, a CPU going the long way round, if `software` is good enough.
#[cfg(feature = "gpu")]
fn gpu(software: bool) -> Result<Device> {
    use anyhow::{anyhow, bail};
    use burn_wgpu::wgpu::DeviceType;

    let (device, setup) = Device::wgpu_options()
        .init_with_setup()
        .map_err(|e| anyhow!("no GPU answers ({e}); install its driver, or use --device cpu"))?;
    let about = setup.adapter.get_info();
    if about.device_type == DeviceType::Cpu {
        if !software {
            bail!("the only GPU here is a software one");
        }
        tracing::warn!("{} is a software GPU: --device cpu is faster", about.name);
    }
    Ok(device)
}

#[cfg(not(feature = "gpu"))]
fn gpu(_: bool) -> Result<Device> {
    anyhow::bail!("this build cannot use a GPU: build it with --features gpu, or use --device cpu")
}
