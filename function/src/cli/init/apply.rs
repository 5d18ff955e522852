//! Has made what was written: by Terraform, which shows its plan and asks, or by the script.

use std::process::Command;

use super::{
    super::{
        exit::Failure,
        paint::{DIM, in_style},
        screen::Screen,
    },
    Args, Files, FoundOut, Maker, steps,
};

/// Starts one program after the other, each with the secrets in its environment and the operator at its terminal.
pub(super) fn run(args: &Args, files: &Files, answers: &FoundOut, screen: &Screen) -> Result<(), Failure> {
    let folder = format!("-chdir={}", args.terraform.display());
    let script = files.made.display().to_string();
    let programs: &[&[&str]] = match args.maker {
        Maker::Terraform => {
            &[&["terraform", &folder, "init", "-input=false"], &["terraform", &folder, "apply"]]
        }
        Maker::Gcloud => &[&["bash", &script]],
    };
    for words in programs {
        screen.remark(in_style(DIM, format!("\n{}", words.join(" "))));
        start(words, answers).map_err(|sentence| {
            let [again, _] = steps(args, files);
            let secrets = files.secrets.display();
            Failure::new(sentence).next(format!(
                "mend what it says, then: source {secrets} && {again} && failover init --finish{}",
                suffix(args.maker)
            ))
        })?;
    }
    Ok(())
}

fn suffix(maker: Maker) -> &'static str {
    match maker {
        Maker::Terraform => "",
        Maker::Gcloud => " --as gcloud",
    }
}

fn start(words: &[&str], answers: &FoundOut) -> Result<(), String> {
    let told = words.join(" ");
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    for (name, secret) in answers.secrets() {
        command.env(name, secret.expose());
    }
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("{told} did not come to its end")),
        Err(error) => Err(format!("{} could not be started: {error}", words[0])),
    }
}
