//! The parts of a sweep, put together.

use super::header::Header;
use super::result::{PointResult, SweepResult};
use super::shard::Shard;
use super::store::{self, Line, StoreError, read_at, scan, write_sorted};
use crate::engine::digest::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Everything that several parts have.
#[derive(Debug)]
pub struct Merged {
    header: Header,
    paths: Vec<PathBuf>,
    files: Vec<File>,
    samples: BTreeMap<(u32, u32), Place>,
    results: BTreeMap<u32, (usize, PointResult)>,
}

/// Where a sample stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    file: usize,
    at: u64,
    length: usize,
    digest: u64,
}

impl Merged {
    /// Reads parts, of which there is at least one.
    ///
    /// # Errors
    /// If one cannot be read, is of another sweep or version, or contradicts another one.
    pub fn read(paths: &[PathBuf]) -> Result<Self, StoreError> {
        let mut merged: Option<Self> = None;
        for path in paths {
            let file = File::open(path).map_err(|error| StoreError::unusable(path, error))?;
            match &mut merged {
                None => merged = Some(Self::first(path, file)?),
                Some(merged) => merged.add(path, file)?,
            }
        }
        merged.ok_or_else(|| StoreError::Unusable("there is nothing to merge".to_owned()))
    }

    fn first(path: &Path, file: File) -> Result<Self, StoreError> {
        let header =
            store::header(path)?.ok_or_else(|| StoreError::unusable(path, "no such file"))?;
        let own = env!("CARGO_PKG_VERSION");
        if header.version != own {
            let why = format!("it was made by misroute {}, this is {own}", header.version);
            return Err(StoreError::unusable(path, why));
        }
        let (paths, files) = (vec![path.to_owned()], vec![file]);
        let (samples, results) = (BTreeMap::new(), BTreeMap::new());
        let mut merged = Self { header, paths, files, samples, results };
        merged.take_up(0)?;
        Ok(merged)
    }

    fn add(&mut self, path: &Path, file: File) -> Result<(), StoreError> {
        let header =
            store::header(path)?.ok_or_else(|| StoreError::unusable(path, "no such file"))?;
        let parts = |header: &Header| format!("{} parts", header.shard.map_or(1, |shard| shard.of));
        let same = header.same_sweep(&self.header);
        let same = same.and_then(|()| match (parts(&self.header), parts(&header)) {
            (there, here) if there == here => Ok(()),
            (there, here) => Err(format!("{there} there, {here} here")),
        });
        let first = self.paths[0].display();
        same.map_err(|why| StoreError::unusable(path, format!("does not go with {first}: {why}")))?;
        self.paths.push(path.to_owned());
        self.files.push(file);
        self.take_up(self.files.len() - 1)
    }

    /// Takes up what a part has.
    fn take_up(&mut self, index: usize) -> Result<(), StoreError> {
        let (file, path) = (self.files[index].try_clone(), self.paths[index].clone());
        let file = file.map_err(|error| StoreError::unusable(&path, error))?;
        let mut contradiction = None;
        scan(&file, &path, |at, text| {
            let line: Line = serde_json::from_str(text).map_err(|error| error.to_string())?;
            let found = self.line(index, at, text, line)?;
            contradiction = contradiction.take().or(found);
            Ok(())
        })?;
        match contradiction {
            None => Ok(()),
            Some((other, what)) => {
                let other = self.paths[other].display();
                Err(StoreError::unusable(&path, format!("contradicts {other} in {what}")))
            }
        }
    }

    /// Takes up a line; says which part contradicts it, and in what.
    fn line(
        &mut self,
        file: usize,
        at: u64,
        text: &str,
        line: Line,
    ) -> Result<Option<(usize, String)>, String> {
        let point = line.point;
        if point >= self.header.points {
            return Ok(None);
        }
        if let Some(result) = line.result {
            if result.index != point || result.figures.len() != self.header.columns.len() {
                return Err("the figures are not those of its first line".to_owned());
            }
            let (other, known) = self.results.entry(point).or_insert((file, result.clone()));
            return Ok((*known != result).then(|| (*other, format!("point {}", point + 1))));
        }
        let Some(sample) = line.sample else { return Ok(None) };
        let mut digest = Digest::default();
        digest.text(text);
        let place = Place { file, at, length: text.len(), digest: digest.value() };
        let known = self.samples.entry((point, sample.replication)).or_insert(place);
        let what = || format!("replication {} of point {}", sample.replication + 1, point + 1);
        Ok((known.digest != place.digest).then(|| (known.file, what())))
    }

    /// The parts of which something is missing.
    pub fn missing(&self) -> Vec<Shard> {
        let of = self.header.shard.map_or(1, |shard| shard.of);
        let is_there = |point: u32| {
            let result = self.results.get(&point);
            result.is_some_and(|(_, result)| {
                (0..result.replications).all(|i| self.samples.contains_key(&(point, i)))
            })
        };
        let missing = (0..self.header.points).filter(|&point| !is_there(point));
        let parts: BTreeSet<u32> = missing.map(|point| point % of + 1).collect();
        parts.into_iter().map(|part| Shard { part, of }).collect()
    }

    /// The name of the scenario.
    pub fn name(&self) -> &str {
        &self.header.scenario.name
    }

    /// What all parts found, if none is missing.
    pub fn result(&self) -> SweepResult {
        self.header.result(self.results())
    }

    fn results(&self) -> Vec<PointResult> {
        self.results.values().map(|(_, result)| result.clone()).collect()
    }

    /// Writes the samples as one sweep that was never divided.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, path: &Path) -> Result<(), StoreError> {
        let header = Header { shard: None, finished: true, ..self.header.clone() };
        let results = self.results();
        let (samples, files) = (&self.samples, &mut self.files);
        write_sorted(path, &header, &results, |point, replication| {
            let place = samples.get(&(point, replication)).expect("nothing is missing");
            read_at(&mut files[place.file], place.at, place.length)
        })
    }
}
