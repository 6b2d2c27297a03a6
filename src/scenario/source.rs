//! Text to be read, and where it came from.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// No file may be larger, in bytes. A scenario is a page or two; a log given by mistake is not.
pub const LARGEST: u64 = 4 << 20;

/// No file that a scenario names may be larger, in bytes.
pub const LARGEST_DATA: u64 = 64 << 20;

/// A text and the name that diagnostics give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// A path, or what else to call it.
    pub name: String,
    /// All of it.
    pub text: String,
    /// Where files that it names lie; `None` if it came from no folder.
    pub folder: Option<PathBuf>,
}

impl Source {
    /// A text that is already here.
    pub fn from_text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), folder: None }
    }

    /// The same, with the files that it names in `folder`.
    #[must_use]
    pub fn in_folder(self, folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..self }
    }

    /// Reads a file of at most 4 MiB; `-` is standard input.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        if path.as_os_str() == "-" {
            return Self::read_from("standard input", io::stdin().lock());
        }
        let source = Self::read_file(path, LARGEST)?;
        Ok(source.in_folder(path.parent().unwrap_or(Path::new(""))))
    }

    /// Reads a file of data that a scenario names, of at most 64 MiB.
    pub fn read_data(path: &Path) -> Result<Self, ReadError> {
        Self::read_file(path, LARGEST_DATA)
    }

    fn read_file(path: &Path, most: u64) -> Result<Self, ReadError> {
        let name = path.display().to_string();
        let failed = |error| ReadError::Io { name: name.clone(), error };
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ReadError::Missing { name });
            }
            Err(error) => return Err(failed(error)),
        };
        if metadata.is_dir() {
            return Err(ReadError::Directory { name });
        }
        if metadata.len() > most {
            return Err(ReadError::TooLarge { name, most });
        }
        let file = File::open(path).map_err(failed)?;
        Self::read_at_most(&name, file, most)
    }

    /// Reads to the end, at most 4 MiB: a pipe does not say its length beforehand.
    pub fn read_from(name: &str, reader: impl Read) -> Result<Self, ReadError> {
        Self::read_at_most(name, reader, LARGEST)
    }

    fn read_at_most(name: &str, reader: impl Read, most: u64) -> Result<Self, ReadError> {
        let mut bytes = Vec::new();
        reader
            .take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| ReadError::Io { name: name.to_owned(), error })?;
        if bytes.len() as u64 > most {
            return Err(ReadError::TooLarge { name: name.to_owned(), most });
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::from_text(name, text)),
            Err(error) => {
                let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let byte = error.as_bytes()[good.len()];
                let line = good.split(|&byte| byte == b'\n').count();
                Err(ReadError::NotUtf8 { name: name.to_owned(), line, byte })
            }
        }
    }
}

/// Why a text could not be had.
#[derive(Debug)]
pub enum ReadError {
    /// There is no such file.
    Missing {
        /// The path as given.
        name: String,
    },
    /// A directory was named.
    Directory {
        /// The path as given.
        name: String,
    },
    /// Too many bytes.
    TooLarge {
        /// The path as given.
        name: String,
        /// As many would do.
        most: u64,
    },
    /// Some byte is not text.
    NotUtf8 {
        /// The path as given.
        name: String,
        /// Line of the first such byte, from 1.
        line: usize,
        /// That byte.
        byte: u8,
    },
    /// The operating system refused.
    Io {
        /// The path as given.
        name: String,
        /// Its reason.
        error: io::Error,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => {
                write!(f, "{name}: no such file; check the path, or give - to read standard input")
            }
            Self::Directory { name } => {
                write!(f, "{name}: this is a directory; name a scenario file (.toml) in it")
            }
            Self::TooLarge { name, most: LARGEST } => {
                write!(f, "{name}: larger than 4 MiB, so hardly a scenario; check the path")
            }
            Self::TooLarge { name, most } => write!(f, "{name}: larger than {} MiB", most >> 20),
            Self::NotUtf8 { name, line, byte } => write!(
                f,
                "{name}:{line}: byte 0x{byte:02x} is not UTF-8 text; save the file as UTF-8"
            ),
            Self::Io { name, error } => write!(f, "{name}: {error}"),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
