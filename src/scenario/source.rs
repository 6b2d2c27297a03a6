//! Text to be read, and where it came from.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// No file may be larger, in bytes. A scenario is a page or two; a log given by mistake is not.
pub const LARGEST: u64 = 4 << 20;

/// A text and the name that diagnostics give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// A path, or what else to call it.
    pub name: String,
    /// All of it.
    pub text: String,
}

impl Source {
    /// A text that is already here.
    pub fn from_text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Reads a file of at most 4 MiB; `-` is standard input.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        if path.as_os_str() == "-" {
            return Self::read_from("standard input", io::stdin().lock());
        }
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
        if metadata.len() > LARGEST {
            return Err(ReadError::TooLarge { name });
        }
        let file = File::open(path).map_err(failed)?;
        Self::read_from(&name, file)
    }

    /// Reads to the end, at most 4 MiB: a pipe does not say its length beforehand.
    pub fn read_from(name: &str, reader: impl Read) -> Result<Self, ReadError> {
        let mut bytes = Vec::new();
        reader
            .take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| ReadError::Io { name: name.to_owned(), error })?;
        if bytes.len() as u64 > LARGEST {
            return Err(ReadError::TooLarge { name: name.to_owned() });
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { name: name.to_owned(), text }),
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
    /// More than [`LARGEST`] bytes.
    TooLarge {
        /// The path as given.
        name: String,
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
            Self::TooLarge { name } => {
                write!(f, "{name}: larger than 4 MiB, so hardly a scenario; check the path")
            }
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
