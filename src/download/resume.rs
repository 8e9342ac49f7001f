//! A download that is read like a file and survives interruptions of the connection.

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

/// Timeouts and retries.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Longest wait for a connection, an answer, or the next byte.
    pub timeout: Duration,
    /// Wait before the first retry; it doubles with each further one.
    pub initial_backoff: Duration,
    /// Retries in a row without a byte received.
    pub attempts: usize,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            initial_backoff: Duration::from_secs(1),
            attempts: 6,
        }
    }
}

/// Reads a remote file from its first byte to its last: first what an earlier attempt left in the part file,
/// then what the server sends, which is appended to the part file.
pub struct Download<'a> {
    remote: &'a Remote,
    agent: Agent,
    path: PathBuf,
    part: File,
    /// Bytes in the part file.
    have: u64,
    /// Bytes read from this reader.
    at: u64,
    body: Option<BodyReader<'static>>,
    sum: Sum,
    retry: RetryPolicy,
    waits: ExponentialBackoff,
    on_progress: &'a mut dyn FnMut(u64),
    failed: bool,
}

/// A checksum being computed.
enum Sum {
    Md5(Md5),
    Sha256(Sha256),
}

/// Why a connection ended.
enum Stop {
    /// A retry may help.
    Transient(String),
    /// A retry does not help.
    Permanent(String),
}

impl<'a> Download<'a> {
    /// Resumes from the file `part` if it exists. `on_progress` is called with the number of bytes received so
    /// far.
    ///
    /// # Errors
    /// When the part file cannot be written.
    pub fn open(
        remote: &'a Remote,
        part: &Path,
        retry: RetryPolicy,
        on_progress: &'a mut dyn FnMut(u64),
    ) -> Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(part);
        let file = file.with_context(|| format!("cannot write {}", part.display()))?;
        let mut have = file.metadata()?.len();
        if have > remote.bytes {
            file.set_len(0)?; // a part of another file
            have = 0;
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(retry.timeout))
            .timeout_recv_response(Some(retry.timeout))
            .timeout_per_read(Some(retry.timeout))
            .accept_encoding(AutoHeaderValue::None) // the file as it is
            .build();
        Ok(Self {
            remote,
            agent: agent.into(),
            path: part.to_owned(),
            part: file,
            have,
            at: 0,
            body: None,
            sum: match remote.checksum {
                Checksum::Md5(_) => Sum::Md5(Md5::new()),
                Checksum::Sha256(_) => Sum::Sha256(Sha256::new()),
            },
            retry,
            waits: waits(retry),
            on_progress,
            failed: false,
        })
    }

    /// Whether reading failed for a reason outside the bytes received, so that these are worth keeping.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Reads the rest and checks the checksum of all bytes.
    ///
    /// # Errors
    /// When the rest cannot be downloaded, or the checksum is wrong; the part file is removed then.
    pub fn finish(mut self) -> Result<()> {
        io::copy(&mut self, &mut io::sink())?;
        let (sum, expected) = match (self.sum, &self.remote.checksum) {
            (Sum::Md5(sum), Checksum::Md5(expected)) => (digits(&sum.finalize()), expected),
            (Sum::Sha256(sum), Checksum::Sha256(expected)) => (digits(&sum.finalize()), expected),
            _ => unreachable!("the sum is made from the checksum's kind"),
        };
        if !sum.starts_with(expected.as_str()) {
            fs::remove_file(&self.path)?;
            bail!(
                "the download from {} is not {} (its checksum is {sum}, not {expected}); it was removed: try \
                 again, or use another address",
                self.remote.url,
                self.remote.name
            );
        }
        self.part.sync_all().with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Requests the missing bytes.
    fn connect(&mut self) -> std::result::Result<BodyReader<'static>, Stop> {
        let mut request = self.agent.get(&self.remote.url);
        if self.have > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", self.have));
        }
        let response = request.call().map_err(|error| match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => Stop::Permanent(error.to_string()),
            _ => Stop::Transient(error.to_string()),
        })?;
        let skip = self.overlap(&response)?;
        let mut body = response.into_body().into_reader();
        match io::copy(&mut (&mut body).take(skip), &mut io::sink()) {
            Ok(skipped) if skipped == skip => Ok(body),
            _ => Err(Stop::Transient("the connection was closed early".to_owned())),
        }
    }

    /// Number of bytes of the response that are in the part file already; an error if it is no success, or of
    /// another file.
    fn overlap(&self, response: &Response<Body>) -> std::result::Result<u64, Stop> {
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let (start, length) = match response.status() {
            StatusCode::OK => {
                (0, text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()))
            }
            StatusCode::PARTIAL_CONTENT => {
                // bytes FIRST-LAST/LENGTH, the length perhaps *
                let range = text(header::CONTENT_RANGE).and_then(|range| {
                    let (positions, length) = range.strip_prefix("bytes ")?.split_once('/')?;
                    Some((positions.split_once('-')?.0.parse().ok()?, length.parse().ok()))
                });
                range.ok_or_else(|| {
                    Stop::Permanent(
                        "the server sent a part of the file without saying which".to_owned(),
                    )
                })?
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(Stop::Transient(format!("the server answered {status}")));
            }
            status => return Err(Stop::Permanent(format!("the server answered {status}"))),
        };
        if length.is_some_and(|length: u64| length != self.remote.bytes) {
            return Err(Stop::Permanent(format!(
                "the server offers {} bytes, but {} has {}",
                length.unwrap_or_default(),
                self.remote.name,
                self.remote.bytes
            )));
        }
        self.have.checked_sub(start).ok_or_else(|| {
            Stop::Permanent("the server sent a later part than requested".to_owned())
        })
    }

    /// Waits before a retry, or gives up.
    fn wait(&mut self, stop: Stop) -> io::Result<()> {
        self.body = None;
        let (why, wait) = match stop {
            Stop::Transient(why) => (why, self.waits.next()),
            Stop::Permanent(why) => (why, None),
        };
        let Some(wait) = wait else {
            self.failed = true;
            return Err(io::Error::other(format!(
                "the download of {} is incomplete: {why}; try again to resume it at {:.1} MB, or use another \
                 address",
                self.remote.url,
                self.have as f64 / 1e6
            )));
        };
        warn!("{why}; resuming at {:.1} MB in {:.1} s", self.have as f64 / 1e6, wait.as_secs_f32());
        std::thread::sleep(wait);
        Ok(())
    }

    fn count(&mut self, bytes: &[u8]) {
        match &mut self.sum {
            Sum::Md5(sum) => sum.update(bytes),
            Sum::Sha256(sum) => sum.update(bytes),
        }
        self.at += bytes.len() as u64;
        (self.on_progress)(self.at);
    }
}

