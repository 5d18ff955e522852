//! Sites whose name or address leads to either place, and sites without visitors.

use super::{ON_CLOUD_RUN, read};
use crate::{
    config::{Purpose, Site},
    probe::Witness,
};

const HEAD: &str = "journal = \"gs://acme-failover/journal\"\n[push]\nverify = \"cloud_run_iam\"\naudience = \"failover\"\n\
    service_account = \"push@acme.iam.gserviceaccount.com\"\nalerts = [\"projects/acme/subscriptions/failover-alerts\"]\n\
    commands = [\"projects/acme/subscriptions/failover-commands\"]\n[[sites]]\nname = \"db\"\n";

const ALIAS: &str = "[[sites.switches]]\nkind = \"gcp_alias_ip\"\nrange = \"10.0.0.250/32\"\n\
    primary = \"projects/acme/zones/us-central1-a/instances/db-a\"\nstandby = \"projects/acme/instances/db-b\"\n";

const CHECK: &str =
    "[[sites.switches]]\nkind = \"uptime_check\"\ncheck = \"projects/acme/uptimeCheckConfigs/db-1\"\n";

#[track_caller]
fn takes(lines: &str, switches: &str) -> Site {
    let config = read(&format!("{HEAD}{lines}\n{switches}"), Purpose::Serve, ON_CLOUD_RUN);
    config.unwrap_or_else(|problems| panic!("{problems}")).sites[0].as_ref().clone()
}

#[track_caller]
fn refuses(lines: &str, switches: &str, expected: &[&str]) {
    match read(&format!("{HEAD}{lines}\n{switches}"), Purpose::Serve, ON_CLOUD_RUN) {
        Ok(_) => assert_eq!(expected, [""; 0], "it was taken"),
        Err(problems) => assert_eq!(problems.sentences().collect::<Vec<_>>(), expected),
    }
}

#[test]
fn an_address_may_be_moved_without_visitors() {
    let site = takes("", ALIAS);
    assert!(site.public_url.is_none() && site.standby_url.is_none());
    assert!(!site.policy.has_public_url && !site.policy.has_standby_url);
    assert_eq!(site.marks.host, None);
}

#[test]
fn who_answers_at_an_address_that_moves_is_seen_by_its_switch() {
    let site = takes("public_url = \"tcp://10.0.0.250:1972\"", ALIAS);
    assert_eq!(site.witness, Witness::Switches);
    assert!(site.policy.has_public_url);
}

#[test]
fn who_answers_over_http_may_say_so_itself() {
    let served_by = "public_url = \"https://db.example.com/\"\nserved_by = { header = \"X-Node\", primary = \"a\", standby = \"b\" }";
    let Witness::Header(served_by) = takes(served_by, ALIAS).witness else { panic!("a header") };
    assert_eq!((served_by.header.as_str(), served_by.primary.as_str()), ("x-node", "a"));
}

#[test]
fn what_is_proven_by_visitors_needs_some() {
    let missing = "sites.db.public_url is missing; for example: public_url = \"https://www.example.com/\"";
    refuses("", &format!("{ALIAS}{CHECK}"), &[missing]);
}

#[test]
fn a_header_that_nobody_could_read_is_refused() {
    let served_by = "served_by = { header = \"x-node\", primary = \"a\", standby = \"b\" }";
    let no_http = "sites.db.served_by is a header, and this site has no public_url that speaks HTTP; for example: \
                   without served_by";
    refuses(served_by, ALIAS, &[no_http]);
    refuses(&format!("public_url = \"tcp://10.0.0.250:1972\"\n{served_by}"), ALIAS, &[no_http]);
    let same = "public_url = \"https://db.example.com/\"\nserved_by = { header = \"x y\", primary = \"a\", standby = \"a\" }";
    refuses(
        same,
        ALIAS,
        &[
            "sites.db.served_by.header is no name of a header; for example: header = \"x-served-by\"",
            "sites.db.served_by.standby is what the primary says too, so nobody could tell who answered; for example: \
             standby = \"cloud\"",
        ],
    );
}

#[test]
fn two_sites_may_not_pull_at_one_address() {
    let second = format!("{ALIAS}[[sites]]\nname = \"other\"\n{ALIAS}");
    refuses(
        "",
        &second,
        &["sites.other.switches[0] names the same thing as sites.db.switches[0], gcp_alias_ip \
           projects/acme/aliasIps/10.0.0.250; for example: one switch a thing"],
    );
    assert_eq!(takes("", ALIAS).switches.len(), 1);
}

#[test]
fn a_machine_that_is_promoted_takes_no_pushes_and_needs_none() {
    let text = format!("journal = \"file:/var/lib/failover\"\n[[sites]]\nname = \"db\"\n{ALIAS}");
    let config = read(&text, Purpose::Act, &[("GCE_METADATA_HOST", "127.0.0.1:9099")]).unwrap();
    assert_eq!(config.metadata_host.as_deref(), Some("127.0.0.1:9099"));
    assert!(read(&text, Purpose::Serve, &[]).is_err());
}

#[track_caller]
fn example_has(example: &str, switch: &str) {
    let config = read(example, Purpose::Act, &[]).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.sites[0].switches[0].id().to_string(), switch);
}

#[test]
fn the_examples_of_a_mirror_are_taken() {
    let google = include_str!("../../../../examples/failover.toml");
    example_has(google, "gcp_alias_ip projects/acme-prod/aliasIps/10.0.0.250");
    let azure = include_str!("../../../../examples/failover-azure.toml");
    let group = "subscriptions/6f7a1c1e-2d3b-4c5d-8e9f-0a1b2c3d4e5f/resourcegroups/db";
    let switch = format!("azure_ip_configuration {group}/ipConfigurations/10.0.0.250");
    example_has(azure, &switch);
    let with_public = azure.replace("# public_ip", "public_ip");
    assert_ne!(with_public, azure);
    example_has(&with_public, &switch);
}

