//! Training on remote devices. The remote machine is a second process on this one. Needs the feature `remote`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use safetensors::SafeTensors;

const TRAIN: &str = "train autoencoder --architecture compact --latent 4 --pictures 40 --epochs 1 \
     --batch-size 10 --optimizer sgd --overwrite";

fn second_look(token: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_second-look"));
    command.env("SECOND_LOOK_TOKEN", token);
    command
}

/// A compute server. It is stopped when the value is dropped.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(token: &str) -> Self {
        let mut process = second_look(token)
            .args(["compute-server", "--device", "cpu", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let url = loop {
            let line = lines.next().expect("the server ended").unwrap();
            if let Some((_, url)) = line.split_once("lending at ") {
                break url.to_owned();
            }
        };
        // The pipe must stay open and be read: the server fails if it writes to a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn train(folder: &Path, token: &str, device: &str) -> Output {
    second_look(token)
        .args(TRAIN.split_whitespace())
        .args(["--device", device, "--out"])
        .arg(folder.join("ae.safetensors"))
        .output()
        .unwrap()
}

fn weights(folder: &Path, device: &str) -> Vec<f32> {
    let output = train(folder, "secret", device);
    assert!(output.status.success(), "{device}: {}", String::from_utf8_lossy(&output.stderr));
    let bytes = fs::read(folder.join("ae.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let floats = |data: &[u8]| -> Vec<f32> {
        data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    // Sorted by name, because the order in the file is not specified.
    let mut named = tensors.tensors();
    named.sort_by(|(a, _), (b, _)| a.cmp(b));
    named.iter().flat_map(|(_, view)| floats(view.data())).collect()
}

/// The largest absolute difference.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn remote_devices_train_to_the_same_weights_as_local_devices() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (Server::start("secret"), Server::start("secret"));
    let here = weights(folder.path(), "cpu");
    let there = weights(folder.path(), &one.url);
    // Initial weights and batches are the same, but sums may be computed in a different order.
    assert!(difference(&here, &there) < 1e-4, "{}", difference(&here, &there));

    let both_here = weights(folder.path(), "cpu,cpu");
    let both_there = weights(folder.path(), &format!("{},{}", one.url, other.url));
    assert!(difference(&both_here, &both_there) < 1e-4, "{}", difference(&both_here, &both_there));
    assert!(difference(&here, &both_here) > 1e-6, "two devices see half a batch each");
}

#[test]
fn a_wrong_token_or_a_stopped_server_is_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start("secret");
    let fails = |token: &str, url: &str| {
        let output = train(folder.path(), token, url);
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8(output.stderr).unwrap();
        let error = text.lines().find(|line| line.starts_with("error: ")).expect("an error");
        assert!(error.contains(url) && error.contains("compute-server"), "{error}");
        assert!(!folder.path().join("ae.safetensors").exists());
    };
    fails("wrong", &server.url);
    fails("", &server.url);
    let gone = server.url.clone();
    drop(server);
    fails("secret", &gone);
}
