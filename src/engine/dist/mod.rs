//! stub
use super::time::Span;
/// A law of positive times, read at a mark.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// c
    Constant(Span),
}
