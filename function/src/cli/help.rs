//! `failover --help`: the commands by what they are for, where clap would list them all in one go.

use std::fmt::Write;

use clap::{
    CommandFactory, FromArgMatches,
    builder::{
        StyledStr, Styles,
        styling::{AnsiColor, Effects},
    },
};

use super::{Cli, exit::EXIT_CODES};

/// What people come for, in the order in which they need it; a command that is named nowhere comes last.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Begin", &["init", "validate"]),
    ("Look", &["status", "history", "plan", "check"]),
    ("Act", &["send", "act", "promote", "rehearse", "report"]),
    ("Run", &["serve", "watch", "edge"]),
    ("Try", &["drill", "announce", "sandbox"]),
];

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Cyan.on_default().effects(Effects::DIMMED));

const EXAMPLES: &[(&str, &str)] = &[
    ("failover status", "who serves, since when, why, and what to type next"),
    ("failover send failback --reason \"power is back\"", "return visitors to the primary"),
    ("failover send hold --for 2h", "before you work on the primary"),
    ("failover check", "what would break in an outage, and what mends it"),
];

/// The whole command line.
pub(super) fn command() -> clap::Command {
    let plain = Cli::command().styles(STYLES);
    let groups = groups(&plain);
    plain
        .help_template("{about-with-newline}\n{usage-heading} {usage}\n{before-help}\n{options}{after-help}")
        .before_help(groups)
        .after_help(format!("{}\n\n{}", examples(), exit_codes()))
}

/// Reads what was typed.
pub(super) fn parse() -> Cli {
    let matches = command().get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

fn groups(command: &clap::Command) -> StyledStr {
    let named = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let all = || command.get_subcommands().filter(|one| !one.is_hide_set());
    let others: Vec<&str> = all().map(clap::Command::get_name).filter(|name| !named(name)).collect();
    let groups = GROUPS.iter().map(|(title, names)| (*title, names.to_vec())).chain([("More", others)]);
    let (header, literal) = (STYLES.get_header(), STYLES.get_literal());
    let mut text = String::new();
    for (title, names) in groups {
        let known: Vec<_> = names.iter().filter_map(|name| command.find_subcommand(name)).collect();
        if !known.is_empty() {
            let _ = write!(text, "\n{header}{title}:{header:#}\n");
        }
        for one in known {
            let about = one.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {literal}{:<12}{literal:#}{about}", one.get_name());
        }
    }
    text.into()
}

fn examples() -> String {
    let (header, literal) = (STYLES.get_header(), STYLES.get_literal());
    let mut text = format!("{header}For example:{header:#}");
    for (line, meaning) in EXAMPLES {
        let _ = write!(text, "\n  {literal}{line}{literal:#}\n      {meaning}");
    }
    text
}

fn exit_codes() -> String {
    let header = STYLES.get_header();
    let (title, rest) = EXIT_CODES.split_once('\n').unwrap_or_default();
    format!("{header}{title}{header:#}\n{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        command().debug_assert();
    }

    #[test]
    fn every_command_is_in_the_help_and_says_what_it_does() {
        let help = command().render_help().to_string();
        for one in command().get_subcommands().filter(|one| one.get_name() != "help") {
            let line = help.lines().find(|line| line.trim_start().starts_with(one.get_name()));
            assert!(line.is_some_and(|line| line.trim().len() > 20), "{}\n{help}", one.get_name());
        }
    }
}
