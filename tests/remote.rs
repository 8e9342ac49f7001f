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

fn train(folder: &Path, token: &str, device: &str, loss: &str) -> Output {
    second_look(token)
        .args(TRAIN.split_whitespace())
        .args(["--loss", loss, "--device", device, "--out"])
        .arg(folder.join("ae.safetensors"))
        .output()
        .unwrap()
}

fn weights(folder: &Path, device: &str, loss: &str) -> Vec<f32> {
    let output = train(folder, "secret", device, loss);
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
    // Initial weights and batches are the same, but sums may be computed in a different order. Through the classifier such a
    // difference grows: a value near 0 is cut off by one device and not by the other. (Measured: mse 1e-7, divergence 4e-4, and
    // 9e-3 and more between one device and two.)
    for (loss, rounding) in [("mse", 1e-5), ("divergence", 2e-3)] {
        let weights = |device: &str| weights(folder.path(), device, loss);
        let here = weights("cpu");
        let there = weights(&one.url);
        assert!(difference(&here, &there) < rounding, "{loss}: {}", difference(&here, &there));

        let both_here = weights("cpu,cpu");
        let both_there = weights(&format!("{},{}", one.url, other.url));
        let between = difference(&both_here, &both_there);
        assert!(between < rounding, "{loss}: {between}");
        let halves = difference(&here, &both_here);
        assert!(halves > 3.0 * rounding, "{loss}: {halves}; two devices see half a batch each");
    }
}

#[test]
fn a_wrong_token_or_a_stopped_server_is_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start("secret");
    let fails = |token: &str, url: &str| {
        let output = train(folder.path(), token, url, "divergence");
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
