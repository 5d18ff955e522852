//! `failover validate`: whether a configuration is right, without asking anybody; of a `terraform.tfvars` too.

mod hcl;
mod tfvars;

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde::Serialize;
use serde_json::json;

use super::{
    exit::Exit,
    paint::{BAD, BOLD, DIM, GOOD},
    screen::Screen,
    session::Options,
    words,
};
use crate::config::{self, Config, Environment, Problem, Purpose};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The files, configurations or Terraform's `.tfvars`; without any the one that --config names.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the JSON schema of the configuration, for editors.
    #[arg(long, conflicts_with = "files")]
    schema: bool,
}

/// What came of one file.
#[derive(Debug, Serialize)]
struct Validated {
    file: String,
    is: String,
    problems: Vec<Problem>,
}

pub(super) fn run(args: &Args, options: &Options) -> ExitCode {
    let screen = Screen::new(options.json);
    if args.schema {
        let schema = serde_json::to_string_pretty(&config::schema()).unwrap_or_default();
        Screen::raw(format!("{schema}\n").as_bytes());
        return Exit::Done.into();
    }
    let named = if args.files.is_empty() { vec![options.config.clone()] } else { args.files.clone() };
    let files: Vec<Validated> = named.iter().map(|file| validate(file)).collect();
    let is_right = files.iter().all(|file| file.problems.is_empty());
    screen.show(&json!({ "files": files }), |width| files.iter().map(|file| told(file, width)).collect());
    if is_right { Exit::Done.into() } else { Exit::Configuration.into() }
}

fn validate(path: &Path) -> Validated {
    let file = path.display().to_string();
    let is_terraform = path.extension().is_some_and(|extension| extension == "tfvars");
    let (is, problems) = if is_terraform { terraform(path) } else { configuration(path) };
    Validated { file, is, problems }
}

fn terraform(path: &Path) -> (String, Vec<Problem>) {
    let problems = match std::fs::read_to_string(path) {
        Ok(text) => tfvars::problems(&text),
        Err(error) => vec![unread(&error)],
    };
    ("what terraform/variables.tf asks for".to_owned(), problems)
}

/// Of the file alone: what this shell's environment lacks is no mistake in it.
fn configuration(path: &Path) -> (String, Vec<Problem>) {
    let environment = Environment { variables: BTreeMap::new(), ..Environment::capture(Purpose::Look) };
    match Config::load(path, &environment) {
        Ok(config) => (summary(&config), Vec::new()),
        Err(problems) => (String::new(), problems.each().to_vec()),
    }
}

fn unread(error: &std::io::Error) -> Problem {
    Problem {
        key: "the file".to_owned(),
        reason: format!("can't be read: {error}"),
        example: "failover validate terraform/terraform.tfvars".to_owned(),
        line: None,
        column: None,
        value: None,
    }
}

fn summary(config: &Config) -> String {
    let names: Vec<&str> = config.sites.iter().map(|site| site.name.as_str()).collect();
    let switches: usize = config.sites.iter().map(|site| site.switches.len()).sum();
    format!("a configuration of {} with {switches} switches", names.join(", "))
}

fn told(file: &Validated, width: usize) -> String {
    if file.problems.is_empty() {
        return format!("{GOOD}✓{GOOD:#} {} is {}\n", file.file, file.is);
    }
    let mut text = String::new();
    for problem in &file.problems {
        let colon = |number: Option<usize>| number.map_or_else(String::new, |number| format!(":{number}"));
        let (line, column) = (colon(problem.line), colon(problem.column));
        let value = problem.value.as_ref().map_or_else(String::new, |value| format!(" = {value}"));
        let _ = writeln!(text, "{BOLD}{}{line}{column}{BOLD:#}", file.file);
        let _ = writeln!(text, "  {BAD}{}{BAD:#}{value}", problem.key);
        let _ = writeln!(text, "  {}", words::wrap(&problem.reason, 2, width));
        let _ = writeln!(text, "  {DIM}for example:{DIM:#} {}\n", problem.example);
    }
    let count = file.problems.len();
    let _ = writeln!(text, "{} has {count} {}", file.file, if count == 1 { "problem" } else { "problems" });
    text
}
