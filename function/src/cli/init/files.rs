//! What is written at the end: Terraform's variables or the script, and a file of secrets. Both or none, and never over a file
//! that is there.

use std::{
    fmt::Write as _,
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::{super::exit::Failure, Args, ChosenSite, Maker, cloudflare::Zone, script};
use crate::{api::Secret, config::Environment};

/// All that was found out.
#[derive(Debug)]
pub(super) struct FoundOut {
    pub(super) site: ChosenSite,
    pub(super) zone: Zone,
    pub(super) project: String,
    pub(super) region: String,
    /// The standby's service.
    pub(super) service: String,
    pub(super) expect: String,
    pub(super) primary_url: Option<String>,
    pub(super) email: Option<String>,
    /// The function's image.
    pub(super) image: Option<String>,
    /// Of whoever makes the rule.
    pub(super) token: Secret,
    /// The function's, where it has one of its own.
    pub(super) function_token: Option<Secret>,
    pub(super) page_token: Option<Secret>,
    /// Opens the status page.
    pub(super) page_key: Secret,
}

/// Where it is written.
#[derive(Debug)]
pub(super) struct Files {
    /// Terraform's variables, or the script.
    pub(super) made: PathBuf,
    pub(super) secrets: PathBuf,
    maker: Maker,
}

impl Files {
    /// The places, none of which may be taken.
    pub(super) fn at(args: &Args, environment: &Environment) -> Result<Self, Failure> {
        let made = match args.maker {
            Maker::Terraform => args.terraform.join("terraform.tfvars"),
            Maker::Gcloud => args.script.clone(),
        };
        if args.maker == Maker::Terraform && !args.terraform.is_dir() {
            let sentence = format!("there is no folder {}", args.terraform.display());
            return Err(Failure::usage(sentence).next(
                "type this where terraform/ is, or name it with --terraform; without Terraform: --as gcloud",
            ));
        }
        let home = environment.variable("HOME").map(|home| Path::new(home).join(".config/failover/env"));
        let Some(secrets) = args.secrets.clone().or(home) else {
            return Err(Failure::usage("HOME is not set, so there is no place for secrets")
                .next("name one with --secrets"));
        };
        let taken = [&made, &secrets].into_iter().find(|path| path.symlink_metadata().is_ok());
        if let Some(taken) = taken {
            let sentence = format!("{} exists, and is left alone", taken.display());
            let next = "move it away, or name another place with --terraform, --script or --secrets";
            return Err(Failure::usage(sentence).next(next));
        }
        Ok(Self { made, secrets, maker: args.maker })
    }

    /// Writes both, or none.
    pub(super) fn write(&self, answers: &FoundOut) -> Result<(), Failure> {
        let (text, mode) = match self.maker {
            Maker::Terraform => (answers.vars(), 0o644),
            Maker::Gcloud => (script::of(answers), 0o755),
        };
        create(&self.secrets, 0o600, &answers.exports()).map_err(|error| unwritten(&self.secrets, &error))?;
        create(&self.made, mode, &text).map_err(|error| {
            let _ = fs::remove_file(&self.secrets);
            unwritten(&self.made, &error)
        })
    }
}

fn create(path: &Path, mode: u32, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.inspect_err(|_| drop(fs::remove_file(path)))
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{} could not be written: {error}; nothing is left of it", path.display()))
}

impl FoundOut {
    fn vars(&self) -> String {
        let mut text = format!(
            "# Written by failover init; every variable is in README.md beside this file.\n\nproject = {}\nregion  = {}\n\nsites = {{\n  {} = {{\n",
            quoted(&self.project),
            quoted(&self.region),
            self.site.name
        );
        let _ = writeln!(text, "    public_url = {}", quoted(&self.public_url()));
        if let Some(primary) = &self.primary_url {
            let _ = writeln!(text, "    primary_url = {}", quoted(primary));
        }
        let _ = writeln!(text, "    zone_id = {}", quoted(&self.zone.id));
        if self.service != self.site.name {
            let _ = writeln!(text, "    standby = {{ service = {} }}", quoted(&self.service));
        }
        if self.zone.list.is_some() {
            let _ = writeln!(
                text,
                "    # The zone has a list of redirect rules; this one is added to it by hand.\n    redirect = {{ existing = {} }}",
                quoted(&self.reference())
            );
        }
        let _ = writeln!(text, "    expect = {{ contains = {} }}\n  }}\n}}\n", quoted(&self.expect));
        if let Some(email) = &self.email {
            let _ = writeln!(text, "emails           = [{}]", quoted(email));
        }
        let _ = writeln!(text, "journal_location = {}", quoted(self.journal_location()));
        if let Some(image) = &self.image {
            let _ = writeln!(text, "image            = {}", quoted(image));
        }
        if self.page_token.is_none() {
            text.push_str("# A status page wants a token of its own, TF_VAR_cloudflare_read_token; then take this out.\npage             = { enabled = false }\n");
        }
        text.push_str("# Who may command the function without owning the project: Google accounts.\n# operators      = [\"user:me@example.com\"]\n");
        text
    }

    /// What visitors type, without what a check would not ask for.
    pub(super) fn public_url(&self) -> String {
        let mut url = self.site.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.to_string()
    }

    /// The journal must be readable while a region is down: a multi-region near the function.
    pub(super) fn journal_location(&self) -> &'static str {
        match self.region.split('-').next() {
            Some("europe") => "EU",
            Some("asia" | "australia") => "ASIA",
            _ => "US",
        }
    }

    /// What Terraform or the script wants in its environment.
    pub(super) fn secrets(&self) -> Vec<(&'static str, Secret)> {
        let function = self.function_token.as_ref().unwrap_or(&self.token);
        let mut secrets =
            vec![("CLOUDFLARE_API_TOKEN", self.token.clone()), ("TF_VAR_cloudflare_token", function.clone())];
        if let Some(token) = &self.page_token {
            secrets.push(("TF_VAR_cloudflare_read_token", token.clone()));
            secrets.push(("TF_VAR_page_key", self.page_key.clone()));
        }
        secrets
    }

    fn exports(&self) -> String {
        let begin =
            "# Written by failover init. Source it before what it says comes next; keep it to yourself.\n";
        self.secrets().into_iter().fold(begin.to_owned(), |text, (name, secret)| {
            format!("{text}export {name}={}\n", script::quoted(secret.expose()))
        })
    }

    pub(super) fn reference(&self) -> String {
        format!("failover_{}", self.site.name.replace('-', "_"))
    }

    /// What adds the rule to a list that is there.
    pub(super) fn rule_command(&self) -> String {
        format!(
            "  docs/deploy.md, \"A zone that has a list already\": zone {}, ref {}, host {}",
            self.zone.id,
            self.reference(),
            self.site.host()
        )
    }
}

/// A text as HCL has it: `${` and `%{` would begin a template.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "$${").replace("%{", "%%{");
    format!("\"{}\"", escaped.replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_never_a_template() {
        assert_eq!(quoted("a \"b\" ${c} %{d} \\"), "\"a \\\"b\\\" $${c} %%{d} \\\\\"");
    }

    #[test]
    fn a_file_that_is_there_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/env");
        create(&path, 0o600, "one").expect("written");
        create(&path, 0o600, "two").expect_err("it is there");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "one");
    }
}
