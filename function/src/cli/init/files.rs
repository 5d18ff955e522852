//! What is written at the end: Terraform's variables, and a file of secrets. Both or none, and never over a file that is
//! there.

use std::{
    fmt::Write as _,
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::{super::exit::Failure, Args, Site, cloudflare::Zone};
use crate::{api::Secret, config::Environment};

/// All that was found out.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) site: Site,
    pub(super) zone: Zone,
    pub(super) project: String,
    pub(super) region: String,
    pub(super) expect: String,
    pub(super) primary_url: Option<String>,
    pub(super) email: Option<String>,
    pub(super) token: Secret,
    /// The function's and the page's.
    pub(super) tokens: [Option<Secret>; 2],
}

/// Where it is written.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) vars: PathBuf,
    pub(super) secrets: PathBuf,
}

impl Files {
    /// The places, none of which may be taken.
    pub(super) fn at(args: &Args, environment: &Environment) -> Result<Self, Failure> {
        if !args.terraform.is_dir() {
            let sentence = format!("there is no folder {}", args.terraform.display());
            return Err(
                Failure::usage(sentence).next("type this where terraform/ is, or name it with --terraform")
            );
        }
        let home = environment.variable("HOME").map(|home| Path::new(home).join(".config/failover/env"));
        let Some(secrets) = args.secrets.clone().or(home) else {
            return Err(Failure::usage("HOME is not set, so there is no place for secrets")
                .next("name one with --secrets"));
        };
        let files = Self { vars: args.terraform.join("terraform.tfvars"), secrets };
        let taken = [&files.vars, &files.secrets].into_iter().find(|path| path.exists());
        if let Some(taken) = taken {
            let sentence = format!("{} exists, and is left alone", taken.display());
            let next = "move it away, or name another place with --terraform or --secrets";
            return Err(Failure::usage(sentence).next(next));
        }
        Ok(files)
    }

    /// Writes both, or none.
    pub(super) fn write(&self, answers: &Answers) -> Result<(), Failure> {
        create(&self.secrets, 0o600, &answers.secrets()).map_err(|error| unwritten(&self.secrets, &error))?;
        create(&self.vars, 0o644, &answers.vars()).map_err(|error| {
            let _ = fs::remove_file(&self.secrets);
            unwritten(&self.vars, &error)
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

impl Answers {
    fn vars(&self) -> String {
        let mut text = format!(
            "# Written by failover init; every variable is in README.md beside this file.\n\nproject = {}\nregion  = {}\n\nsites = {{\n  {} = {{\n",
            quoted(&self.project),
            quoted(&self.region),
            self.site.name
        );
        let mut url = self.site.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        let _ = writeln!(text, "    public_url = {}", quoted(url.as_str()));
        if let Some(primary) = &self.primary_url {
            let _ = writeln!(text, "    primary_url = {}", quoted(primary));
        }
        let _ = writeln!(text, "    zone_id = {}", quoted(&self.zone.id));
        if self.zone.has_list {
            let _ = writeln!(
                text,
                "    # The zone has a list of redirect rules; this one is added to it by hand.\n    redirect = {{ existing = {} }}",
                quoted(&self.reference())
            );
        }
        let _ = writeln!(text, "    expect = {{ contains = {} }}\n  }}\n}}", quoted(&self.expect));
        if let Some(email) = &self.email {
            let _ = writeln!(
                text,
                "\noperators = [{}]\nemails    = [{}]",
                quoted(&format!("user:{email}")),
                quoted(email)
            );
        }
        text
    }

    fn secrets(&self) -> String {
        let given = |token: &Option<Secret>| {
            token.as_ref().map_or_else(String::new, |token| token.expose().to_owned())
        };
        let [function, page] = &self.tokens;
        format!(
            "# Written by failover init. Source it before terraform apply; keep it to yourself.\nexport CLOUDFLARE_API_TOKEN='{}'\nexport TF_VAR_cloudflare_token='{}'\nexport TF_VAR_cloudflare_read_token='{}'\nexport TF_VAR_page_key='{}'\n",
            self.token.expose(),
            given(function),
            given(page),
            uuid::Uuid::new_v4().simple(),
        )
    }

    fn reference(&self) -> String {
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
