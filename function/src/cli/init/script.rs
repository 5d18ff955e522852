//! The script for people without Terraform: the values of one site, then commands that are the same for every site.

use super::files::FoundOut;

/// Makes what Terraform would, by gcloud.
const COMMANDS: &str = include_str!("gcloud.sh");
/// Where nobody names an image; it guards nothing.
const PLACEHOLDER: &str = "us-docker.pkg.dev/cloudrun/container/hello";
/// From these Cloud Run pulls by itself.
const REGISTRIES: [&str; 3] = ["docker.pkg.dev", "gcr.io", "docker.io"];

/// The whole of it.
pub(super) fn of(answers: &FoundOut) -> String {
    let head = values(answers)
        .into_iter()
        .fold(String::new(), |text, (name, value)| format!("{text}{name}={}\n", quoted(&value)));
    format!(
        "#!/usr/bin/env bash\n# Guards {}: written by failover init --as gcloud. It holds no secret: those come from the environment.\n#\n#   source the file of secrets, then: bash this file\n\n{head}{COMMANDS}",
        answers.site.name
    )
}

fn values(answers: &FoundOut) -> Vec<(&'static str, String)> {
    let url = &answers.site.url;
    let (image, mirrored) = image(answers);
    vec![
        ("PROJECT", answers.project.clone()),
        ("REGION", answers.region.clone()),
        ("JOURNAL_LOCATION", answers.journal_location().to_owned()),
        ("SITE", answers.site.name.clone()),
        ("PUBLIC_URL", answers.public_url()),
        ("HOST", answers.site.host().to_owned()),
        ("PORT", url.port_or_known_default().unwrap_or(443).to_string()),
        ("URL_PATH", url.path().to_owned()),
        ("PRIMARY_URL", answers.primary_url.clone().unwrap_or_default()),
        ("EXPECT", answers.expect.clone()),
        // As TOML has it, which for a text is as JSON has it.
        ("EXPECT_QUOTED", serde_json::Value::from(answers.expect.clone()).to_string()),
        ("ZONE", answers.zone.id.clone()),
        ("RULE_LIST", answers.zone.list.clone().unwrap_or_default()),
        ("RULE_REF", answers.reference()),
        ("SERVICE", answers.service.clone()),
        ("STANDBY_ACCOUNT", standby_account(&answers.site.name)),
        ("EMAIL", answers.email.clone().unwrap_or_default()),
        ("IMAGE", image),
        ("MIRRORED", mirrored),
        ("CONFIGURATION", "failover.toml".to_owned()),
    ]
}

/// The function's image, and the registry that the project has to stand for, since Cloud Run can't pull from it.
fn image(answers: &FoundOut) -> (String, String) {
    let wanted = answers.image.as_deref().unwrap_or(PLACEHOLDER);
    let (origin, rest) = wanted.split_once('/').unwrap_or(("docker.io", wanted));
    let known = |registry: &str| {
        origin == registry || origin.strip_suffix(registry).is_some_and(|before| before.ends_with(['-', '.']))
    };
    if !origin.contains('.') || REGISTRIES.iter().any(|registry| known(registry)) {
        return (wanted.to_owned(), String::new());
    }
    let mirror = format!("{}-docker.pkg.dev/{}/failover-released", answers.region, answers.project);
    (format!("{mirror}/{rest}"), origin.to_owned())
}

/// The account that the standby runs as; an id ends at 30 characters, and the end of a digest keeps two long names apart.
/// Terraform derives the same.
fn standby_account(site: &str) -> String {
    let name = format!("failover-{site}");
    if name.len() <= 23 {
        return format!("{name}-site");
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, site.as_bytes());
    let [first, second, ..] = digest.as_ref() else { return format!("{name}-site") };
    let end = format!("{first:02x}{second:02x}");
    let begin = &name[..20];
    format!("{}-{end}-site", begin.strip_suffix('-').unwrap_or(begin))
}

/// One word of a shell's, whatever is in it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_word_of_a_shell() {
        assert_eq!(quoted("it's $(here)"), "'it'\\''s $(here)'");
    }

    #[test]
    fn a_standbys_account_has_at_most_thirty_characters() {
        assert_eq!(standby_account("resume"), "failover-resume-site");
        let long = standby_account("a-site-with-a-very-long-name");
        assert!(long.len() <= 30 && long.starts_with("failover-a-site-with"), "{long}");
        assert_ne!(long, standby_account("a-site-with-a-very-long-name-too"));
    }
}
