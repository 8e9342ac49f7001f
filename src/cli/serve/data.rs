//! STL-10's files on this computer, offered to the page: a list of them, and the files themselves, of which the page asks for
//! parts (`Range`). Nothing else of their folder is served.

use std::fs;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::http::header;
use axum::routing::get;
use serde::Serialize;
use tower_http::services::ServeFile;

use crate::data::Protocol;
use crate::data::stl10::{Stl10, folder_of};
use crate::error::{Error, Result};

/// The splits in the order in which they are offered.
const SPLITS: [&str; 3] = ["train", "test", "unlabeled"];

/// What is offered, if anything.
#[derive(Default)]
pub struct Data {
    splits: Vec<Split>,
    files: Vec<(String, PathBuf)>,
}

/// A split, as the page is told of it.
#[derive(Clone, Serialize)]
struct Split {
    pictures: File,
    labels: Option<File>,
    /// The protocol by which networks are trained on this split.
    protocol: Option<Protocol>,
}

#[derive(Clone, Serialize)]
struct File {
    name: String,
    size: u64,
}

impl Data {
    /// The splits that are in `folder`, or in its subfolder `stl10_binary`.
    ///
    /// # Errors
    /// When there is none, or a file of one is missing or no file of STL-10.
    pub fn open(folder: &Path) -> Result<Self> {
        let folder = folder_of(folder);
        let mut data = Self::default();
        for split in SPLITS {
            let [pictures, labels] = ["X", "y"].map(|part| format!("{split}_{part}.bin"));
            let is_there = |name: &String| folder.join(name).exists();
            if !is_there(&pictures) && !is_there(&labels) {
                continue;
            }
            Stl10::open(&folder, split)?;
            let labels = if is_there(&labels) { Some(data.add(&folder, labels)?) } else { None };
            let pictures = data.add(&folder, pictures)?;
            let protocol = [Protocol::Tutorial, Protocol::Standard]
                .into_iter()
                .find(|protocol| protocol.splits().0 == split);
            data.splits.push(Split { pictures, labels, protocol });
        }
        if data.splits.is_empty() {
            Stl10::open(&folder, SPLITS[0])?; // says what is missing
        }
        Ok(data)
    }

    fn add(&mut self, folder: &Path, name: String) -> Result<File> {
        let path = folder.join(&name);
        let size = fs::metadata(&path).map_err(Error::io(&path))?.len();
        self.files.push((name.clone(), path));
        Ok(File { name, size })
    }

    /// `/data.json`, the list, which is empty where nothing is offered, and `/data/NAME` of each file in it.
    pub fn router(self) -> Router {
        let Self { splits, files } = self;
        let json = serde_json::json!(splits).to_string();
        let list = get(async move || ([(header::CONTENT_TYPE, "application/json")], json));
        let list = Router::new().route("/data.json", list);
        files.into_iter().fold(list, |router, (name, path)| {
            router.route_service(&format!("/data/{name}"), ServeFile::new(path))
        })
    }
}