impl Read for Download<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.remote.bytes - self.at).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let buffer = &mut buffer[..wanted];
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.at < self.have {
            let n = self.part.read(buffer)?;
            if n == 0 {
                return Err(io::Error::other("the part file was truncated meanwhile"));
            }
            self.count(&buffer[..n]);
            return Ok(n);
        }
        loop {
            let received = match &mut self.body {
                None => self.connect().map(|body| {
                    self.body = Some(body);
                    None
                }),
                Some(body) => match body.read(buffer) {
                    Ok(0) => Err(Stop::Transient("the connection was closed early".to_owned())),
                    Ok(n) => Ok(Some(n)),
                    Err(error) => Err(Stop::Transient(error.to_string())),
                },
            };
            match received {
                Ok(None) => {}
                Ok(Some(n)) => {
                    self.part.seek(io::SeekFrom::Start(self.have))?;
                    if let Err(error) = self.part.write_all(&buffer[..n]) {
                        self.failed = true;
                        let path = self.path.display();
                        return Err(io::Error::other(format!("cannot write {path}: {error}")));
                    }
                    self.have += n as u64;
                    self.waits = waits(self.retry);
                    self.count(&buffer[..n]);
                    return Ok(n);
                }
                Err(stop) => self.wait(stop)?,
            }
        }
    }
}

fn waits(retry: RetryPolicy) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(retry.initial_backoff)
        .with_max_times(retry.attempts)
        .with_jitter()
        .build()
}

fn digits(sum: &[u8]) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}
