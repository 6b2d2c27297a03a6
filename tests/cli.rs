//! The command as a user meets it: what it prints where, what it writes, and with which exit code it ends.

mod compare;
mod extremes;
mod limits;
mod refusals;
mod replications;
mod results;

use assert_cmd::Command;
use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

/// A sound scenario of a second's work at most.
pub(crate) const SMALL: &str = r#"schema = 1
name = "small"
duration = "2m"

[[clients]]
name = "web"
rate = "10/s"

[[backends]]
name = "api-{1..2}"
service = "80ms"
"#;

/// No command may take longer: a test that hangs should say so.
const PATIENCE: Duration = Duration::from_mins(1);

/// A new folder in which commands are run, removed when dropped.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("misroute-cli-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A folder with a scenario in it, `s.toml`.
    pub(crate) fn with(name: &str, scenario: &str) -> Self {
        let scratch = Self::new(name);
        scratch.write("s.toml", scenario);
        scratch
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), content).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_misroute"));
        command.args(arguments).current_dir(&self.0).timeout(PATIENCE);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// Every file below it, by path and content.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut found, mut folders) = (Vec::new(), vec![self.0.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let content = fs::read(&path).unwrap();
                    found.push((path.strip_prefix(&self.0).unwrap().to_owned(), content));
                }
            }
        }
        found.sort();
        found
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.files().into_iter().map(|(path, _)| path.display().to_string()).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran =
            Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        ran
    }
}

impl Ran {
    /// It ended with this exit code.
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Standard error says each of these.
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.err.contains(text), "`{text}` in:\n{}", self.err);
        }
        self
    }

    /// Standard output says each of these.
    fn prints(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.out.contains(text), "`{text}` in:\n{}", self.out);
        }
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|wrong| panic!("{wrong}:\n{}", self.out))
    }
}

/// Runs a scenario from standard input without files, with these overrides.
fn replay(scenario: &[u8], overrides: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_misroute"));
    command.args(["run", "-", "--no-files", "--format", "json"]).timeout(PATIENCE);
    for change in overrides {
        command.args(["--set", change]);
    }
    command.write_stdin(scenario).output().unwrap().into()
}

/// Runs the small scenario with an entry in its timeline.
fn replay_entry(lines: &str, overrides: &[&str]) -> Ran {
    let scenario = format!("{SMALL}[[timeline]]\nname = \"entry\"\n{lines}\n");
    replay(scenario.as_bytes(), overrides)
}
