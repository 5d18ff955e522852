//! What has everything made after `failover init`, and what ends it: `--apply` and `--finish`.

use std::{os::unix::fs::PermissionsExt, path::Path};

use super::world::{NOTHING, TOKEN, World};
use stage::{Drill, operator};

/// A `terraform` whose outputs are files.
fn terraform(folder: &Path, outputs: &[(&str, &str)]) -> String {
    for (name, text) in outputs {
        std::fs::write(folder.join(format!("output-{name}")), text).expect("written");
    }
    let program = folder.join("terraform");
    // Planning and applying, it notes what it was given; output has to follow an apply.
    let script = format!(
        "#!/bin/sh\ncd '{}'\ncase $2 in\noutput) exec cat \"output-$4\" ;;\n*) echo \"$* ${{#CLOUDFLARE_API_TOKEN}} ${{#TF_VAR_cloudflare_token}}\" >> asked; test ! -e refuse-$2 ;;\nesac\n",
        folder.display()
    );
    std::fs::write(&program, script).expect("written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("executable");
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}

/// `init --finish` at the drill's installation, whose configuration Terraform has, and its page's address.
async fn finished(drill: &Drill) -> (tempfile::TempDir, operator::Ran) {
    drill.sandbox.world.pubsub.push_to(&format!("{}/push", drill.function.base()));
    let folder = tempfile::tempdir().expect("a folder");
    let made = std::fs::read_to_string(drill.config()).expect("it is there");
    let path =
        terraform(folder.path(), &[("configuration", &made), ("page_url", "https://page.example.com")]);
    let config = folder.path().join("failover.toml");
    let words = ["init", "--finish", "--terraform", &folder.path().display().to_string()];
    let ran = operator::failover(&drill.sandbox, &config, &words, &[("PATH", &path)]).await;
    assert_eq!(std::fs::read_to_string(&config).expect("written"), made);
    (folder, ran)
}

#[tokio::test(flavor = "multi_thread")]
async fn finish_fetches_the_configuration_waits_for_the_standby_checks_and_rehearses() {
    let drill = Drill::start().await;
    let (_folder, ran) = finished(&drill).await;
    ran.ends(0)
        .says("failover.toml is what Terraform made")
        .says("has its certificate")
        .says("failover check");
    ran.says("failover send rehearse --wait").says("The standby answered");
    ran.says("https://page.example.com/?key=KEY,").says("failover send failover --wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn finish_ends_where_googles_placeholder_stands_in_the_sites_stead() {
    let drill = Drill::start().await;
    let image = serde_json::json!("us-docker.pkg.dev/cloudrun/container/hello");
    let service = drill.sandbox.site("resume").seed.service;
    drill.sandbox.world.run.edit(&service, |service| service["template"]["containers"][0]["image"] = image);
    let (_folder, ran) = finished(&drill).await;
    ran.ends(1).says("is Google's placeholder").says("failover check found something to mend");
    ran.says("type --finish again");
    assert!(!ran.out.contains("rehearse") && !ran.out.contains("page.example.com"), "{}", ran.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn finish_without_an_apply_says_what_comes_first() {
    let drill = Drill::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = terraform(folder.path(), &[]);
    let config = folder.path().join("failover.toml");
    let words = ["init", "--finish", "--terraform", &folder.path().display().to_string()];
    let ran = operator::failover(&drill.sandbox, &config, &words, &[("PATH", &path)]).await;
    ran.ends(1).says("Terraform has no output configuration in").says("next: terraform apply first");
    assert!(!config.exists());
    let ran = operator::failover(&drill.sandbox, &config, &words, &[("PATH", "/nowhere")]).await;
    ran.ends(1).says("terraform could not be started");
}

/// `init --apply` by options, with this `terraform`, at the drill's installation.
async fn applied(world: &World, drill: &Drill, path: &str, config: &Path) -> operator::Ran {
    let site = format!("{}/site", world.base);
    let terraform = world.folder.path().join("terraform").display().to_string();
    let secrets = world.secrets().display().to_string();
    let words = ["init", &site, "--apply", "--terraform", &terraform, "--secrets", &secrets];
    let answers =
        ["--project", "home-lab", "--primary-url", "none", "--expect", "home lab", "--email", "none"];
    let cloudflare = format!("{}/cf", world.base);
    let google: Vec<(String, String)> = world.google().collect();
    let mut environment = vec![
        ("PATH", path),
        ("CLOUDFLARE_API_TOKEN", TOKEN),
        ("CLOUDFLARE_BASE_URL", &cloudflare),
        ("GOOGLE_OAUTH_ACCESS_TOKEN", "ya29.a-token"),
    ];
    environment.extend(google.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    operator::failover(&drill.sandbox, config, &[&words[..], &answers].concat(), &environment).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_has_it_made_and_goes_on_to_the_check() {
    let (drill, world) = (Drill::start().await, World::start(NOTHING).await);
    drill.sandbox.world.pubsub.push_to(&format!("{}/push", drill.function.base()));
    let made = std::fs::read_to_string(drill.config()).expect("it is there");
    let folder = tempfile::tempdir().expect("a folder");
    let path = terraform(folder.path(), &[("configuration", &made)]);
    let config = folder.path().join("failover.toml");
    let ran = applied(&world, &drill, &path, &config).await;
    ran.says("failover.toml is what Terraform made").says("failover check");
    let asked = std::fs::read_to_string(folder.path().join("asked")).expect("it was asked");
    let asked: Vec<&str> = asked.lines().collect();
    // The secrets are in its environment, and in no word of it.
    let lengths = format!("{} {}", TOKEN.len(), TOKEN.len());
    assert!(asked[0].ends_with(&format!("init -input=false {lengths}")), "{asked:?}");
    assert!(asked[1].ends_with(&format!("apply {lengths}")) && asked.len() == 2, "{asked:?}");
    assert!(!ran.out.contains("Next"), "{}", ran.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_fails_leaves_what_is_typed_to_go_on() {
    let (drill, world) = (Drill::start().await, World::start(NOTHING).await);
    let folder = tempfile::tempdir().expect("a folder");
    let path = terraform(folder.path(), &[]);
    std::fs::write(folder.path().join("refuse-apply"), "").expect("written");
    let config = folder.path().join("failover.toml");
    let ran = applied(&world, &drill, &path, &config).await;
    ran.ends(1).says("apply did not come to its end").says("mend what it says, then: source");
    assert!(world.vars().is_some() && world.secrets().exists() && !config.exists());
}
