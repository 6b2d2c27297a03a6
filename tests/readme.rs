//! What README shows is what the program prints.

use assert_cmd::Command;
use std::fs;
use std::path::Path;

/// The blocks marked `<!-- output of: misroute ARGS -->`, with their arguments.
fn blocks(readme: &str) -> Vec<(Vec<String>, Vec<&str>)> {
    let marked = readme.split("<!-- output of: misroute ").skip(1);
    marked
        .map(|rest| {
            let (arguments, after) = rest.split_once(" -->").unwrap();
            let block = after.lines().skip(2);
            let block = block.take_while(|line| line.is_empty() || line.starts_with("    "));
            let arguments = arguments.split_whitespace().map(str::to_owned).collect();
            (arguments, block.map(str::trim).filter(|line| !line.is_empty()).collect())
        })
        .collect()
}

#[test]
fn every_line_of_every_shown_output_is_real() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, scenario) = readme.split_once("```toml\n").unwrap();
    let (scenario, _) = scenario.split_once("```").unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("add-a-server.toml"), scenario).unwrap();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checkout.toml");
    fs::create_dir_all(folder.join("docs")).unwrap();
    fs::copy(docs, folder.join("docs/checkout.toml")).unwrap();
    let typo = scenario
        .replace("retries = {", "retrys = {")
        .replace("\"400/s\"", "\"400\"")
        .replace("do = \"configure\"", "do = \"configur\"");
    fs::write(folder.join("typo.toml"), typo).unwrap();
    let blocks = blocks(&readme);
    assert!(blocks.len() >= 4, "README shows what the program does");
    for (arguments, lines) in blocks {
        let output = Command::cargo_bin("misroute")
            .unwrap()
            .args(&arguments)
            .current_dir(&folder)
            .output()
            .unwrap();
        let printed =
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        let real: Vec<&str> = printed.lines().map(str::trim).collect();
        for line in lines.into_iter().filter(|line| *line != "...") {
            assert!(real.contains(&line), "misroute {}: no line `{line}`", arguments.join(" "));
        }
    }
}
