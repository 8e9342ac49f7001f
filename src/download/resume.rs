//! A download that is read like a file. It reconnects and resumes when the connection fails.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use md5::Md5;
use sha2::{Digest, Sha256};
use tracing::warn;
use ureq::config::AutoHeaderValue;
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body, BodyReader};

use super::{Checksum, Remote};

/// How long to wait, and how often to retry.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Longest wait for a connection, for the response, or for the next byte.
    pub timeout: Duration,
    /// Wait before the first retry (plus jitter). It doubles with each further retry.
    pub initial_backoff: Duration,
    /// Number of retries in a row, without any byte received, before giving up.
    pub retries: usize,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            initial_backoff: Duration::from_secs(1),
            retries: 6,
        }
    }
}

/// Reads a remote file from its first byte to its last. It first reads what an earlier download left in
/// the part file. It then downloads the rest, and appends it to the part file.
pub struct Download<'a> {
    remote: &'a Remote,
    agent: Agent,
    path: PathBuf,
    part: File,
    /// Bytes in the part file.
    received: u64,
    /// Bytes returned by `read` so far.
    position: u64,
    body: Option<BodyReader<'static>>,
    hasher: Hasher,
    policy: RetryPolicy,
    backoff: ExponentialBackoff,
    on_progress: &'a mut dyn FnMut(u64),
    failed: bool,
}

/// Computes the checksum while the bytes are read.
enum Hasher {
    Md5(Md5),
    Sha256(Sha256),
}

/// Why a request or a connection failed.
enum Failure {
    /// A retry may succeed.
    Transient(String),
    /// A retry cannot succeed.
    Permanent(String),
}

