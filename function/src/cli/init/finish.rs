//! `failover init --finish`, after terraform apply: the configuration, the standby's certificate, a check, a rehearsal.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use http::HeaderMap;

use super::{
    super::{
        exit::Failure,
        paint::{COMMAND, DIM, GOOD},
        screen::Screen,
        session::Options,
    },
    Args, Maker,
    web::Web,
};
use crate::config::{Config, Environment, Purpose};

/// A certificate takes some minutes; what takes longer isn't waited for.
const CERTIFICATE_WITHIN: Duration = Duration::from_mins(30);
/// From one look to the next.
const EVERY: Duration = Duration::from_secs(15);

pub(super) async fn run(args: &Args, options: &Options, screen: &Screen) -> Result<(), Failure> {
    let path = &options.config;
    let maker = match args.maker {
        Maker::Terraform => {
            fetch(&args.terraform, path)?;
            "Terraform"
        }
        Maker::Gcloud => "the script",
    };
    let config = Config::load(path, &Environment::capture(Purpose::Look))?;
    screen.remark(format!("{GOOD}✓{GOOD:#} {} is what {maker} made", path.display()));
    let web = Web::new()?;
    for site in &config.sites {
        if let Some(url) = &site.standby_url {
            reachable(&web, url.as_str(), screen).await?;
        }
    }
    for words in [&["check"][..], &["send", "rehearse", "--wait"]] {
        screen.remark(format!("{DIM}failover {}{DIM:#}", words.join(" ")));
        again(words, options)?;
    }
    let page = match args.maker {
        Maker::Terraform => output(&args.terraform, "page_url").unwrap_or_default(),
        // The script has said it.
        Maker::Gcloud => String::new(),
    };
    if !page.is_empty() {
        // The key need not be on the screen; after --apply it is in nobody's shell either.
        screen.remark(format!(
            "{GOOD}✓{GOOD:#} the status page: {page}/?key=KEY, which is TF_VAR_page_key in the file of secrets"
        ));
    }
    screen.remark(format!("Try it once for real while you watch: {COMMAND}failover send failover --wait{COMMAND:#}, then {COMMAND}failover send failback --wait{COMMAND:#}"));
    Ok(())
}

/// The configuration, as Terraform has it.
fn fetch(folder: &Path, path: &Path) -> Result<(), Failure> {
    let configuration = output(folder, "configuration")?;
    if std::fs::read_to_string(path).ok().as_deref() == Some(configuration.as_str()) {
        return Ok(());
    }
    let unwritten = |error| Failure::new(format!("{} could not be written: {error}", path.display()));
    std::fs::write(path, &configuration).map_err(unwritten)
}

fn output(folder: &Path, name: &str) -> Result<String, Failure> {
    let told = Command::new("terraform")
        .arg(format!("-chdir={}", folder.display()))
        .args(["output", "-raw", name])
        .stderr(Stdio::null())
        .output();
    let next = "terraform apply first; terraform has to be in your PATH";
    match told {
        Ok(told) if told.status.success() => Ok(String::from_utf8_lossy(&told.stdout).into_owned()),
        Ok(_) => {
            Err(Failure::new(format!("Terraform has no output {name} in {}", folder.display())).next(next))
        }
        Err(error) => Err(Failure::new(format!("terraform could not be started: {error}")).next(next)),
    }
}

/// Any answer will do: closed, the standby answers 403 by its certificate.
async fn reachable(web: &Web, url: &str, screen: &Screen) -> Result<(), Failure> {
    let start = Instant::now();
    loop {
        let Err(failure) = web.get(url, HeaderMap::new()).await else {
            screen.remark(format!("{GOOD}✓{GOOD:#} {url} has its certificate"));
            return Ok(());
        };
        if start.elapsed() > CERTIFICATE_WITHIN {
            return Err(failure.next("a new name's certificate takes up to a day: try --finish again later"));
        }
        screen.remark(format!("{DIM}  {url} isn't ready after {} s{DIM:#}", start.elapsed().as_secs()));
        tokio::time::sleep(EVERY).await;
    }
}

/// This program, with other words.
fn again(words: &[&str], options: &Options) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(format!("failover {} could not be started: {error}", words.join(" ")))
    };
    let program = std::env::current_exe().map_err(failed)?;
    let status =
        Command::new(program).args(words).arg("--config").arg(&options.config).status().map_err(failed)?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("failover {} found something to mend", words.join(" ")))
        .next("mend what it says, and type --finish again"))
}
