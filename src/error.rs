//! Errors of the core, each one sentence that says what to do.

use std::path::PathBuf;

/// `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the core.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that is not one of the ten classes.
    #[error("there is no class \"{name}\"; the classes are {known}")]
    UnknownClass {
        /// The name as given.
        name: String,
        /// The names there are.
        known: String,
    },

    /// Bytes that are not a picture this crate can read.
    #[error(
        "this is not a picture that can be read ({reason}); use a JPEG, PNG, WebP, GIF or BMP file"
    )]
    Picture {
        /// What the decoder said.
        reason: String,
    },

    /// A picture too large to decode safely.
    #[error(
        "the picture is {width}x{height}, more than {limit} million pixels; scale it down first"
    )]
    PictureTooLarge {
        /// Width in pixels, as its header says.
        width: u32,
        /// Height in pixels, as its header says.
        height: u32,
        /// The largest accepted, in millions of pixels.
        limit: u64,
    },

    /// A picture's file with too many bytes.
    #[error("the file has more than {limit} MB; save the picture smaller, or compressed, first")]
    PictureFileTooLarge {
        /// The largest accepted, in millions of bytes.
        limit: usize,
    },

    /// A picture whose rows or metadata ask for more memory than a decoder gets.
    #[error(
        "to read this picture takes more memory than is allowed: its rows are too long, or it holds too much beside its \
         pixels; save it without metadata, or cut it, first"
    )]
    PictureNeedsMemory,

    /// A number of pictures that there are not.
    #[error("{wanted} pictures are wanted; give a number between 1 and {available}")]
    Count {
        /// How many are wanted.
        wanted: usize,
        /// How many there are.
        available: usize,
    },

    /// A file that cannot be read or written.
    #[error("{path}: {reason}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said. Not the error's source, or whoever prints the chain would say it twice.
        reason: std::io::Error,
    },

    /// Files that do not fit the dataset's official layout.
    #[error("{path}: expected {expected}, found {found}", path = .path.display())]
    Data {
        /// The file.
        path: PathBuf,
        /// What the layout requires.
        expected: String,
        /// What the file holds.
        found: String,
    },

    /// Weights that do not belong to the model they are loaded into.
    #[error("these weights cannot be used: {}", one_line(.0))]
    Weights(String),

    /// An option outside its range.
    #[error("{name} is {value}, but must be {must}")]
    Option {
        /// The option's name.
        name: &'static str,
        /// The value given.
        value: String,
        /// The range.
        must: &'static str,
    },

    /// An attack on the whole defence that was given the classifier alone.
    #[error(
        "{attack} attacks the whole defence; start it on a defence, or choose an attack on the classifier"
    )]
    NeedsDefence {
        /// The attack's name.
        attack: &'static str,
    },

    /// A computation whose result is not a finite number.
    #[error(
        "{0} is not a finite number; the weights or the picture hold damaged values: use other ones"
    )]
    NotFinite(&'static str),

    /// The device stopped answering (a lost GPU, memory exhausted).
    #[error(
        "the device did not answer ({0}); use the CPU, or close other programs that use the GPU"
    )]
    Device(String),
}

impl Error {
    /// Attaches the file to an input or output error.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |reason| Self::Io { path, reason }
    }
}

/// The error for bytes that are no safetensors file.
pub(crate) fn not_safetensors(e: safetensors::SafeTensorError) -> Error {
    Error::Weights(format!("the file is damaged or no safetensors file ({e})"))
}

/// The text with control characters escaped: a file's name, and what a message quotes from a file, can hold line breaks and
/// escape sequences.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}
