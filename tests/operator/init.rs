//! `failover init` in a real terminal, and without one, against stand-ins of the site, of Cloudflare and of Google.

mod finish;
mod world;

use std::{os::unix::fs::PermissionsExt, path::Path};

use world::{Before, NOTHING, TOKEN, World, ZONE, at_a_terminal, at_a_terminal_with, said};

#[tokio::test(flavor = "multi_thread")]
async fn four_questions_at_a_terminal_make_what_terraform_needs() {
    let world = World::start(NOTHING).await;
    let home = format!("{}/home", world.base.replace("127.0.0.1", "localhost"));
    // Two pasted tokens, and four answers: the project, the text (its title), the way home, an address. What is wrong is
    // asked for again.
    let lines = [
        "of-another-kind",
        TOKEN,
        "nobodys",
        "home-lab",
        "Welcome",
        "",
        "nonsense",
        &home,
        "me",
        "me@example.com",
        "wrong",
        "tested-page",
    ];
    let told = at_a_terminal(&world, "", &lines).await;
    let vars = world.vars().unwrap_or_else(|| panic!("{told}"));
    for words in [
        "that token may not look for the zone: Authentication error (10000)",
        "\"nobodys\" is no project that you may see",
        "the site doesn't show \"Welcome\"",
        "\"nonsense\" is no URL",
        "\"me\" is no address",
        "that token may not read redirect rules",
        "no Worker names 127.0.0.1",
        "whether a page rule names 127.0.0.1 this token may not see (Unauthorized (9109))",
        "no uptime check of 127.0.0.1 yet",
        "! whether us-central1 maps domains could not be looked at: Cloud Run isn't switched on",
        "is a proxied CNAME record",
        "comes through a Cloudflare Tunnel",
        "project home-lab, with billing",
        "terraform -chdir=terraform init",
    ] {
        assert!(told.contains(words), "{words:?} isn't in {told}");
    }
    for words in [
        "project = \"home-lab\"",
        ZONE,
        "contains = \"My home lab\"",
        "/home\"",
        "emails           = [\"me@example.com\"]",
        "journal_location = \"US\"",
    ] {
        assert!(vars.contains(words), "{words:?} isn't in {vars}");
    }
    let secrets = std::fs::read_to_string(world.secrets()).expect("it is there");
    for words in [
        format!("CLOUDFLARE_API_TOKEN='{TOKEN}'"),
        format!("TF_VAR_cloudflare_token='{TOKEN}'"),
        "TF_VAR_cloudflare_read_token='tested-page'".to_owned(),
        "TF_VAR_page_key='".to_owned(),
    ] {
        assert!(secrets.contains(&words), "{words:?} isn't in {secrets}");
    }
    assert_eq!(mode(&world.secrets()), 0o600);
    assert!(!vars.contains(TOKEN) && !told.contains(TOKEN), "{vars}{told}");
    assert_eq!(
        told.matches("dash.cloudflare.com").count(),
        4,
        "two links, each shown again after a wrong token"
    );
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn by_options_it_asks_nothing_and_what_it_writes_is_valid() {
    let world = World::start(Before { list: true, ..NOTHING }).await;
    let words = ["--project", "home-lab", "--primary-url", "none", "--expect", "home lab", "--email", "none"];
    let output = world.types(&words, &[("CLOUDFLARE_API_TOKEN", TOKEN)]).await;
    assert!(output.status.success(), "{}", said(&output));
    let vars = world.vars().expect("written");
    // A list that is there belongs to whoever made it.
    assert!(vars.contains("redirect = { existing = \"failover_") && !vars.contains("primary_url"), "{vars}");
    assert!(said(&output).contains("the zone has a list of redirect rules already"), "{}", said(&output));
    let mut validate = world.command(env!("CARGO_BIN_EXE_failover"));
    let validated =
        validate.args(["validate", "terraform/terraform.tfvars"]).output().await.expect("it runs");
    assert!(validated.status.success(), "{}\n{vars}", said(&validated));
    // And once more: what is there is left alone.
    let output = world.types(&words, &[("CLOUDFLARE_API_TOKEN", TOKEN)]).await;
    assert!(
        output.status.code() == Some(2) && said(&output).contains("exists, and is left alone"),
        "{}",
        said(&output)
    );
    assert_eq!(world.vars().as_deref(), Some(vars.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_input_is_a_sentence_and_writes_nothing() {
    let cloudflare = ("CLOUDFLARE_API_TOKEN", TOKEN);
    let project = ["--project", "home-lab"];
    let table: [(&[&str], (&str, &str), &str); 6] = [
        (
            &[],
            ("CLOUDFLARE_API_TOKEN", "of-another-kind"),
            "that token may not look for the zone: Authentication error (10000)",
        ),
        (&[], ("NOTHING", ""), "there is no terminal to ask for it on"),
        (&["--project", "nobodys"], cloudflare, "is no project that you may see"),
        (&project, cloudflare, "there is no terminal to ask this on"),
        (&["--project", "home-lab", "--expect", "Welcome"], cloudflare, "the site doesn't show \"Welcome\""),
        (
            &["--project", "home-lab", "--expect", "home lab", "--primary-url", "OTHER"],
            cloudflare,
            "it isn't the site",
        ),
    ];
    for (words, environment, sentence) in table {
        let world = World::start(NOTHING).await;
        let other = format!("{}/other", world.base.replace("127.0.0.1", "localhost"));
        let words: Vec<&str> =
            words.iter().map(|word| if *word == "OTHER" { other.as_str() } else { word }).collect();
        let output = world.types(&words, &[environment]).await;
        assert!(
            !output.status.success() && said(&output).contains(sentence),
            "{sentence:?}: {}",
            said(&output)
        );
        assert!(said(&output).contains("next:"), "{}", said(&output));
        world.nothing_is_written();
    }
    let world = World::start(Before { billing: false, ..NOTHING }).await;
    let output = world.types(&project, &[cloudflare]).await;
    assert!(said(&output).contains("nobody pays for home-lab"), "{}", said(&output));
    world.nothing_is_written();
    for (site, sentence) in [
        ("https://nothing.invalid/".to_owned(), "nothing.invalid gave no answer"),
        (
            format!("{}/site", world.base.replace("127.0.0.1", "localhost")),
            "Cloudflare has no zone of localhost",
        ),
        ("ftp://example.com/".to_owned(), "doesn't begin with https://"),
    ] {
        let mut command = world.command(env!("CARGO_BIN_EXE_failover"));
        let output = command.args(["init", &site]).envs([cloudflare]).output().await.expect("it runs");
        assert!(said(&output).contains(sentence), "{sentence:?}: {}", said(&output));
        world.nothing_is_written();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_at_any_question_leaves_nothing_behind() {
    let answers = [TOKEN, "home-lab", "", "none", "none"];
    for question in 0..=answers.len() {
        let world = World::start(NOTHING).await;
        let told = at_a_terminal(&world, "", &[&answers[..question], &["\u{3}"]].concat()).await;
        assert_eq!(told.matches("nothing was written").count(), 1, "{told}");
        // And what is typed next is seen.
        assert!(told.contains(" echo ") && !told.contains("-echo "), "{told}");
        world.nothing_is_written();
    }
    // Whoever hangs up.
    let world = World::start(NOTHING).await;
    let told = at_a_terminal(&world, "", &[TOKEN, "\u{4}"]).await;
    assert!(told.contains("nobody answers any more: nothing was written"), "{told}");
    world.nothing_is_written();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_project_has_already_is_said_and_left_alone() {
    let world = World::start(Before { holdings: true, ..NOTHING }).await;
    let words = ["--project", "home-lab", "--primary-url", "none", "--expect", "home lab", "--email", "none"];
    let output = world.types(&words, &[("CLOUDFLARE_API_TOKEN", TOKEN)]).await;
    for words in [
        "! an uptime check of 127.0.0.1 is there already (mine)",
        "the Cloud Run service site127 is there and stays as it is; the standby will be site127-standby",
        "us-central1 maps no domains",
    ] {
        assert!(said(&output).contains(words), "{words:?}: {}", said(&output));
    }
    let vars = world.vars().expect("written");
    assert!(vars.contains("standby = { service = \"site127-standby\" }"), "{vars}");
    assert!(vars.contains("page             = { enabled = false }"), "{vars}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_somebody_at_a_terminal_may_sign_in() {
    let world = World::start(NOTHING).await;
    // A machine that isn't Google's, and a gcloud that notes what it is asked.
    let gcloud = world.folder.path().join("gcloud");
    std::fs::write(&gcloud, "#!/bin/sh\necho \"$*\" >> \"$HOME/asked\"\n").expect("written");
    std::fs::set_permissions(&gcloud, std::fs::Permissions::from_mode(0o755)).expect("executable");
    let nowhere = "GOOGLE_OAUTH_ACCESS_TOKEN= GCE_METADATA_HOST=127.0.0.1:9 PATH=$HOME:$PATH";
    let told = at_a_terminal_with(&world, nowhere, "", &[TOKEN, "perhaps", "no"]).await;
    assert!(told.contains("that is yes or no"), "{told}");
    assert!(told.contains("there are no Google credentials on this machine"), "{told}");
    assert!(!world.folder.path().join("asked").exists());
    at_a_terminal_with(&world, nowhere, "", &[TOKEN, ""]).await;
    let asked = std::fs::read_to_string(world.folder.path().join("asked")).expect("gcloud was asked");
    assert_eq!(asked, "auth application-default login\n");
    world.nothing_is_written();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_terraform_a_script_is_written_that_holds_no_secret() {
    let world = World::start(Before { list: true, ..NOTHING }).await;
    std::fs::remove_dir(world.folder.path().join("terraform")).expect("it was empty");
    let image = ["--image", "ghcr.io/owner/failover@sha256:00", "--region", "europe-west1"];
    let words = [
        "--as",
        "gcloud",
        "--project",
        "home-lab",
        "--primary-url",
        "none",
        "--expect",
        "home lab",
        "--email",
        "none",
    ];
    let output = world.types(&[&words[..], &image].concat(), &[("CLOUDFLARE_API_TOKEN", TOKEN)]).await;
    assert!(
        output.status.success() && said(&output).contains("bash failover-gcloud.sh"),
        "{}",
        said(&output)
    );
    let path = world.folder.path().join("failover-gcloud.sh");
    let script = std::fs::read_to_string(&path).expect("written");
    for line in [
        "PROJECT='home-lab'",
        "RULE_LIST='9a78'",
        "EXPECT_QUOTED='\"home lab\"'",
        "JOURNAL_LOCATION='EU'",
        "IMAGE='europe-west1-docker.pkg.dev/home-lab/failover-released/owner/failover@sha256:00'",
        "MIRRORED='ghcr.io'",
    ] {
        assert!(script.lines().any(|each| each == line), "{line:?} isn't in {}", &script[..1500]);
    }
    assert!(!script.contains(TOKEN));
    assert_eq!(mode(&path), 0o755);
    let parsed = world.command("bash").arg("-n").arg(&path).output().await.expect("it runs");
    assert!(parsed.status.success(), "{}", said(&parsed));
    // Once more: what is there is left alone.
    let output = world.types(&words, &[("CLOUDFLARE_API_TOKEN", TOKEN)]).await;
    assert!(said(&output).contains("failover-gcloud.sh exists, and is left alone"), "{}", said(&output));
}
