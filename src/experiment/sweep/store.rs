//! The file in which a sweep keeps what it has run, line by line, so that nothing is run twice.
//!
//! The first line says what is run; each other one is a replication of a point, in the order in which
//! they were done. A line without its end was being written when the process was killed: it does not
//! count. In the end the file is written anew, sorted and with the result of each point, so that the
//! order in which things were done leaves no trace.

use super::header::Header;
use super::result::PointResult;
use crate::experiment::sample::Sample;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// After so many lines the file is made safe against a failure of the machine.
const SYNCED: u32 = 32;

/// Why a store cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// It is there and cannot be read, or is of something else.
    Unusable(String),
    /// It cannot be written.
    Unwritten {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

impl StoreError {
    fn unwritten(path: &Path, error: &io::Error) -> Self {
        Self::Unwritten { path: path.to_owned(), reason: error.to_string() }
    }

    pub(super) fn unusable(path: &Path, why: impl fmt::Display) -> Self {
        Self::Unusable(format!("{}: {why}", path.display()))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(message) => f.write_str(message),
            Self::Unwritten { path, reason } => {
                write!(f, "cannot write `{}`: {reason}", path.display())
            }
        }
    }
}

impl std::error::Error for StoreError {}

/// One line, but the first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// Which point, from 0.
    pub(super) point: u32,
    /// One of its replications,
    pub(super) sample: Option<Sample>,
    /// or what all of them are worth.
    pub(super) result: Option<PointResult>,
}

#[derive(Serialize)]
struct SampleLine<'a> {
    point: u32,
    sample: &'a Sample,
}

#[derive(Serialize)]
struct ResultLine<'a> {
    point: u32,
    result: &'a PointResult,
}

/// As much of a line as it takes to sort it.
#[derive(Deserialize)]
struct Key {
    point: u32,
    sample: Option<Replication>,
}

#[derive(Deserialize)]
struct Replication {
    replication: u32,
}

/// Samples in a file.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    header: Header,
    /// What an earlier process has run.
    known: BTreeMap<(u32, u32), Sample>,
    writer: Mutex<Writer>,
    broken: AtomicBool,
}

#[derive(Debug)]
struct Writer {
    file: File,
    unsafe_lines: u32,
    failed: Option<StoreError>,
}

