//! Rehearse a load-balancer failure before production does.
//!
//! A scenario file says who sends requests, which balancers distribute them, which backends serve
//! them, and what is done to all of that. A run says what users went through.
//!
//! ```
//! use misroute::experiment::run::run;
//! use misroute::scenario::{Source, load};
//!
//! let text = r#"
//! schema = 1
//! name = "offline-member"
//! duration = "5m"
//!
//! [[clients]]
//! name = "web"
//! users = 500
//! rate = "50/s"
//! timeout = "2s"
//!
//! [balancer]
//! algorithm = "round-robin"
//!
//! [[backends]]
//! name = "api-{1..4}"
//! workers = 8
//! service = { lognormal = { mean = "40ms", p99 = "200ms" } }
//!
//! [[timeline]]
//! name = "api-3 dies"
//! at = "2m"
//! do = "crash"
//! targets = "api-3"
//!
//! [[expect]]
//! name = "one request in four fails"
//! between = ["2m", "5m"]
//! metric = "requests.failed_ratio"
//! within = ["24%", "26%"]
//! "#;
//!
//! let scenario = load(&Source::from_text("offline.toml", text), &[])?;
//! let outcome = run(&scenario, 1, |_| {});
//! assert!(outcome.holds());
//! assert!(outcome.result.figures.users.affected > 400, "of 500 people");
//!
//! // The same seed gives the same run, bit for bit; so does any number of threads.
//! assert_eq!(run(&scenario, 1, |_| {}).result.digest, outcome.result.digest);
//! # Ok::<(), misroute::scenario::Diagnostics>(())
//! ```
//!
//! The rooms, from the ground up; each imports only those before it, which a test enforces:
//!
//! - [`engine`]: time, event queue, random streams, distributions: a kernel that knows no balancer;
//! - [`model`]: the world of clients, balancers, backends, timeline and alerts;
//! - [`observe`]: what is seen of it, ending in a plain [`observe::result::RunResult`];
//! - [`scenario`]: from text to a resolved [`model::setup::Setup`], with diagnostics;
//! - [`experiment`]: what runs are asked: expectations, twins, assumptions, measures;
//! - [`report`]: text, plots, CSV, JSON;
//! - [`cli`]: the command.

pub mod cli;
pub mod engine;
pub mod experiment;
pub mod model;
pub mod observe;
pub mod report;
pub mod scenario;
