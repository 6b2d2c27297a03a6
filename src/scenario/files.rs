//! Files that a scenario names: each is read once, and what was read is part of its fingerprint.

use super::diagnostic::Diagnostic;
use super::source::{ReadError, Source};
use super::tree::Node;
use super::values::Read;
use crate::engine::digest::Digest;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Files by the names that the scenario gives them.
pub(super) type Texts = BTreeMap<String, Arc<Source>>;

/// The files of one reading of a scenario.
#[derive(Debug)]
pub(super) struct Files<'a> {
    scenario: &'a Source,
    /// All that were ever read: the same scenario with other values sees no file change.
    read: &'a RefCell<Texts>,
    used: RefCell<BTreeSet<String>>,
}

impl<'a> Files<'a> {
    /// The files that a scenario in this source names.
    pub(super) fn new(scenario: &'a Source, read: &'a RefCell<Texts>) -> Self {
        Self { scenario, read, used: RefCell::default() }
    }

    /// The same for another reading, of a variant.
    pub(super) fn aside(&self) -> Self {
        Self::new(self.scenario, self.read)
    }

    /// The file of the name that stands at `node`.
    pub(super) fn get(&self, node: &Node, name: &str) -> Read<Arc<Source>> {
        self.used.borrow_mut().insert(name.to_owned());
        if let Some(source) = self.read.borrow().get(name) {
            return Ok(Arc::clone(source));
        }
        let Some(folder) = &self.scenario.folder else {
            let message = format!("{} is in no folder with a `{name}`", self.scenario.name);
            return Err(Diagnostic::new(message, &node.place, "a file beside the scenario's")
                .help("save the scenario as a file beside it, and name that"));
        };
        let source = Source::read_data(&folder.join(name)).map_err(|error| match error {
            ReadError::Missing { name } => {
                Diagnostic::new(format!("there is no file {name}"), &node.place, "")
                    .help("names of files are relative to the scenario's folder")
            }
            ReadError::Directory { name } => {
                Diagnostic::new(format!("{name} is a directory"), &node.place, "name a file in it")
            }
            error => Diagnostic::new(error.to_string(), &node.place, ""),
        })?;
        let source = Arc::new(source);
        self.read.borrow_mut().insert(name.to_owned(), Arc::clone(&source));
        Ok(source)
    }

    /// Folds those that were asked for into a digest; nothing, if none was.
    pub(super) fn fold(&self, digest: &mut Digest) {
        let read = self.read.borrow();
        for source in self.used.borrow().iter().filter_map(|name| read.get(name)) {
            digest.text(&source.text);
        }
    }
}
