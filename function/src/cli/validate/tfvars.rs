//! `terraform.tfvars` against what `terraform/variables.tf` asks for. Terraform itself drops a key of an object that it
//! doesn't know without a word, so that a site is guarded by other settings than its owner wrote.

use super::hcl::{self, Entry, Value, What, Wrong};
use crate::{
    config::{Place, Problem},
    nearest::nearest,
};

/// The variables, as Terraform reads them.
const VARIABLES: &str = include_str!("../../../../terraform/variables.tf");

/// A variable, and the type it has.
struct Variable {
    name: String,
    of: Value,
    required: bool,
}

/// Everything that is wrong with `text`.
pub(super) fn problems(text: &str) -> Vec<Problem> {
    let given = match hcl::assignments(text) {
        Ok(given) => given,
        Err(wrong) => return vec![broken(&wrong)],
    };
    let variables = variables(VARIABLES);
    let mut found = Vec::new();
    for entry in &given {
        if let Some(variable) = variables.iter().find(|variable| variable.name == entry.key) {
            check(&entry.key, entry.place, &entry.value, &variable.of, &mut found);
        } else {
            let known = variables.iter().map(|variable| variable.name.as_str());
            found.push(unknown(&entry.key, entry, known, "is no variable of terraform/variables.tf"));
        }
    }
    let is_given = |variable: &Variable| given.iter().any(|entry| entry.key == variable.name);
    for missing in variables.iter().filter(|variable| variable.required && !is_given(variable)) {
        found.push(problem(&missing.name, "is missing", &format!("{} = …", missing.name), None));
    }
    found
}

/// `variable "name" { … type = … }`, of which only name, type and default matter here.
fn variables(text: &str) -> Vec<Variable> {
    format!("\n{text}").split("\nvariable \"").skip(1).filter_map(variable).collect()
}

fn variable(block: &str) -> Option<Variable> {
    let (name, body) = block.split_once('"')?;
    let of = hcl::value(body.split_once("\n  type")?.1.trim_start().trim_start_matches('=')).ok()?;
    Some(Variable { name: name.to_owned(), of, required: !body.contains("\n  default") })
}

/// Whether `value` at `path` is what `of` says.
fn check(path: &str, place: Place, value: &Value, of: &Value, found: &mut Vec<Problem>) {
    let What::Call(name, arguments) = &of.what else { return };
    let of = arguments.first();
    match (name.as_str(), &value.what) {
        (_, What::Null) => {}
        ("optional", _) => of.into_iter().for_each(|of| check(path, place, value, of, found)),
        ("map", What::Object(entries)) => {
            for (entry, of) in entries.iter().zip(of.into_iter().cycle()) {
                check(&format!("{path}.{}", entry.key), entry.place, &entry.value, of, found);
            }
        }
        ("list" | "set", What::List(items)) => {
            for (index, (item, of)) in items.iter().zip(of.into_iter().cycle()).enumerate() {
                check(&format!("{path}[{index}]"), item.place, item, of, found);
            }
        }
        ("object", What::Object(entries)) => check_object(path, place, entries, of, found),
        (wanted, what) if fits(wanted, what) => {}
        (wanted, _) => {
            let reason = format!("is not {}", article(wanted));
            found.push(problem(path, &reason, &example(path, wanted), Some(place)));
        }
    }
}

/// Terraform makes texts, numbers and truths out of each other, where it can.
fn fits(wanted: &str, what: &What) -> bool {
    match (wanted, what) {
        ("string", What::Text(_) | What::Number | What::Flag)
        | ("bool", What::Flag)
        | ("number", What::Number) => true,
        ("number", What::Text(text)) => text.parse::<f64>().is_ok(),
        ("bool", What::Text(text)) => matches!(text.as_str(), "true" | "false"),
        _ => false,
    }
}

