//! What comes from the environment: endpoints, tokens, webhooks.

use super::*;

#[test]
fn an_operators_machine_needs_neither_cloud_run_nor_secrets_to_look() {
    assert!(read(EXAMPLE, Purpose::Look, &[]).is_ok());
    assert!(read(EXAMPLE, Purpose::Act, ELSEWHERE).is_ok());
    assert!(read(EXAMPLE, Purpose::Act, &[]).is_err());
}

#[test]
fn endpoints_win_over_emulators() {
    let variables =
        [("PUBSUB_EMULATOR_HOST", "127.0.0.1:8085"), ("STORAGE_EMULATOR_HOST", "http://127.0.0.1:4443")];
    let variables = [ON_CLOUD_RUN, &variables].concat();
    let emulated = read(EXAMPLE, Purpose::Serve, &variables).unwrap();
    assert_eq!(emulated.endpoints.pubsub(), "http://127.0.0.1:8085");
    assert_eq!(emulated.endpoints.storage(), "http://127.0.0.1:4443");
    assert_eq!(emulated.emulated, Emulated { pubsub: true, storage: true });
    let text = format!(
        "{EXAMPLE}\n[endpoints]\npubsub = \"http://127.0.0.1:1/\"\njwks = \"http://127.0.0.1:2/certs\""
    );
    let given = read(&text, Purpose::Serve, &variables).unwrap();
    assert_eq!(given.endpoints.pubsub(), "http://127.0.0.1:1");
    assert_eq!(given.endpoints.jwks(), "http://127.0.0.1:2/certs");
    assert_eq!(given.emulated, Emulated { pubsub: false, storage: true });
}

#[test]
fn endpoints_and_the_environment_are_checked() {
    refuses(
        &format!("{EXAMPLE}\n[endpoints]\nrun = \"127.0.0.1:9\"\nmonitor = \"http://127.0.0.1:9\""),
        &[
            "endpoints.run is no URL: relative URL without a base; for example: run = \"http://127.0.0.1:9000\"",
            "endpoints.monitor is not a key here; did you mean monitoring?; for example: without monitor",
        ],
    );
    let variables = [
        ("K_SERVICE", "failover"),
        ("PORT", "http"),
        ("GCE_METADATA_HOST", "http://127.0.0.1:9"),
        ("STORAGE_EMULATOR_HOST", "unix:///socket"),
        ("AZURE_AUTHORITY_HOST", "ftp://127.0.0.1:9"),
        ("CLOUDFLARE_API_TOKEN", "hunter 2"),
    ];
    refuses_in(
        EXAMPLE,
        &variables,
        &[
            "STORAGE_EMULATOR_HOST is a URL without a host; for example: STORAGE_EMULATOR_HOST=127.0.0.1:8085",
            "GCE_METADATA_HOST is a URL, but only host and port belong there; for example: \
             GCE_METADATA_HOST=127.0.0.1:9099",
            "AZURE_AUTHORITY_HOST begins with ftp://, not with https:// or http://; for example: \
             AZURE_AUTHORITY_HOST=http://127.0.0.1:9000",
            "PORT is no port number; for example: PORT=8080",
            "CLOUDFLARE_API_TOKEN is not one word of plain characters; for example: CLOUDFLARE_API_TOKEN=…",
        ],
    );
}

#[test]
fn azure_is_where_and_whoever_the_variables_of_its_own_libraries_say() {
    let variables = [
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1"),
        ("AZURE_AUTHORITY_HOST", "login.example"),
        ("AZURE_TENANT_ID", "72f9"),
        ("AZURE_CLIENT_ID", "1b4e"),
        ("GCE_METADATA_HOST", "127.0.0.1:9"),
    ];
    let config = read(EXAMPLE, Purpose::Look, &variables).unwrap();
    assert_eq!(config.endpoints.azure_metadata(), "http://127.0.0.1:1");
    assert_eq!(config.endpoints.azure_login(), "https://login.example");
    let [tenant, client, google] = ["72f9", "1b4e", "127.0.0.1:9"].map(|text| Some(text.to_owned()));
    assert_eq!(config.azure, Account { tenant, client, google });
    let text = format!("{EXAMPLE}\n[endpoints]\nazure_metadata = \"http://127.0.0.1:2/\"");
    let given = read(&text, Purpose::Look, &variables).unwrap();
    assert_eq!(given.endpoints.azure_metadata(), "http://127.0.0.1:2", "the configuration wins");
    let usual = read(EXAMPLE, Purpose::Look, &[]).unwrap().endpoints;
    assert_eq!(usual.azure_metadata(), "http://169.254.169.254");
    assert_eq!(usual.azure_login(), "https://login.microsoftonline.com");
}

#[test]
fn a_token_that_a_switch_needs_has_to_be_there() {
    refuses_in(
        EXAMPLE,
        &[("K_SERVICE", "failover"), ("CLOUDFLARE_API_TOKEN", "  ")],
        &["CLOUDFLARE_API_TOKEN is not set, but cloudflare_page_rule \
           zones/023e105f4ecef8ad9ca31a8372d0c353/pagerules/9a7806061c88ada191ed06f989cc3dac needs it; for example: \
           CLOUDFLARE_API_TOKEN=… or CLOUDFLARE_API_TOKEN_FILE=/secrets/token"],
    );
    refuses_in(
        EXAMPLE,
        &[("K_SERVICE", "failover"), ("CLOUDFLARE_API_TOKEN_FILE", "/secrets/none")],
        &[
            "CLOUDFLARE_API_TOKEN_FILE names /secrets/none, which can't be read: entity not found; for example: \
           CLOUDFLARE_API_TOKEN_FILE=…",
        ],
    );
}

