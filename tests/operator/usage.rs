//! Usage, configuration, help, completions.

use stage::{Drill, Settings};

#[tokio::test(flavor = "multi_thread")]
async fn help_groups_the_commands_and_tells_the_exit_codes() {
    let drill = Drill::start().await;
    let help = drill.failover(&["--help"]).await;
    help.ends(0)
        .says("Look: status")
        .says("Act: send")
        .says("Exit status: 0 done")
        .says("64 the configuration is wrong");
    for line in help.out.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    let version = drill.failover(&["--version"]).await;
    let told =
        option_env!("FAILOVER_COMMIT").map_or("(of a commit that its build was not told)", |_| "(commit ");
    assert!(
        version.ends(0).out.starts_with(&format!("failover {} {told}", env!("CARGO_PKG_VERSION"))),
        "{version:?}"
    );
    drill.failover(&["completions", "bash"]).await.ends(0).says("_failover()");
    let script = drill.failover(&["edge", "script"]).await;
    assert_eq!(script.ends(0).out, include_str!("../../edge/gate.js"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_ends_with_2_before_anything_is_published_or_moved() {
    let drill = Drill::start().await;
    drill.failover(&["frobnicate"]).await.ends(2);
    drill.failover(&["send", "failovr"]).await.ends(2).says("failover");
    drill.failover(&["send", "release", "--for", "2h"]).await.ends(2).says("only a hold lasts for a while");
    drill.failover(&["send", "hold", "--for", "soon"]).await.ends(2).says("2h");
    drill
        .failover(&["send", "hold", "--force"])
        .await
        .ends(2)
        .says("only failover and failback can be forced");
    drill.failover(&["send", "check", "--wait"]).await.ends(2).says("leave --wait away");
    drill.failover(&["act", "failover", "--site", "nowhere"]).await.ends(2).says("is no site").says("resume");
    drill.failover(&["status", "--site", "NOWHERE!"]).await.ends(2).says("a site's name is");
    drill.failover(&["report", "down", "--name", "a b"]).await.ends(2);
    assert!(drill.writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_ends_with_64_and_lists_every_mistake() {
    let settings = Settings::default();
    let drill = Drill::with(settings, sandbox::Options::default()).await;
    let wrong = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(wrong.path(), "journal = \"nowhere\"\npage = 3\n").expect("written");
    let path = wrong.path().display().to_string();
    let ran = drill.failover(&["status", "--config", &path]).await;
    ran.ends(64)
        .says("error: the configuration has")
        .says("journal is refused")
        .says("page is neither true nor false");
    let told = drill.failover(&["status", "--config", &path, "--json"]).await.ends(64).json();
    let problems = told["error"]["problems"].as_array().expect("a list");
    let page = problems.iter().find(|problem| problem["key"] == "page").expect("page");
    assert!(problems.len() > 1 && page["example"].is_string(), "{told:#}");
    assert!(page["reason"].as_str().is_some_and(|why| why.contains("neither true nor false")), "{told:#}");
    let missing = drill.failover_with(&["act", "failover"], &[("CLOUDFLARE_API_TOKEN", "")]).await;
    missing.ends(64).says("set it in the environment, and try again");
    let told =
        drill.failover(&["history", "--config", "/nowhere/failover.toml", "--json"]).await.ends(64).json();
    assert!(told["error"]["sentence"].as_str().is_some_and(|text| text.contains("can't be read")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_listens_where_it_is_told_to() {
    let drill = Drill::start().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let ran = drill.failover(&["serve", "--page", "--listen", &address]).await;
    ran.ends(1).says(&format!("{address} could not be listened on; give --listen a free one"));
    drill.failover(&["serve", "--listen", "8080"]).await.ends(2).says("--listen <ADDRESS:PORT>");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_is_validated_without_asking_anybody() {
    let drill = Drill::start().await;
    drill
        .failover_with(&["validate"], &[("CLOUDFLARE_API_TOKEN", "")])
        .await
        .ends(0)
        .says("is a configuration of resume");
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let toml = write(
        "failover.toml",
        "journal = \"memory:\"\ncooldown = \"1m\"\n\n[push]\nverify = \"none\"\n\n[[sites]]\nname = \"blog\"\n\
         cooldwon = \"hunter2\"\nmoves_per_day = 0\n",
    );
    let tfvars =
        write("terraform.tfvars", "project = \"p\"\nregion = \"r\"\nsites = {\n  a = { hots = 1 }\n}\n");
    let ran = drill.failover(&["validate", &toml, &tfvars]).await;
    ran.ends(64)
        .says(&format!("{toml}:9:1 sites.blog.cooldwon is not a key here; did you mean cooldown?"))
        .says(&format!("{toml}:10:1 sites.blog.moves_per_day = 0 is not a whole number from 1 to 1000"))
        .says(&format!("{toml}:2:1 cooldown is not a key here, but one of a site: below [[sites]]"))
        .says(&format!("{tfvars}:4:9 sites.a.hots is not a key here, and Terraform drops it without a word"));
    assert!(!ran.out.contains("hunter2"), "{}", ran.out);
    let told = drill.failover(&["validate", "--json", &toml]).await.ends(64).json();
    let problems = told["files"][0]["problems"].as_array().expect("a list").clone();
    let slip = problems.iter().find(|problem| problem["key"] == "sites.blog.cooldwon").expect("it is told");
    assert_eq!(
        (&slip["line"], &slip["column"], &slip["value"]),
        (&9.into(), &1.into(), &serde_json::Value::Null)
    );
    // And wherever else a configuration is refused.
    let told = drill.failover(&["status", "--json", "--config", &toml]).await.ends(64).json();
    assert_eq!(told["error"]["problems"].as_array().map(Vec::len), Some(problems.len()), "{told}");
    let schema = drill.failover(&["validate", "--schema"]).await.ends(0).json();
    assert_eq!(schema["properties"]["sites"]["items"]["properties"]["cooldown"]["default"], "10m");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manual_has_a_page_for_each_command() {
    let drill = Drill::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let man = folder.path().join("share/man/man1");
    drill.failover(&["man", &man.display().to_string()]).await.ends(0);
    let page =
        |name: &str| std::fs::read_to_string(man.join(name)).unwrap_or_else(|_| panic!("{name} is there"));
    let first = page("failover.1");
    for words in
        [".TH failover 1", "failover\\-status(1)", "the configuration is wrong", "failover send hold"]
    {
        assert!(first.contains(words), "{words:?} isn't in\n{first}");
    }
    assert!(!first.contains('\u{1b}') && !first.contains("sandbox"), "{first}");
    for name in ["status", "history", "plan", "check", "send", "act", "serve", "watch"] {
        assert!(page(&format!("failover-{name}.1")).contains("\\-\\-config"), "{name}");
    }
    let taken = folder.path().join("a-file");
    std::fs::write(&taken, "").expect("written");
    drill.failover(&["man", &taken.display().to_string()]).await.ends(1).says("can't be written to");
}
