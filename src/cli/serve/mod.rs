//! `serve`

mod connections;
mod data;
mod site;

use std::future::pending;
use std::io::{ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use tokio::net::TcpListener;
use tracing::warn;

use connections::Limits;
use data::Data;

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PORT: u16 = 8017;
/// Number of further ports that are tried when the wanted one is taken.
const PORTS: u16 = 50;

/// Files that are read at the same time.
const READERS: usize = 16;

/// Serves the page on this machine and opens it in the browser.
///
/// The page computes in the browser; the server only sends the files of www/ and pkg/, as any static host can, and with
/// --data STL-10's pictures.
/// Ctrl-C ends it.
#[derive(Args)]
pub struct Arguments {
    /// Address to listen on. With 0.0.0.0 or ::, other machines can open the page; browsers allow WebGPU and
    /// offline use only on 127.0.0.1 and over https.
    #[arg(long, value_name = "ADDRESS", default_value_t = HOST)]
    host: IpAddr,

    /// Port to listen on; if it is taken, the next free one. 0: any.
    #[arg(long, value_name = "PORT", default_value_t = PORT)]
    port: u16,

    /// A name by which browsers may ask for the page, beside localhost and this machine's addresses; can be given several
    /// times. Other names are refused, so that no web page elsewhere can pass itself off as this one.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,

    /// Folder of STL-10's binary files (train_X.bin, ...), whose photographs the page then offers under "Many pictures". On this
    /// machine only: not with another --host than a loopback address.
    #[arg(long, value_name = "DIR", conflicts_with = "allow_host")]
    data: Option<PathBuf>,

    /// Do not open the browser.
    #[arg(long)]
    no_open: bool,
}

impl Default for Arguments {
    fn default() -> Self {
        Self { host: HOST, port: PORT, allow_host: Vec::new(), data: None, no_open: false }
    }
}

pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let data = match &arguments.data {
        Some(_) if !arguments.host.is_loopback() => bail!(
            "--data is for this machine only, and --host {} lets others in: leave out one of the two",
            arguments.host
        ),
        Some(folder) => Data::open(folder)?,
        None => Data::default(),
    };
    let root = root()?;
    let site = site::site(&root, &arguments.allow_host, data)
        .with_context(|| format!("cannot read {}", root.display()))?;
    // Files are read on threads of their own. More of them would only wait for the same disk, each with its stack.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(READERS)
        .build()
        .context("cannot start the server")?;
    runtime.block_on(async {
        let listener = listen(arguments.host, arguments.port).await?;
        let address = listener.local_addr().context("the server has no address")?;
        // A browser on this machine reaches a server that listens everywhere at the loopback address.
        let host = match address.ip() {
            ip if ip.is_unspecified() => HOST,
            ip => ip,
        };
        let url = format!("http://{}/www/", SocketAddr::new(host, address.port()));
        // A closed standard output is no reason to stop serving.
        let _ = writeln!(std::io::stdout(), "Ctrl-C ends this. The page is at {url}");
        if !arguments.no_open
            && let Err(error) = open::that_detached(&url)
        {
            warn!("cannot open a browser ({error}): open the address above");
        }
        let interrupted = async {
            if tokio::signal::ctrl_c().await.is_err() {
                pending::<()>().await; // then the signal itself ends the process
            }
        };
        tokio::select! {
            served = connections::serve(listener, site, Limits::default()) => served,
            () = interrupted => Ok(()),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn listen(host: IpAddr, port: u16) -> Result<TcpListener> {
    let mut last = port;
    loop {
        match TcpListener::bind((host, last)).await {
            Ok(listener) => return Ok(listener),
            Err(error)
                if error.kind() == ErrorKind::AddrInUse && last < port.saturating_add(PORTS) =>
            {
                last += 1;
            }
            Err(error) => {
                return Err(error).with_context(|| {
                    format!(
                        "cannot listen on {}: choose another address with --host or --port",
                        SocketAddr::new(host, last)
                    )
                });
            }
        }
    }
}

/// The folder of www/ and pkg/: the current one, or the one that this program was built in.
fn root() -> Result<PathBuf> {
    let candidates = [PathBuf::from("."), PathBuf::from(env!("CARGO_MANIFEST_DIR"))];
    let whole = |root: &PathBuf| {
        ["www/index.html", "pkg/second_look_bg.wasm"].iter().all(|file| root.join(file).is_file())
    };
    let Some(root) = candidates.into_iter().find(whole) else {
        bail!(
            "the page's folders www/ and pkg/ are not here: start this in the project's folder (and \
             build pkg/ with scripts/build-web.sh if it is missing)"
        );
    };
    Ok(root)
}