#[test]
fn a_token_is_read_from_a_file_and_trimmed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "from-a-file\n").unwrap();
    let named = [("K_SERVICE", "f"), ("CLOUDFLARE_API_TOKEN_FILE", file.to_str().unwrap())];
    let mut environment = Environment::of(Purpose::Serve, &named);
    environment.read_file = |path| std::fs::read_to_string(path);
    let config = Config::read(EXAMPLE, &environment).unwrap();
    assert_eq!(config.cloudflare_token().unwrap().expose(), "from-a-file");
    assert!(!format!("{config:?}{environment:?}").contains("from-a-file"));
    assert_eq!(crate::log::redact("it is from-a-file."), "it is ….");
    std::fs::write(&file, "\n").unwrap();
    let problems = Config::read(EXAMPLE, &environment).unwrap_err();
    assert!(problems.to_string().contains("CLOUDFLARE_API_TOKEN_FILE is empty"), "{problems}");
}

#[test]
fn a_webhooks_url_comes_from_the_environment_and_is_never_shown() {
    let text = format!("{EXAMPLE}\n[[webhooks]]\nkind = \"slack\"\nurl_env = \"HOOK\"");
    let with_hook = |value| [ON_CLOUD_RUN, &[("HOOK", value)]].concat();
    let config = read(&text, Purpose::Serve, &with_hook("https://hooks.slack.com/hunter2")).unwrap();
    assert_eq!(config.webhooks[0].url.expose(), "https://hooks.slack.com/hunter2");
    assert!(!format!("{config:?}").contains("hunter2"));
    for plain in ["hunter2", "http://hooks.slack.com/hunter2", "http://127.0.0.1.example.com/hunter2"] {
        refuses_in(
            &text,
            &with_hook(plain),
            &[
                "HOOK is not a URL that begins with https://; http:// is for this machine's own loopback alone, since \
               whoever is on the way reads the URL, which is the webhook's password; for example: \
               HOOK=https://hooks.example.com/…",
            ],
        );
    }
    for here in ["http://127.0.0.1:8080/hunter2", "http://localhost/hunter2", "http://[::1]:9/hunter2"] {
        assert_eq!(read(&text, Purpose::Serve, &with_hook(here)).unwrap().webhooks[0].url.expose(), here);
    }
    refuses(
        &text,
        &["HOOK is not set, but webhooks[0].url_env names it; for example: HOOK=https://hooks.example.com/…"],
    );
    assert!(read(&text, Purpose::Look, &[]).unwrap().webhooks.is_empty());
    refuses(
        &format!("{EXAMPLE}\n[[webhooks]]\nkind = \"teams\"\nurl_env = \"https://hooks.slack.com/hunter2\""),
        &[
            "webhooks[0].kind is not one of \"slack\", \"discord\", \"ntfy\", \"apprise\", \"generic\", \"ping\"; for example: kind = \
             \"slack\"",
            "webhooks[0].url_env is not the name of an environment variable; for example: url_env = \
             \"SLACK_WEBHOOK_URL\"",
        ],
    );
}

#[test]
fn only_a_generic_webhook_has_a_secret_and_it_is_checked_and_never_shown() {
    let text = |kind: &str| {
        format!("{EXAMPLE}\n[[webhooks]]\nkind = {kind:?}\nurl_env = \"HOOK\"\nsecret_env = \"HOOK_SECRET\"")
    };
    let hook = [ON_CLOUD_RUN, &[("HOOK", "https://hooks.example.com/")]].concat();
    let with_secret = |value| [hook.as_slice(), &[("HOOK_SECRET", value)]].concat();
    let config = read(&text("generic"), Purpose::Serve, &with_secret("whsec_aHVudGVyMg==")).unwrap();
    assert_eq!(config.webhooks[0].secret.as_ref().unwrap().expose(), "whsec_aHVudGVyMg==");
    assert!(!format!("{config:?}").contains("aHVudGVyMg"));
    let example = "for example: HOOK_SECRET=whsec_… as `openssl rand -base64 32` makes it";
    refuses_in(
        &text("generic"),
        &with_secret("whsec_hunter2*"),
        &[&format!("HOOK_SECRET can't be used: what follows whsec_ is not base64; {example}")],
    );
    refuses_in(
        &text("generic"),
        &hook,
        &[&format!("HOOK_SECRET is not set, but webhooks[0].secret_env names it; {example}")],
    );
    refuses_in(
        &text("ntfy"),
        &with_secret("hunter2"),
        &[
            "webhooks[0].secret_env has no use: only what a generic webhook gets is signed; for example: kind = \
             \"generic\"",
        ],
    );
}

#[test]
fn the_pages_address_is_in_the_file_or_said_by_whoever_deploys_both() {
    let page = |text: &str, said: &[(&str, &str)]| {
        let read = read(text, Purpose::Look, said).unwrap();
        read.page_url.map(|url| url.to_string())
    };
    let written = format!("page_url = \"https://page.example.com/\"\n{EXAMPLE}");
    let said = [("FAILOVER_PAGE_URL", "https://said.example.com")];
    assert_eq!(page(EXAMPLE, &[]), None);
    assert_eq!(page(EXAMPLE, &said).as_deref(), Some("https://said.example.com/"));
    assert_eq!(page(&written, &said).as_deref(), Some("https://page.example.com/"));
    for secret in ["https://page.example.com/?key=hunter2", "hunter2"] {
        let refused =
            read(EXAMPLE, Purpose::Serve, &[("FAILOVER_PAGE_URL", secret)]).unwrap_err().to_string();
        assert!(refused.contains("FAILOVER_PAGE_URL") && !refused.contains("hunter2"), "{refused}");
    }
}
