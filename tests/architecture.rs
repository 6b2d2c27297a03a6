//! The walls of the house: import direction, sizes, completeness of the tables.
//!
//! One crate has no other guard: within it, everything can import everything.

use misroute::scenario::incidents::INCIDENTS;
use misroute::scenario::misconfigurations::MISCONFIGURATIONS;
use misroute::scenario::patterns::PATTERNS;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms from the ground up: each may import those before it, and itself.
const ROOMS: [&str; 10] = [
    "engine",
    "model",
    "observe",
    "scenario",
    "config",
    "experiment",
    "report",
    "drill",
    "cli",
    "main",
];

const LINES_MAX: usize = 600;

fn sources(root: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(root)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no source under {root}");
    found
}

fn room(path: &Path) -> Option<usize> {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).ok()?;
    let first = inside.components().next()?.as_os_str().to_str()?.trim_end_matches(".rs");
    ROOMS.iter().position(|room| *room == first)
}

/// Whole files of tests may look upwards: an observer is the easiest way to see a world.
fn is_test(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs" || name == "fixture.rs")
        || path.components().any(|part| part.as_os_str() == "tests")
}

/// What a file says outside comments and outside its unit tests.
fn code(text: &str) -> String {
    let until_tests = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text);
    let lines = until_tests.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Rooms that a file names as `crate::room`, also inside `use crate::{a, b}`.
fn imported(code: &str) -> Vec<usize> {
    let mut rooms = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let group = rest.strip_prefix('{').and_then(|group| group.split("};").next());
        let heads: Vec<&str> = match group {
            Some(group) => group.split(',').collect(),
            None => vec![rest],
        };
        for head in heads {
            let name: String =
                head.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            rooms.extend(ROOMS.iter().position(|room| *room == name));
        }
    }
    rooms
}

#[test]
fn imports_point_one_way_only() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let Some(own) = room(&path).filter(|_| !is_test(&path)) else { continue };
        for other in imported(&code(&text)) {
            if other > own {
                wrong.push(format!("{} imports {}", path.display(), ROOMS[other]));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "imports must point down ({}):\n{}",
        ROOMS.join(" <- "),
        wrong.join("\n")
    );
}

#[test]
fn every_source_is_in_a_room() {
    for (path, _) in sources("src") {
        let is_lib = path.ends_with("src/lib.rs");
        assert!(is_lib || room(&path).is_some(), "{} is in no room: {ROOMS:?}", path.display());
    }
}

/// What engine and model must never see, and why their results stay reproducible.
#[test]
fn the_core_is_free_of_files_threads_and_serde() {
    let banned =
        ["serde", "std::fs", "std::path", "std::thread", "std::io", "rayon", "println!", "toml::"];
    for (path, text) in sources("src") {
        if room(&path).is_some_and(|room| room <= 1) && !is_test(&path) {
            for word in banned {
                let found = code(&text).contains(word);
                assert!(!found, "{} must not see {word}", path.display());
            }
        }
    }
}

#[test]
fn only_the_command_line_prints() {
    for (path, text) in sources("src") {
        if room(&path).is_some_and(|room| ROOMS[room] != "cli") {
            for word in ["println!", "eprintln!", "stdout()", "stderr()"] {
                let found = code(&text).contains(word);
                assert!(!found, "{} must not print", path.display());
            }
        }
    }
}

#[test]
fn files_stay_small() {
    for (path, text) in ["src", "tests", "benches"].iter().flat_map(|root| sources(root)) {
        let lines = text.lines().count();
        let path = path.display();
        assert!(lines <= LINES_MAX, "{path} has {lines} lines: find the missing concept");
    }
}

#[test]
fn no_allow_and_no_note_to_self_is_left() {
    for (path, text) in ["src", "tests", "benches"].iter().flat_map(|root| sources(root)) {
        if path.ends_with("architecture.rs") {
            continue;
        }
        for word in ["#[allow(", "FIXME", "TODO", "XXX"] {
            assert!(!text.contains(word), "{} contains {word}", path.display());
        }
    }
}

/// One algorithm is one file and one line in the table.
#[test]
fn every_algorithm_file_is_in_the_table() {
    let table = misroute::model::balancer::ALGORITHMS;
    let names: Vec<&str> = table.iter().map(|algorithm| algorithm.name).collect();
    assert!(names.is_sorted(), "keep the table in alphabetical order: {names:?}");
    for (path, text) in sources("src/model/balancer") {
        if text.contains("const ALGORITHM: Algorithm") {
            let stem = path.file_stem().unwrap().to_str().unwrap().replace('_', "-");
            let listed = names.contains(&stem.as_str());
            assert!(listed, "add `&{}::ALGORITHM` to ALGORITHMS", stem.replace('-', "_"));
        }
    }
}

#[test]
fn every_bundled_scenario_has_its_file_and_the_reverse() {
    let tables = [
        ("incidents", INCIDENTS),
        ("misconfigurations", MISCONFIGURATIONS),
        ("patterns", PATTERNS),
    ];
    for (folder, table) in tables {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(folder);
        let mut files: Vec<String> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        let names: Vec<&str> = table.iter().map(|bundled| bundled.name).collect();
        assert_eq!(files, names, "add the file to the table of {folder}");
    }
}