fn check_object(path: &str, place: Place, entries: &[Entry], of: Option<&Value>, found: &mut Vec<Problem>) {
    let Some(What::Object(shape)) = of.map(|of| &of.what) else { return };
    for entry in entries {
        let at = format!("{path}.{}", entry.key);
        if let Some(known) = shape.iter().find(|known| known.key == entry.key) {
            check(&at, entry.place, &entry.value, &known.value, found);
        } else {
            let known = shape.iter().map(|known| known.key.as_str());
            let reason = "is not a key here, and Terraform drops it without a word";
            found.push(unknown(&at, entry, known, reason));
        }
    }
    let is_optional = |known: &Entry| matches!(&known.value.what, What::Call(name, _) if name == "optional");
    let is_given = |known: &Entry| entries.iter().any(|entry| entry.key == known.key);
    for known in shape.iter().filter(|known| !is_optional(known) && !is_given(known)) {
        let (at, example) = (format!("{path}.{}", known.key), format!("{} = …", known.key));
        found.push(problem(&at, "is missing", &example, Some(place)));
    }
}

fn unknown<'k>(path: &str, entry: &Entry, known: impl Iterator<Item = &'k str>, reason: &str) -> Problem {
    let known: Vec<&str> = known.collect();
    let reason = match nearest(&entry.key, known.iter().copied()) {
        Some(meant) => format!("{reason}; did you mean {meant}?"),
        None => format!("{reason}; known are {}", known.join(", ")),
    };
    problem(path, &reason, &format!("without {}", entry.key), Some(entry.place))
}

fn article(wanted: &str) -> &'static str {
    match wanted {
        "string" => "a text in quotes",
        "number" => "a number",
        "bool" => "true or false",
        "list" | "set" => "a list in [ ]",
        _ => "an object in { }",
    }
}

fn example(path: &str, wanted: &str) -> String {
    let key = path.rsplit('.').next().unwrap_or(path);
    let value = match wanted {
        "string" => "\"…\"",
        "number" => "1",
        "bool" => "true",
        "list" | "set" => "[\"…\"]",
        _ => "{ … }",
    };
    format!("{key} = {value}")
}

fn broken(wrong: &Wrong) -> Problem {
    problem("what stands here", &wrong.reason, "project = \"my-project\"", Some(wrong.place))
}

fn problem(key: &str, reason: &str, example: &str, place: Option<Place>) -> Problem {
    Problem {
        key: key.to_owned(),
        reason: reason.to_owned(),
        example: example.to_owned(),
        line: place.map(|place| place.line),
        column: place.map(|place| place.column),
        value: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../../terraform/examples/two-sites/two-sites.tfvars");

    fn told(text: &str) -> Vec<String> {
        let line = |problem: &Problem| problem.line.unwrap_or_default();
        let told = |problem: &Problem| format!("{}: {} {}", line(problem), problem.key, problem.reason);
        problems(text).iter().map(told).collect()
    }

    #[test]
    fn the_example_is_right() {
        assert_eq!(told(EXAMPLE), Vec::<String>::new());
    }

    #[test]
    fn what_terraform_drops_without_a_word_is_told() {
        let text = EXAMPLE
            .replace("host = \"will", "hots = \"will")
            .replace("failback = \"automatic\"", "cooldwon = \"1m\"")
            .replace("emails ", "email ");
        let told = told(&text);
        let ends = ["did you mean host?", "did you mean cooldown?", "did you mean emails?"];
        assert!(told.iter().zip(ends).all(|(told, end)| told.ends_with(end)) && told.len() == 3, "{told:#?}");
        assert!(told[0].contains("sites.resume.standby.hots is not a key here"), "{told:#?}");
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_told() {
        let told = told(
            "region = \"r\"\nsites = {\n a = { zone_id = [1], expect = {}, public_url = \"u\", moves_per_day = \"few\" }\n\
             }\nwatchers = \"pi\"\n",
        );
        let expected = [
            "3: sites.a.zone_id is not a text in quotes",
            "3: sites.a.expect.contains is missing",
            "3: sites.a.moves_per_day is not a number",
            "5: watchers is not a list in [ ]",
            "0: project is missing",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn every_variable_of_terraform_is_known() {
        let known = variables(VARIABLES);
        assert_eq!(known.len(), format!("\n{VARIABLES}").matches("\nvariable \"").count());
        let required: Vec<&str> =
            known.iter().filter(|one| one.required).map(|one| one.name.as_str()).collect();
        assert_eq!(required, ["project", "region", "sites"]);
    }
}
