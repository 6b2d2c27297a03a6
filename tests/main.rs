//! Every integration test, one binary.

mod theory;
