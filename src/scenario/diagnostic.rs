//! What is wrong with a scenario, where, and what to do about it.
//!
//! The only module that knows `annotate-snippets`.

use super::source::Source;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// No more than so many are shown at once.
const SHOWN: usize = 40;

/// A stretch of a source's text, in bytes.
#[derive(Clone, Debug)]
pub struct Place {
    source: Arc<Source>,
    range: Range<usize>,
}

impl Place {
    pub(crate) fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        let text = &source.text;
        // Parsers report errors at the end of the input, and may do so behind its last character.
        let end = floor_boundary(text, range.end);
        let start = floor_boundary(text, range.start.min(end));
        Self { source: Arc::clone(source), range: start..end }
    }

    /// The source it lies in.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Its bytes in the source's text.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.source.text[self.range.clone()]
    }

    /// Line of its start, from 1.
    pub fn line(&self) -> usize {
        1 + self.source.text[..self.range.start].matches('\n').count()
    }

    /// Column of its start in characters, from 1.
    pub fn column(&self) -> usize {
        let before = &self.source.text[..self.range.start];
        1 + before.rsplit('\n').next().unwrap_or_default().chars().count()
    }

    /// The part of a string value that `part` names: this place is the string as it was written,
    /// with its quotes. A string with escapes is taken as a whole.
    pub(super) fn inside(&self, content: &str, part: Range<usize>) -> Self {
        let raw = self.text();
        let offset = [0, 1, 3].into_iter().find(|&quote| {
            raw.len() == content.len() + 2 * quote
                && raw.get(quote..raw.len() - quote) == Some(content)
        });
        match offset {
            Some(offset) => {
                let start = self.range.start + offset;
                Self::new(&self.source, start + part.start..start + part.end)
            }
            None => self.clone(),
        }
    }

    /// Only its first line: a table's place may cover many.
    fn first_line(&self) -> Range<usize> {
        let length = self.text().find(['\n', '\r']).unwrap_or(self.range.len());
        self.range.start..self.range.start + length
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A place and what there is to say about it.
#[derive(Clone, Debug)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What; may be empty.
    pub text: String,
}

/// One mistake.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// What is wrong, in one line.
    pub message: String,
    /// Where: the first is the mistake itself, the others what it clashes with.
    pub labels: Vec<Label>,
    /// What to do next.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A mistake at `place`; `text` stands beside the caret.
    pub fn new(message: impl Into<String>, place: &Place, text: impl Into<String>) -> Self {
        let label = Label { place: place.clone(), text: text.into() };
        Self { message: message.into(), labels: vec![label], help: Vec::new() }
    }

    /// Adds another place that matters.
    #[must_use]
    pub fn and(mut self, place: &Place, text: impl Into<String>) -> Self {
        self.labels.push(Label { place: place.clone(), text: text.into() });
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds what to do next, if there is something.
    #[must_use]
    pub fn help_if(mut self, text: Option<impl Into<String>>) -> Self {
        self.help.extend(text.map(Into::into));
        self
    }

    /// Where the mistake is.
    pub fn place(&self) -> Option<&Place> {
        self.labels.first().map(|label| &label.place)
    }

    fn key(&self) -> (String, usize, usize, String) {
        let place = self.place();
        let name = place.map_or_else(String::new, |place| place.source.name.clone());
        let range = place.map_or(0..0, Place::range);
        (name, range.start, range.end, self.message.clone())
    }

    fn group(&self) -> Group<'_> {
        let mut group = Group::with_title(Level::ERROR.primary_title(self.message.as_str()));
        let mut drawn: Vec<&Arc<Source>> = Vec::new();
        for label in &self.labels {
            let source = &label.place.source;
            if drawn.iter().any(|other| Arc::ptr_eq(other, source)) {
                continue;
            }
            drawn.push(source);
            group = group.element(self.snippet(source));
        }
        for help in &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        group
    }

    /// The labels in one source, over just the lines that they need.
    fn snippet<'a>(
        &'a self,
        source: &'a Arc<Source>,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let labels = || {
            let here = move |(_, label): &(usize, &Label)| Arc::ptr_eq(&label.place.source, source);
            self.labels.iter().enumerate().filter(here)
        };
        let text = source.text.as_str();
        let start = labels().map(|(_, label)| label.place.range.start).min().unwrap_or(0);
        let end = labels().map(|(_, label)| label.place.first_line().end).max().unwrap_or(0);
        let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let last = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let annotations = labels().map(|(index, label)| {
            let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let range = label.place.first_line();
            kind.span(range.start - first..range.end - first)
                .label((!label.text.is_empty()).then_some(label.text.as_str()))
        });
        Snippet::source(&text[first..last])
            .path(source.name.as_str())
            .line_start(1 + text[..first].matches('\n').count())
            .annotations(annotations)
    }
}

/// Everything that is wrong, in the order of the text.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Sorts by place, and drops what was found twice: a backend pattern is read once per name.
    pub fn new(mut list: Vec<Diagnostic>) -> Self {
        list.sort_by_cached_key(Diagnostic::key);
        let mut seen = BTreeSet::new();
        list.retain(|diagnostic| seen.insert(diagnostic.key()));
        Self(list)
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many mistakes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The same with one more thing to say about each.
    #[must_use]
    pub fn with_help(self, text: &str) -> Self {
        Self(self.0.into_iter().map(|diagnostic| diagnostic.help(text)).collect())
    }

    /// The mistakes, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    pub(super) fn into_list(self) -> Vec<Diagnostic> {
        self.0
    }

    /// The mistakes with the lines of text they are in, as rustc shows them; the last line says how
    /// many there are.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for diagnostic in self.0.iter().take(SHOWN) {
            text.push_str(&renderer.render(&[diagnostic.group()]));
            text.push_str("\n\n");
        }
        match self.0.len() {
            0 => {}
            1 => text.push_str("1 mistake\n"),
            n if n > SHOWN => text.push_str(
                &[&n.to_string(), " mistakes, the first ", &SHOWN.to_string(), " shown\n"].concat(),
            ),
            n => text.push_str(&[&n.to_string(), " mistakes\n"].concat()),
        }
        text
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl Error for Diagnostics {}
