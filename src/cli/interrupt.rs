//! Ctrl-C and SIGTERM: what is finished is kept.

use super::failure::INTERRUPTED;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Becomes true when the user wants an end; wanted twice, the process ends at once.
pub(super) fn listen() -> Arc<AtomicBool> {
    let wanted = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&wanted);
    // Without a handler the process ends at once, which loses no line of a store either.
    let _ = ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            end();
        }
    });
    wanted
}

#[expect(clippy::exit, reason = "the threads that simulate are not asked any more")]
fn end() {
    std::process::exit(i32::from(INTERRUPTED));
}
