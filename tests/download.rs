//! Downloads from a local server that cuts connections, ignores ranges, claims wrong sizes and sends wrong
//! bytes.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use md5::Md5;
use second_look::download::{Checksum, Download, Remote, RetryPolicy, check_space, unpack};
use sha2::{Digest, Sha256};

/// How the server answers one request.
#[derive(Clone, Copy)]
enum Answer {
    /// The requested bytes.
    Proper,
    /// The requested bytes, but only this many of them; then the connection is cut.
    Cut(usize),
    /// The whole file, even if a range was requested.
    IgnoreRange,
    /// The header claims that the file has this many bytes.
    Claim(usize),
    /// A range that begins this many bytes after the requested start.
    Later(usize),
    /// This status and no body.
    Status(u16),
    /// No answer for longer than the client's timeout.
    Silence,
}

/// Serves `file`, one request after the other, with the given answers. The last answer is repeated.
struct Server {
    url: String,
    /// The first byte that each request asked for.
    asked: Arc<Mutex<Vec<usize>>>,
}

impl Server {
    fn new(file: Vec<u8>, answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/file", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, mut answers) = (Arc::clone(&asked), answers.to_vec());
        answers.reverse();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let answer = if answers.len() > 1 { answers.pop().unwrap() } else { answers[0] };
                // An error here means that the client closed the connection, which is allowed.
                let _ = serve(connection.unwrap(), &file, answer, &seen);
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<usize> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(
    mut connection: TcpStream,
    file: &[u8],
    answer: Answer,
    asked: &Mutex<Vec<usize>>,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        connection.read_exact(&mut byte)?;
        request.extend(byte);
    }
    let request = String::from_utf8(request).unwrap().to_lowercase();
    let start = request
        .lines()
        .find_map(|line| line.strip_prefix("range: bytes=")?.strip_suffix('-')?.parse().ok());
    asked.lock().unwrap().push(start.unwrap_or(0));
    let mut from = match answer {
        Answer::IgnoreRange => 0,
        _ => start.unwrap_or(0),
    };
    match answer {
        Answer::Status(status) => {
            return write!(connection, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
        }
        Answer::Silence => {
            std::thread::sleep(Duration::from_millis(600));
            return Ok(());
        }
        Answer::Later(bytes) => from += bytes,
        _ => {}
    }
    let whole = if let Answer::Claim(bytes) = answer { bytes } else { file.len() };
    if from == 0 {
        write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: {whole}\r\n\r\n")?;
    } else {
        let (last, length) = (file.len() - 1, file.len() - from);
        write!(
            connection,
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{last}/{whole}\r\n\
             Content-Length: {length}\r\n\r\n"
        )?;
    }
    let body = &file[from..];
    let sent = if let Answer::Cut(bytes) = answer { bytes.min(body.len()) } else { body.len() };
    connection.write_all(&body[..sent])
}

/// Pseudo-random bytes, which compression cannot shorten.
fn noise(count: usize) -> Vec<u8> {
    let mut x = 1u32;
    let mut next = || {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 24) as u8
    };
    (0..count).map(|_| next()).collect()
}

fn digits(sum: impl AsRef<[u8]>) -> String {
    sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn remote(server: &Server, file: &[u8]) -> Remote {
    Remote {
        name: "file.bin".to_owned(),
        url: server.url.clone(),
        bytes: file.len() as u64,
        checksum: Checksum::Sha256(digits(Sha256::digest(file))[..8].to_owned()),
    }
}

const FAST: RetryPolicy = RetryPolicy {
    timeout: Duration::from_millis(300),
    initial_backoff: Duration::from_millis(1),
    retries: 4,
};

fn fetch(remote: &Remote, folder: &Path, policy: RetryPolicy) -> anyhow::Result<Vec<u8>> {
    let path = remote.fetch(folder, policy, &mut |_| {})?;
    assert!(!remote.part(folder).exists(), "the part file is left beside the complete file");
    Ok(fs::read(path)?)
}

#[track_caller]
fn fails(remote: &Remote, folder: &Path, policy: RetryPolicy, because: &[&str]) {
    let error = format!("{:#}", fetch(remote, folder, policy).unwrap_err());
    assert!(because.iter().all(|word| error.contains(word)), "{error}");
    assert!(!folder.join("file.bin").exists(), "an incomplete file has the final name");
}

#[test]
fn resumes_after_cuts_ignored_ranges_server_errors_and_timeouts() {
    use Answer::{Cut, IgnoreRange, Proper, Silence, Status};
    let file = noise(300_000);
    for (answers, starts) in [
        (&[Proper][..], &[0][..]),
        (&[Cut(1000), Cut(100_000), Cut(0), Proper], &[0, 1000, 101_000, 101_000]),
        (&[Cut(70_000), IgnoreRange], &[0, 70_000]),
        (&[Cut(70_000), Status(503), Status(429), Proper], &[0, 70_000, 70_000, 70_000]),
        (&[Silence, Proper], &[0, 0]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::new(file.clone(), answers);
        let received = fetch(&remote(&server, &file), folder.path(), FAST).unwrap();
        assert!(received == file, "the bytes differ");
        assert_eq!(server.asked(), starts);
    }
}

#[test]
fn a_later_download_resumes_from_the_part_file() {
    let (file, folder) = (noise(50_000), tempfile::tempdir().unwrap());
    let server = Server::new(file.clone(), &[Answer::Cut(20_000), Answer::Proper]);
    let no_retries = RetryPolicy { retries: 0, ..FAST };
    fails(
        &remote(&server, &file),
        folder.path(),
        no_retries,
        &["disconnected", "resumes at 0.0 MB"],
    );
    assert_eq!(fetch(&remote(&server, &file), folder.path(), no_retries).unwrap(), file);
    assert_eq!(server.asked(), [0, 20_000]);
}

#[test]
fn gives_up_after_the_last_retry_or_at_a_permanent_error() {
    let file = noise(1000);
    for (answer, requests, because) in [
        (Answer::Cut(0), 5, "disconnected"),
        (Answer::Status(500), 5, "500"),
        (Answer::Status(404), 1, "404"),
        (Answer::Claim(2000), 1, "offers 2000 bytes"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::new(file.clone(), &[answer]);
        fails(&remote(&server, &file), folder.path(), FAST, &[because]);
        assert_eq!(server.asked().len(), requests);
    }
}

#[test]
fn rejects_a_range_of_another_file_or_with_a_gap() {
    let file = noise(1000);
    for (answer, because) in
        [(Answer::Claim(2000), "offers 2000 bytes"), (Answer::Later(5), "a later part")]
    {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::new(file.clone(), &[Answer::Cut(500), answer]);
        fails(&remote(&server, &file), folder.path(), FAST, &[because]);
    }
}

#[test]
fn a_wrong_checksum_removes_the_part_file() {
    let (file, folder) = (noise(1000), tempfile::tempdir().unwrap());
    let mut other = file.clone();
    other[700] ^= 1;
    let wrong = Server::new(other, &[Answer::Proper]);
    fails(&remote(&wrong, &file), folder.path(), FAST, &["checksum"]);
    let correct = Server::new(file.clone(), &[Answer::Proper]);
    assert_eq!(fetch(&remote(&correct, &file), folder.path(), FAST).unwrap(), file);
    assert_eq!(correct.asked(), [0], "the download resumed from wrong bytes");
}

#[test]
fn a_part_file_longer_than_the_file_is_discarded() {
    let (file, folder) = (noise(1000), tempfile::tempdir().unwrap());
    let server = Server::new(file.clone(), &[Answer::Proper]);
    let remote = remote(&server, &file);
    fs::write(remote.part(folder.path()), noise(5000)).unwrap();
    assert_eq!(fetch(&remote, folder.path(), FAST).unwrap(), file);
}

const WANTED: [&str; 2] = ["train_X.bin", "train_y.bin"];

/// An archive with STL-10's layout that holds these files.
fn archive(names: &[&str]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for name in names {
        let content = [name.as_bytes(), &noise(100_000)].concat();
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, format!("stl10_binary/{name}"), content.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn unpacked(
    file: &[u8],
    answers: &[Answer],
    folder: &Path,
    policy: RetryPolicy,
) -> anyhow::Result<()> {
    let server = Server::new(file.to_vec(), answers);
    let checksum = Checksum::Md5(digits(Md5::digest(file)));
    let remote = Remote { checksum, ..remote(&server, file) };
    let (part, mut on_progress) = (remote.part(folder), |_| {});
    let download = Download::open(&remote, &part, policy, &mut on_progress)?;
    unpack(download, &part, folder, &WANTED)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn unpacks_an_archive_that_is_downloaded_in_several_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let file = archive(&["train_X.bin", "unlabeled_X.bin", "train_y.bin"]);
    let answers = [Answer::Cut(50_000), Answer::Cut(120_000), Answer::Proper];
    unpacked(&file, &answers, folder.path(), FAST).unwrap();
    assert_eq!(names(folder.path()), WANTED);
    for name in WANTED {
        let content = fs::read(folder.path().join(name)).unwrap();
        assert!(content.starts_with(name.as_bytes()) && content.len() == 100_000 + name.len());
    }
}

#[test]
fn an_interrupted_archive_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let file = archive(&WANTED);
    let no_retries = RetryPolicy { retries: 0, ..FAST };
    let error = unpacked(&file, &[Answer::Cut(150_000)], folder.path(), no_retries).unwrap_err();
    assert!(format!("{error:#}").contains("resumes at"), "{error:#}");
    assert_eq!(names(folder.path()), ["file.bin.part"], "only the part file is left");
    unpacked(&file, &[Answer::Proper], folder.path(), no_retries).unwrap();
    assert_eq!(names(folder.path()), WANTED);
}

#[test]
fn a_wrong_archive_leaves_no_unpacked_file() {
    for (file, because) in [
        (noise(5000), "not STL-10's archive"),
        (archive(&WANTED)[..120_000].to_vec(), "not STL-10's archive"),
        (archive(&["train_X.bin"]), "no train_y.bin"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let error = unpacked(&file, &[Answer::Proper], folder.path(), FAST).unwrap_err();
        assert!(format!("{error:#}").contains(because), "{error:#}");
        assert!(!names(folder.path()).iter().any(|name| name.starts_with("train")));
    }
}

#[test]
fn too_little_disk_space_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = check_space(folder.path(), u64::MAX).unwrap_err().to_string();
    assert!(error.contains("GB free") && error.contains("another folder"), "{error}");
    check_space(&folder.path().join("new"), 1).unwrap();
}

#[test]
fn the_command_reports_a_file_of_the_wrong_size_without_a_panic() {
    for what in ["stl10", "vgg16"] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::new(noise(1000), &[Answer::Proper]);
        let output = Command::new(env!("CARGO_BIN_EXE_second-look"))
            .args(["download", what, "--mirror", &server.url, "--to"])
            .arg(folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("offers 1000 bytes") && text.contains("--mirror"), "{text}");
        assert!(!text.contains("panicked"), "{text}");
    }
}
