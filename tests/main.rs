//! Every integration test, one binary.

mod scenario;
