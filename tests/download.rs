//! Downloads, against a server that cuts connections, ignores ranges, lies about lengths and sends other bytes.

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

/// What the server does with one request.
#[derive(Clone, Copy)]
enum Answer {
    /// What was asked for.
    Proper,
    /// What was asked for, but only so many bytes of it.
    Cut(usize),
    /// The file from its start, whatever was asked for.
    IgnoreRange,
    /// A header says that the file has so many bytes.
    Claim(usize),
    /// A part that begins so many bytes later than asked for.
    Later(usize),
    /// This status and nothing else.
    Status(u16),
    /// Nothing, for a while.
    Silence,
}

/// Serves `file`, a request at a time, as told; the last answer again and again.
struct Server {
    url: String,
    /// Where each request wanted to begin.
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
                // A client that went away is no error of the server's.
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

/// Bytes that no compression makes shorter.
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

const HASTY: RetryPolicy = RetryPolicy {
    timeout: Duration::from_millis(300),
    initial_backoff: Duration::from_millis(1),
    attempts: 4,
};

fn fetch(remote: &Remote, folder: &Path, retry: RetryPolicy) -> anyhow::Result<Vec<u8>> {
    let path = remote.fetch(folder, retry, &mut |_| {})?;
    assert!(!remote.part(folder).exists(), "the part is left beside the whole");
    Ok(fs::read(path)?)
}

#[track_caller]
fn fails(remote: &Remote, folder: &Path, retry: RetryPolicy, because: &[&str]) {
    let error = format!("{:#}", fetch(remote, folder, retry).unwrap_err());
    assert!(because.iter().all(|word| error.contains(word)), "{error}");
    assert!(!folder.join("file.bin").exists(), "something half-done has the final name");
}

#[test]
fn comes_whole_whatever_happens_on_the_way() {
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
        let came = fetch(&remote(&server, &file), folder.path(), HASTY).unwrap();
        assert!(came == file, "other bytes");
        assert_eq!(server.asked(), starts);
    }
}

#[test]
fn another_process_goes_on_where_one_was_stopped() {
    let (file, folder) = (noise(50_000), tempfile::tempdir().unwrap());
    let server = Server::new(file.clone(), &[Answer::Cut(20_000), Answer::Proper]);
    let no_retry = RetryPolicy { attempts: 0, ..HASTY };
    fails(
        &remote(&server, &file),
        folder.path(),
        no_retry,
        &["disconnected", "resume it at 0.0 MB"],
    );
    assert_eq!(fetch(&remote(&server, &file), folder.path(), no_retry).unwrap(), file);
    assert_eq!(server.asked(), [0, 20_000]);
}

#[test]
fn a_server_that_gives_nothing_is_given_up() {
    let file = noise(1000);
    for (answer, requests, because) in [
        (Answer::Cut(0), 5, "disconnected"),
        (Answer::Status(500), 5, "500"),
        (Answer::Status(404), 1, "404"),
        (Answer::Claim(2000), 1, "offers 2000 bytes"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::new(file.clone(), &[answer]);
        fails(&remote(&server, &file), folder.path(), HASTY, &[because, "another address"]);
        assert_eq!(server.asked().len(), requests);
    }
}

#[test]
fn a_part_of_another_file_is_no_part_of_this_one() {
    let file = noise(1000);
    for (answer, because) in
        [(Answer::Claim(2000), "offers 2000 bytes"), (Answer::Later(5), "a later part")]
    {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::new(file.clone(), &[Answer::Cut(500), answer]);
        fails(&remote(&server, &file), folder.path(), HASTY, &[because]);
    }
}

#[test]
fn wrong_bytes_are_told_by_their_sum_and_removed() {
    let (file, folder) = (noise(1000), tempfile::tempdir().unwrap());
    let mut other = file.clone();
    other[700] ^= 1;
    let wrong = Server::new(other, &[Answer::Proper]);
    fails(&remote(&wrong, &file), folder.path(), HASTY, &["checksum", "another address"]);
    let right = Server::new(file.clone(), &[Answer::Proper]);
    assert_eq!(fetch(&remote(&right, &file), folder.path(), HASTY).unwrap(), file);
    assert_eq!(right.asked(), [0], "it went on from wrong bytes");
}

#[test]
fn a_part_that_is_longer_than_the_file_is_dropped() {
    let (file, folder) = (noise(1000), tempfile::tempdir().unwrap());
    let server = Server::new(file.clone(), &[Answer::Proper]);
    let remote = remote(&server, &file);
    fs::write(remote.part(folder.path()), noise(5000)).unwrap();
    assert_eq!(fetch(&remote, folder.path(), HASTY).unwrap(), file);
}

const WANTED: [&str; 2] = ["train_X.bin", "train_y.bin"];

/// An archive as STL-10's: these files in a folder.
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
    retry: RetryPolicy,
) -> anyhow::Result<()> {
    let server = Server::new(file.to_vec(), answers);
    let checksum = Checksum::Md5(digits(Md5::digest(file)));
    let remote = Remote { checksum, ..remote(&server, file) };
    let (part, mut came) = (remote.part(folder), |_| {});
    unpack(Download::open(&remote, &part, retry, &mut came)?, &part, folder, &WANTED)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_archive_is_unpacked_while_it_comes_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let file = archive(&["train_X.bin", "unlabeled_X.bin", "train_y.bin"]);
    let answers = [Answer::Cut(50_000), Answer::Cut(120_000), Answer::Proper];
    unpacked(&file, &answers, folder.path(), HASTY).unwrap();
    assert_eq!(names(folder.path()), WANTED);
    for name in WANTED {
        let content = fs::read(folder.path().join(name)).unwrap();
        assert!(content.starts_with(name.as_bytes()) && content.len() == 100_000 + name.len());
    }
}

#[test]
fn an_archive_that_stops_coming_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let file = archive(&WANTED);
    let no_retry = RetryPolicy { attempts: 0, ..HASTY };
    let error = unpacked(&file, &[Answer::Cut(150_000)], folder.path(), no_retry).unwrap_err();
    assert!(format!("{error:#}").contains("resume it at"), "{error:#}");
    assert_eq!(names(folder.path()), ["file.bin.part"], "what is worth going on from, and no more");
    unpacked(&file, &[Answer::Proper], folder.path(), no_retry).unwrap();
    assert_eq!(names(folder.path()), WANTED);
}

#[test]
fn what_is_no_archive_or_another_one_leaves_nothing() {
    for (file, because) in [
        (noise(5000), "not STL-10's archive"),
        (archive(&WANTED)[..120_000].to_vec(), "not STL-10's archive"),
        (archive(&["train_X.bin"]), "no train_y.bin"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let error = unpacked(&file, &[Answer::Proper], folder.path(), HASTY).unwrap_err();
        assert!(format!("{error:#}").contains(because), "{error:#}");
        assert!(!names(folder.path()).iter().any(|name| name.starts_with("train")));
    }
}

#[test]
fn too_little_room_is_told_before_anything_comes() {
    let folder = tempfile::tempdir().unwrap();
    let error = check_space(folder.path(), u64::MAX).unwrap_err().to_string();
    assert!(error.contains("GB free") && error.contains("another folder"), "{error}");
    check_space(&folder.path().join("new"), 1).unwrap();
}

#[test]
fn the_command_says_in_a_sentence_why_it_did_not_work() {
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