impl<'a> Download<'a> {
    /// Opens the part file `part`, or creates it, and resumes from what it holds. `on_progress` is called
    /// with the total bytes received.
    ///
    /// # Errors
    /// When the part file cannot be written.
    pub fn open(
        remote: &'a Remote,
        part: &Path,
        policy: RetryPolicy,
        on_progress: &'a mut dyn FnMut(u64),
    ) -> Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(part);
        let file = file.with_context(|| format!("cannot write {}", part.display()))?;
        let mut received = file.metadata()?.len();
        if received > remote.bytes {
            file.set_len(0)?; // longer than the file, so it is a part of another file
            received = 0;
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(policy.timeout))
            .timeout_recv_response(Some(policy.timeout))
            .timeout_per_read(Some(policy.timeout))
            // No compression, so that sizes and ranges are those of the file.
            .accept_encoding(AutoHeaderValue::None)
            .build();
        Ok(Self {
            remote,
            agent: agent.into(),
            path: part.to_owned(),
            part: file,
            received,
            position: 0,
            body: None,
            hasher: match remote.checksum {
                Checksum::Md5(_) => Hasher::Md5(Md5::new()),
                Checksum::Sha256(_) => Hasher::Sha256(Sha256::new()),
            },
            policy,
            backoff: backoff(policy),
            on_progress,
            failed: false,
        })
    }

    /// Whether the connection or the disk failed. In that case the bytes in the part file are worth
    /// keeping; otherwise the bytes themselves may be wrong.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Reads the rest of the file and checks its checksum.
    ///
    /// # Errors
    /// When the rest cannot be downloaded, or the checksum is wrong. A wrong checksum removes the part
    /// file.
    pub fn finish(mut self) -> Result<()> {
        io::copy(&mut self, &mut io::sink())?;
        let (sum, expected) = match (self.hasher, &self.remote.checksum) {
            (Hasher::Md5(hasher), Checksum::Md5(expected)) => (hex(&hasher.finalize()), expected),
            (Hasher::Sha256(hasher), Checksum::Sha256(expected)) => {
                (hex(&hasher.finalize()), expected)
            }
            _ => unreachable!("the hasher is of the checksum's kind"),
        };
        if !sum.starts_with(expected.as_str()) {
            fs::remove_file(&self.path)?;
            bail!(
                "the file from {} is not {} (its checksum is {sum}, not {expected}); it was removed: try \
                 again, or another address",
                self.remote.url,
                self.remote.name
            );
        }
        self.part.sync_all().with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Requests the bytes that are still missing. The returned reader starts at byte `self.received`.
    fn connect(&mut self) -> std::result::Result<BodyReader<'static>, Failure> {
        let mut request = self.agent.get(&self.remote.url);
        if self.received > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", self.received));
        }
        let response = request.call().map_err(|error| match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => Failure::Permanent(error.to_string()),
            _ => Failure::Transient(error.to_string()),
        })?;
        let skip = self.bytes_to_skip(&response)?;
        let mut body = response.into_body().into_reader();
        match io::copy(&mut (&mut body).take(skip), &mut io::sink()) {
            Ok(skipped) if skipped == skip => Ok(body),
            _ => Err(Failure::Transient("the connection was cut".to_owned())),
        }
    }

    /// How many bytes at the start of the response are in the part file already.
    ///
    /// An error if the status is no success, or the response belongs to another file.
    fn bytes_to_skip(&self, response: &Response<Body>) -> std::result::Result<u64, Failure> {
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let (start, length) = match response.status() {
            StatusCode::OK => {
                (0, text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()))
            }
            StatusCode::PARTIAL_CONTENT => {
                // "bytes FIRST-LAST/LENGTH"; the length may be "*"
                let range = text(header::CONTENT_RANGE).and_then(|range| {
                    let (bytes, length) = range.strip_prefix("bytes ")?.split_once('/')?;
                    Some((bytes.split_once('-')?.0.parse().ok()?, length.parse().ok()))
                });
                range.ok_or_else(|| {
                    Failure::Permanent("the server sent a part without saying which".to_owned())
                })?
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(Failure::Transient(format!("the server answered {status}")));
            }
            status => return Err(Failure::Permanent(format!("the server answered {status}"))),
        };
        if length.is_some_and(|length: u64| length != self.remote.bytes) {
            return Err(Failure::Permanent(format!(
                "the server offers {} bytes, but {} has {}",
                length.unwrap_or_default(),
                self.remote.name,
                self.remote.bytes
            )));
        }
        self.received.checked_sub(start).ok_or_else(|| {
            Failure::Permanent("the server sent a later part than the one requested".to_owned())
        })
    }

    /// Waits before the next retry, or gives up: after the last retry, or at a permanent failure.
    fn wait(&mut self, failure: Failure) -> io::Result<()> {
        self.body = None;
        let (why, wait) = match failure {
            Failure::Transient(why) => (why, self.backoff.next()),
            Failure::Permanent(why) => (why, None),
        };
        let Some(wait) = wait else {
            self.failed = true;
            return Err(io::Error::other(format!(
                "cannot download {}: {why}; the next try resumes at {:.1} MB",
                self.remote.url,
                self.received as f64 / 1e6
            )));
        };
        warn!(
            "{why}; resuming at {:.1} MB in {:.1} s",
            self.received as f64 / 1e6,
            wait.as_secs_f32()
        );
        std::thread::sleep(wait);
        Ok(())
    }

    /// Adds bytes that `read` returns to the checksum and reports the progress.
    fn account(&mut self, bytes: &[u8]) {
        match &mut self.hasher {
            Hasher::Md5(hasher) => hasher.update(bytes),
            Hasher::Sha256(hasher) => hasher.update(bytes),
        }
        self.position += bytes.len() as u64;
        (self.on_progress)(self.position);
    }
}

impl Read for Download<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.remote.bytes - self.position).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let buffer = &mut buffer[..wanted];
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.position < self.received {
            let n = self.part.read(buffer)?;
            if n == 0 {
                return Err(io::Error::other("the part file became shorter during the download"));
            }
            self.account(&buffer[..n]);
            return Ok(n);
        }
        loop {
            let read = match &mut self.body {
                None => self.connect().map(|body| {
                    self.body = Some(body);
                    None
                }),
                Some(body) => match body.read(buffer) {
                    Ok(0) => Err(Failure::Transient("the connection was cut".to_owned())),
                    Ok(n) => Ok(Some(n)),
                    Err(error) => Err(Failure::Transient(error.to_string())),
                },
            };
            match read {
                Ok(None) => {}
                Ok(Some(n)) => {
                    self.part.seek(io::SeekFrom::Start(self.received))?;
                    if let Err(error) = self.part.write_all(&buffer[..n]) {
                        self.failed = true;
                        let path = self.path.display();
                        return Err(io::Error::other(format!("cannot write {path}: {error}")));
                    }
                    self.received += n as u64;
                    self.backoff = backoff(self.policy);
                    self.account(&buffer[..n]);
                    return Ok(n);
                }
                Err(failure) => self.wait(failure)?,
            }
        }
    }
}

fn backoff(policy: RetryPolicy) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(policy.initial_backoff)
        .with_max_times(policy.retries)
        .with_jitter()
        .build()
}

fn hex(sum: &[u8]) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}
