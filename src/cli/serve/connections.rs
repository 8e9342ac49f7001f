//! Connections of the server: how many at once, and how long each may take.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tracing::debug;

/// How much is given to those who ask.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at the same time; others wait.
    pub connections: usize,
    /// From the opening of a connection, or the end of an answer, to the end of the next request's head.
    pub head: Duration,
    /// The whole connection: a reader who takes longer for his files opens another one.
    pub total: Duration,
}

impl Default for Limits {
    /// A class of 40 with browsers that open six connections each needs 240; with three times that, silent ones keep nobody
    /// waiting, and it stays below the 1024 files that a process may usually have open. Two minutes for 24 MB of VGG16 ask for
    /// 1.6 Mb/s, so the whole connection gets ten.
    fn default() -> Self {
        Self { connections: 768, head: Duration::from_secs(15), total: Duration::from_secs(600) }
    }
}

/// Answers requests until the listener fails.
///
/// # Errors
/// When no connection can be accepted any more.
pub async fn serve(listener: TcpListener, site: Router, limits: Limits) -> Result<()> {
    let free = Arc::new(Semaphore::new(limits.connections));
    loop {
        let place = Arc::clone(&free).acquire_owned().await.context("the server is closed")?;
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // One that was given up before it was accepted, or, for a moment, no descriptor left.
            Err(error) if is_passing(error.kind()) => continue,
            Err(error) => {
                debug!("cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(site.clone());
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.head)
                .serve_connection(TokioIo::new(stream), service);
            // Whatever ends a connection is its visitor's affair.
            let _ = tokio::time::timeout(limits.total, connection).await;
            drop(place);
        });
    }
}

fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    const LIMITS: Limits = Limits {
        connections: 2,
        head: Duration::from_millis(300),
        total: Duration::from_millis(1500),
    };

    async fn start() -> std::net::SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let large = || async { vec![b'x'; 64 << 20] };
        let site = Router::new().route("/", get(|| async { "hello" })).route("/large", get(large));
        tokio::spawn(serve(listener, site, LIMITS));
        address
    }

    async fn to_the_end(mut stream: TcpStream) -> String {
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text).await;
        text
    }

    async fn ask(address: std::net::SocketAddr, head: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    fn run(test: impl Future<Output = ()>) {
        tokio::runtime::Runtime::new().unwrap().block_on(test);
    }

    #[test]
    fn silent_and_half_sent_requests_are_closed_and_make_room() {
        run(async {
            let address = start().await;
            let silent = ask(address, "").await;
            let half = ask(address, "GET / HTTP/1.1\r\nHo").await;
            // Both places are taken; this one is answered once they are closed.
            let answered = to_the_end(ask(address, REQUEST).await).await;
            assert!(answered.ends_with("hello"), "{answered}");
            assert_eq!(to_the_end(silent).await, "");
            assert!(!to_the_end(half).await.contains("hello"));
        });
    }

    #[test]
    fn one_who_keeps_the_connection_open_after_an_answer_is_closed() {
        run(async {
            let address = start().await;
            let begin = tokio::time::Instant::now();
            let text = to_the_end(ask(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await).await;
            assert!(text.ends_with("hello"), "{text}");
            assert!(begin.elapsed() < LIMITS.total, "closed as idle, not at the end of its time");
        });
    }

    #[test]
    fn a_thousand_at_once_are_all_answered() {
        run(async {
            let address = start().await;
            let all: Vec<_> = (0..1000)
                .map(|_| tokio::spawn(async move { to_the_end(ask(address, REQUEST).await).await }))
                .collect();
            for answer in all {
                assert!(answer.await.unwrap().ends_with("hello"));
            }
        });
    }

    #[test]
    fn one_who_does_not_read_is_cut_off() {
        run(async {
            let address = start().await;
            let slow = ask(address, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await;
            tokio::time::sleep(LIMITS.total * 2).await;
            let text = to_the_end(slow).await;
            assert!(text.len() < 64 << 20, "all of it came: {}", text.len());
            assert!(to_the_end(ask(address, REQUEST).await).await.ends_with("hello"));
        });
    }
}
