//! `compute-server`: this machine's devices, lent to another machine's `--device ws://HOST:PORT`.

use std::net::TcpListener;
use std::process::ExitCode;

use anyhow::{Context, Result};
use burn::server::{RemoteServer, TokenAuthorizer, WebSocketTransport};
use burn::tensor::Device;
use clap::Args;
use tracing::{info, warn};

/// Lend this machine's devices (--device) to `second-look --device ws://HOST:PORT` on another one, until
/// Ctrl-C. If the environment variable SECOND_LOOK_TOKEN is set, only those with the same one may use them.
/// Nothing is encrypted: for a network that you trust.
#[derive(Args)]
pub struct Arguments {
    /// Address and port to listen on; 0.0.0.0 lets other machines in.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:3000")]
    listen: String,
}

pub fn run(arguments: &Arguments, devices: Vec<Device>) -> Result<ExitCode> {
    let listener = TcpListener::bind(&arguments.listen)
        .with_context(|| format!("cannot listen on {}: give another --listen", arguments.listen))?;
    let address = listener.local_addr()?;
    let mut server = RemoteServer::new(devices);
    match token() {
        Some(token) => server = server.with_authorizer(TokenAuthorizer::new(token)?),
        None if !address.ip().is_loopback() => {
            warn!("whoever reaches {address} can use it: set SECOND_LOOK_TOKEN on both sides");
        }
        None => {}
    }
    info!("lending at ws://{address}");
    server.serve(WebSocketTransport::from_listener(listener))?;
    Ok(ExitCode::SUCCESS)
}

/// What both sides must know, if anything.
pub fn token() -> Option<String> {
    std::env::var("SECOND_LOOK_TOKEN").ok().filter(|token| !token.is_empty())
}