impl Store {
    /// A new store, in the place of an old one.
    ///
    /// # Errors
    /// If it cannot be written, or another process is at it.
    pub fn begin(path: &Path, header: &Header) -> Result<Self, StoreError> {
        let failed = |error: io::Error| StoreError::unwritten(path, &error);
        if let Ok(old) = File::open(path) {
            lock(&old, path)?;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        // A store without its first line would be of nobody knows what.
        let part = beside(path);
        let mut options = OpenOptions::new();
        let mut file = options
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(&part)
            .map_err(failed)?;
        file.write_all(header.line().as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        lock(&file, path)?;
        fs::rename(&part, path).map_err(failed)?;
        Ok(Self::with(path, header, file, BTreeMap::new()))
    }

    /// The store that is there, with what it has.
    ///
    /// # Errors
    /// If it is of something else, damaged, or another process is at it.
    pub fn resume(path: &Path, header: &Header) -> Result<Self, StoreError> {
        let failed = |error: io::Error| StoreError::unwritten(path, &error);
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        lock(&file, path)?;
        let mut known = BTreeMap::new();
        let scanned = scan(&file, path, |_, text| {
            let line: Line = serde_json::from_str(text).map_err(|error| error.to_string())?;
            if let Some(sample) = line.sample {
                known.insert((line.point, sample.replication), sample);
            }
            Ok(())
        })?;
        header
            .same_as(&scanned.header)
            .map_err(|why| StoreError::unusable(path, format!("this is another sweep: {why}")))?;
        file.set_len(scanned.end).map_err(failed)?;
        file.seek(SeekFrom::Start(scanned.end)).map_err(failed)?;
        Ok(Self::with(path, header, file, known))
    }

    fn with(path: &Path, header: &Header, file: File, known: BTreeMap<(u32, u32), Sample>) -> Self {
        let writer = Mutex::new(Writer { file, unsafe_lines: 0, failed: None });
        let (path, header) = (path.to_owned(), header.clone());
        Self { path, header, known, writer, broken: AtomicBool::new(false) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many replications an earlier process has run.
    pub fn known(&self) -> usize {
        self.known.len()
    }

    /// A replication that an earlier process has run.
    pub(super) fn recall(&self, point: u32, replication: u32) -> Option<&Sample> {
        self.known.get(&(point, replication))
    }

    /// Keeps a replication; a failure shows in [`Store::failure`].
    pub(super) fn keep(&self, point: u32, sample: &Sample) {
        let line = json(&SampleLine { point, sample });
        let mut writer = self.writer.lock().expect("no holder of this lock panics");
        if writer.failed.is_some() {
            return;
        }
        writer.unsafe_lines += 1;
        let mut done = writer.file.write_all(line.as_bytes());
        if done.is_ok() && writer.unsafe_lines >= SYNCED {
            writer.unsafe_lines = 0;
            done = writer.file.sync_data();
        }
        if let Err(error) = done {
            writer.failed = Some(StoreError::unwritten(&self.path, &error));
            self.broken.store(true, Ordering::Relaxed);
        }
    }

    /// Whether nothing can be kept any more.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Why nothing can be kept any more, if that is so.
    pub fn failure(&self) -> Option<StoreError> {
        self.writer.lock().expect("no holder of this lock panics").failed.clone()
    }

    /// Makes what was kept safe against a failure of the machine.
    ///
    /// # Errors
    /// If the system cannot do that.
    pub fn pause(&self) -> Result<(), StoreError> {
        let writer = self.writer.lock().expect("no holder of this lock panics");
        writer.file.sync_all().map_err(|error| StoreError::unwritten(&self.path, &error))
    }

    /// Writes everything anew, sorted, with the results of the points, which are in order.
    ///
    /// # Errors
    /// If it cannot be written; then what was kept is still there.
    pub fn finish(self, results: &[PointResult]) -> Result<(), StoreError> {
        let writer = self.writer.into_inner().expect("no holder of this lock panics");
        let mut file = writer.file;
        // Of what was written twice the last counts.
        let mut places: BTreeMap<(u32, u32), (u64, usize)> = BTreeMap::new();
        scan(&file, &self.path, |at, text| {
            let key: Key = serde_json::from_str(text).map_err(|error| error.to_string())?;
            if let Some(sample) = key.sample {
                places.insert((key.point, sample.replication), (at, text.len()));
            }
            Ok(())
        })?;
        let header = Header { finished: true, ..self.header };
        write_sorted(&self.path, &header, results, |point, replication| {
            let &(at, length) = places.get(&(point, replication)).expect("every result was kept");
            read_at(&mut file, at, length)
        })
    }
}

/// Writes a store in which everything is there: for each result its samples, which `line` has, and
/// then itself.
pub(super) fn write_sorted(
    path: &Path,
    header: &Header,
    results: &[PointResult],
    mut line: impl FnMut(u32, u32) -> io::Result<Vec<u8>>,
) -> Result<(), StoreError> {
    replace(path, |writer| {
        writer.write_all(header.line().as_bytes())?;
        for result in results {
            for replication in 0..result.replications {
                writer.write_all(&line(result.index, replication)?)?;
                writer.write_all(b"\n")?;
            }
            writer.write_all(json(&ResultLine { point: result.index, result }).as_bytes())?;
        }
        Ok(())
    })
}

/// A line that begins at some place.
pub(super) fn read_at(file: &mut File, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut line = vec![0; length];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut line)?;
    Ok(line)
}

/// Writes a file under another name, then gives it its own.
fn replace(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), StoreError> {
    let part = beside(path);
    let whole = || {
        let mut writer = BufWriter::new(File::create(&part)?);
        write(&mut writer)?;
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&part, path)
    };
    whole().map_err(|error| StoreError::unwritten(path, &error))
}

/// The first line of the store at a path; nothing if there is no store.
///
/// # Errors
/// If there is something else.
pub fn header(path: &Path) -> Result<Option<Header>, StoreError> {
    match File::open(path) {
        Ok(file) => {
            let mut text = Vec::new();
            let read = BufReader::new(file).read_until(b'\n', &mut text);
            read.map_err(|error| StoreError::unusable(path, error))?;
            Header::read(&text).map(Some).map_err(|why| StoreError::unusable(path, why))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::unusable(path, error)),
    }
}

/// What a store is of, and where its last whole line ends.
pub(super) struct Scanned {
    pub(super) header: Header,
    end: u64,
}

/// Reads a store line by line: where each begins, and its text.
pub(super) fn scan(
    mut file: &File,
    path: &Path,
    mut each: impl FnMut(u64, &str) -> Result<(), String>,
) -> Result<Scanned, StoreError> {
    let failed = |error: io::Error| StoreError::unusable(path, error);
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut reader = BufReader::new(file);
    let mut text = Vec::new();
    reader.read_until(b'\n', &mut text).map_err(failed)?;
    let header = Header::read(&text).map_err(|why| StoreError::unusable(path, why))?;
    let mut end = text.len() as u64;
    let mut wrong: Option<String> = None;
    for number in 2_u64.. {
        text.clear();
        reader.read_until(b'\n', &mut text).map_err(failed)?;
        if text.pop() != Some(b'\n') {
            break;
        }
        // A line that is no line may be the last, if the machine went down: nothing comes after.
        if let Some(why) = wrong {
            return Err(StoreError::unusable(path, why));
        }
        let line = std::str::from_utf8(&text).map_err(|error| error.to_string());
        wrong = line.and_then(|line| each(end, line)).err();
        wrong = wrong.map(|why| format!("line {number} is damaged: {why}"));
        if wrong.is_none() {
            end += text.len() as u64 + 1;
        }
    }
    Ok(Scanned { header, end })
}

/// As one line.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("the keys of every map are texts") + "\n"
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".part-{name}"))
}

/// Keeps other processes away until the file is closed.
fn lock(file: &File, path: &Path) -> Result<(), StoreError> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            Err(StoreError::unusable(path, "another process is at this sweep"))
        }
        // Not every file system knows locks.
        Err(TryLockError::Error(_)) | Ok(()) => Ok(()),
    }
}