const WORKER: &str = "[[sites.switches]]\nkind = \"cloudflare_worker_route\"\nzone = \"023e105f4ecef8ad9ca31a8372d0c353\"\n\
    pattern = \"www.example.com/*\"\nstandby_script = \"www-standby\"\n";

#[test]
fn behind_a_worker_the_gate_says_who_answered_and_nothing_redirects_beside_it() {
    let urls = "public_url = \"https://www.example.com/\"\nstandby_url = \"https://www-abc.a.run.app/\"\n";
    assert!(!takes(urls, WORKER).witness.is_bridged());
    let always = format!("{WORKER}always = true\ngate_script = \"www-gate\"\n");
    let witness = takes(urls, &always).witness;
    assert!(witness.is_gate() && witness.is_bridged());
    refuses(
        &format!("{urls}served_by = {{ header = \"x-place\", primary = \"home\", standby = \"cloud\" }}"),
        WORKER,
        &[
            "sites.db.served_by is for the gate to say where a Worker is in front of the site; for example: without served_by",
        ],
    );
    let rule = "[[sites.switches]]\nkind = \"cloudflare_page_rule\"\nzone = \"023e105f4ecef8ad9ca31a8372d0c353\"\n\
                rule = \"9a7806061c88ada191ed06f989cc3dac\"\n";
    refuses(
        urls,
        &format!("{WORKER}{rule}"),
        &["sites.db.switches has both cloudflare_worker_route \
           zones/023e105f4ecef8ad9ca31a8372d0c353/workers/routes/www.example.com/* and cloudflare_page_rule \
           zones/023e105f4ecef8ad9ca31a8372d0c353/pagerules/9a7806061c88ada191ed06f989cc3dac, and one host can't have a \
           Worker and a redirect: a page rule beside a Worker forwards nobody, a redirect rule runs before it; for \
           example: one of the two"],
    );
}

#[test]
fn behind_a_worker_nothing_opens_the_standby() {
    let urls = "public_url = \"https://www.example.com/\"\nstandby_url = \"https://www-abc.a.run.app/\"\n";
    let gate = "[[sites.switches]]\nkind = \"cloud_run_invoker\"\nservice = \
                \"projects/acme/locations/us-central1/services/www\"\n";
    refuses(
        urls,
        &format!("{gate}{WORKER}"),
        &["sites.db.switches has both cloudflare_worker_route \
           zones/023e105f4ecef8ad9ca31a8372d0c353/workers/routes/www.example.com/* and cloud_run_invoker \
           projects/acme/locations/us-central1/services/www: behind a Worker, which gets in by a token of its own, the \
           standby stays closed, and this would open it to everybody in an outage; for example: without \
           cloud_run_invoker"],
    );
}

#[test]
fn a_worker_of_one_site_is_not_in_front_of_another_that_redirects() {
    let urls = "public_url = \"https://www.example.com/\"\nstandby_url = \"https://www-abc.a.run.app/\"\n";
    let other = |path: &str| {
        format!(
            "{WORKER}[[sites]]\nname = \"other\"\npublic_url = \"https://www.example.com/{path}\"\nstandby_url = \
             \"https://other.a.run.app/\"\n[[sites.switches]]\nkind = \"cloudflare_redirect_rule\"\nzone = \
             \"023e105f4ecef8ad9ca31a8372d0c353\"\nref = \"other\"\n"
        )
    };
    refuses(
        urls,
        &other("shop/"),
        &["sites.other.switches has cloudflare_redirect_rule \
           zones/023e105f4ecef8ad9ca31a8372d0c353/redirects/other, and cloudflare_worker_route \
           zones/023e105f4ecef8ad9ca31a8372d0c353/workers/routes/www.example.com/* of db is in front of \
           https://www.example.com/shop/ too: a page rule beside a Worker forwards nobody, a redirect rule runs before it; \
           for example: one of the two"],
    );
    let apart = other("shop/").replacen("www.example.com/*", "www.example.com/blog/*", 1);
    takes(urls, &apart);
}

const RECORD: &str = "[[sites.switches]]\nkind = \"cloudflare_dns_record\"\nzone = \"023e105f4ecef8ad9ca31a8372d0c353\"\n\
    record = \"372e67954025e0ba6aaa6d586b9e0b59\"\nprimary = \"203.0.113.7\"\nstandby = \"198.51.100.7\"\n";

#[test]
fn one_host_name_for_both_places_has_to_say_which_one_answered() {
    let urls = "public_url = \"https://www.example.com/\"\nstandby_url = \"https://standby.example.com/\"\n";
    refuses(
        urls,
        RECORD,
        &["sites.db.served_by is missing, but cloudflare_dns_record \
           zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records/372e67954025e0ba6aaa6d586b9e0b59 leads one host name to \
           both places, so an answer has to say who gave it; for example: served_by = { header = \"x-served-by\", \
           primary = \"home\", standby = \"cloud\" }"],
    );
    let told = takes(
        &format!("{urls}served_by = {{ header = \"x-place\", primary = \"home\", standby = \"cloud\" }}"),
        RECORD,
    );
    assert!(matches!(told.witness, Witness::Header(_)));
    let tcp =
        takes("public_url = \"tcp://db.example.com:1972\"\nstandby_url = \"tcp://10.0.0.12:1972\"", RECORD);
    assert_eq!(tcp.witness, Witness::Origin, "where the connection ends tells who answered");
}
