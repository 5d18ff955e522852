//! What a site is made of, and what it may not be.

use super::*;

#[test]
fn a_site_needs_a_route_and_a_standby_to_lead_to() {
    refuses(
        &with("standby_url = \"https://will.iam.gleich.tech/\"", ""),
        &["sites.resume.standby_url is missing, but cloud_run_invoker \
           projects/gleich-tech/locations/us-central1/services/resume leads visitors to it; for example: standby_url \
           = \"https://standby.example.com/\""],
    );
    let rule = "[[sites.switches]]\nkind = \"cloudflare_page_rule\"\nzone = \"023e105f4ecef8ad9ca31a8372d0c353\"\nrule \
                = \"9a7806061c88ada191ed06f989cc3dac\"\n";
    refuses(
        &with(rule, ""),
        &["sites.resume.switches has none that routes visitors, so nothing could be moved; for example: \
           [[sites.switches]] with kind = \"cloudflare_redirect_rule\""],
    );
    refuses(
        &with("https://will.iam.gleich.tech/", "https://will.gleich.tech:443/standby"),
        &[
            "sites.resume.standby_url is where public_url is, so nobody could tell who answered; for example: \
           standby_url = \"https://standby.example.com/\"",
        ],
    );
    refuses(
        &with("https://will.gleich.tech/", "tcp://will.gleich.tech:22"),
        &["sites.resume.public_url is a tcp:// address, but cloudflare_page_rule \
           zones/023e105f4ecef8ad9ca31a8372d0c353/pagerules/9a7806061c88ada191ed06f989cc3dac redirects HTTP; for \
           example: public_url = \"https://www.example.com/\""],
    );
}

#[test]
fn urls_are_checked_and_never_hold_a_password() {
    let refused = |url: &str, reason: &str| {
        let sentence = format!(
            "sites.resume.public_url {reason}; for example: public_url = \"https://www.example.com/\""
        );
        refuses(&with("https://will.gleich.tech/", url), &[&sentence]);
    };
    refused("will.gleich.tech", "is no URL: relative URL without a base");
    refused("ftp://will.gleich.tech/", "begins with ftp://, not with https://, http:// or tcp://");
    refused("https://al:hunter2@will.gleich.tech/", "holds a user or a password, which every log would show");
    refused("https://will.gleich.tech/#top", "has a fragment (#…), which is never sent");
    refused("tcp://will.gleich.tech", "is a tcp:// address without a port");
    refused("tcp://will.gleich.tech:22/x", "is a tcp:// address with a path, which a connection has not");
    refused("mailto:a@b.c", "is a URL without a host");
}

const PRIMARY: &str = "primary_url = \"https://origin.gleich.tech/\"";

#[test]
fn the_primary_is_reached_by_a_second_host_or_by_an_address_or_not_at_all() {
    let site = |text: &str| takes(text).sites[0].as_ref().clone();
    let second_host = site(EXAMPLE);
    assert_eq!(second_host.primary_url.unwrap().as_str(), "https://origin.gleich.tech/");
    let connect = "primary_url = \"https://will.gleich.tech/\"\nprimary_connect = \"203.0.113.7:443\"";
    for lines in [connect, "primary_connect = \"203.0.113.7:443\""] {
        let by_address = site(&with(PRIMARY, lines));
        assert_eq!(by_address.primary_url.unwrap().as_str(), "https://will.gleich.tech/");
        assert_eq!(by_address.primary_connect.unwrap().to_string(), "203.0.113.7:443");
        assert!(by_address.policy.has_primary_url);
    }
    let absent = site(&with(PRIMARY, ""));
    assert!(absent.primary_url.is_none() && !absent.policy.has_primary_url);
}

#[test]
fn a_way_to_the_primary_that_leads_elsewhere_is_refused() {
    refuses(
        &with(PRIMARY, "primary_url = \"https://will.gleich.tech/health\""),
        &[
            "sites.resume.primary_url is what visitors type, which leads to the standby after a failover; give a second \
           host name, or add primary_connect; for example: primary_url = \"https://origin.example.com/\"",
        ],
    );
    refuses(
        &site_with("primary_connect = \"203.0.113.7:443\""),
        &[
            "sites.resume.primary_connect belongs to a primary_url that is the public_url; this one has a host of its \
           own; for example: without primary_connect",
        ],
    );
    refuses(
        &with(PRIMARY, "primary_connect = \"203.0.113.7\""),
        &[
            "sites.resume.primary_connect is not a host and a port; for example: primary_connect = \"203.0.113.7:443\"",
        ],
    );
}

#[test]
fn automatic_failback_needs_a_way_to_ask_the_primary() {
    refuses(
        &with(PRIMARY, "failback = \"automatic\""),
        &[
            "sites.resume.failback is \"automatic\", but without a primary_url nobody can tell that the primary is well; \
           for example: failback = \"manual\"",
        ],
    );
    refuses(
        &site_with("well_for = \"10m\""),
        &[
            "sites.resume.well_for means nothing while failback is \"manual\"; for example: failback = \"automatic\"",
        ],
    );
    let site = takes(&site_with("failback = \"automatic\"\nwell_for = \"45m\"")).sites[0].clone();
    assert_eq!(site.policy.failback, Failback::Automatic { well_for: Duration::from_mins(45) });
}

#[test]
fn settings_of_a_site_are_read() {
    let site = takes(&site_with(
        "policies = [\"projects/p/alertPolicies/1\"]\norder = \"together\"\napprove = \"operator\"\nrepair = true\n\
         cooldown = \"1h30m\"\nmoves_per_day = 1\nconfirm_within = \"500ms\"\nverify_within = \"90s\"\n\
         failback_patience = \"2m\"\ndrain = \"65m\"\nexpect = { status = 204 }\nstandby_expect = { contains = \"hi\" }",
    ))
    .sites[0]
        .clone();
    assert_eq!(site.marks.policies, ["projects/p/alertPolicies/1"]);
    assert_eq!((site.policy.order, site.policy.approve), (RouteOrder::Together, Approval::Operator));
    assert_eq!((site.repair, site.policy.moves_per_day), (true, 1));
    assert_eq!(site.waits.confirm_within, Duration::from_millis(500));
    assert_eq!(site.policy.cooldown, Duration::from_mins(90));
    assert_eq!(site.expect, Expect { status: 204, contains: String::new() });
    assert_eq!(site.standby_expect, Expect { status: 200, contains: "hi".into() });
}

#[test]
fn settings_of_a_site_that_cannot_be_are_refused() {
    refuses(
        &site_with(
            "policies = [\"down\"]\norder = \"first\"\napprove = true\nrepair = \"yes\"\ncooldown = 600\n\
             moves_per_day = 0\nverify_within = \"0s\"\ndrain = \"40d\"\nexpect = { status = 99, contains = 3 }\n\
             standby_expect = 200",
        ),
        &[
            "sites.resume.policies has an entry that is not of the shape projects/…/alertPolicies/…; for example: \
             policies = [\"projects/acme-prod/alertPolicies/12942885046098191375\"]",
            "sites.resume.order is not one of \"standby_first\", \"together\"; for example: order = \"standby_first\"",
            "sites.resume.approve is not one of \"automatic\", \"operator\"; for example: approve = \"automatic\"",
            "sites.resume.cooldown is not a text in quotes; for example: cooldown = \"10m\"",
            "sites.resume.moves_per_day is not a whole number from 1 to 1000; for example: moves_per_day = 4",
            "sites.resume.drain is longer than 30 days; for example: drain = \"0s\"",
            "sites.resume.verify_within is no time at all; for example: verify_within = \"5m\"",
            "sites.resume.expect.status is not a whole number from 100 to 599; for example: status = 200",
            "sites.resume.expect.contains is not a text in quotes; for example: contains = \"Welcome\"",
            "sites.resume.standby_expect is not a table; for example: [standby_expect]",
            "sites.resume.repair is neither true nor false, without quotes; for example: repair = true",
        ],
    );
}

#[test]
fn no_two_switches_name_the_same_thing_in_one_site_or_two() {
    let twin = "[[sites.switches]]\nkind = \"cloud_run_invoker\"\ngate = \"iam_check\"\nservice = \
                \"projects/gleich-tech/locations/us-central1/services/resume\"\n";
    let same_site = format!("{EXAMPLE}\n{twin}");
    refuses(
        &same_site,
        &["sites.resume.switches[3] names the same thing as sites.resume.switches[0], cloud_run_invoker \
           projects/gleich-tech/locations/us-central1/services/resume; for example: one switch a thing"],
    );
    let other_site = format!(
        "{EXAMPLE}\n[[sites]]\nname = \"blog\"\npublic_url = \"https://blog.gleich.tech/\"\nstandby_url = \
         \"https://b.gleich.tech/\"\n{twin}[[sites.switches]]\nkind = \"cloudflare_redirect_rule\"\nzone = \
         \"023e105f4ecef8ad9ca31a8372d0c353\"\nref = \"failover_blog\"\n"
    );
    refuses(
        &other_site,
        &["sites.blog.switches[0] names the same thing as sites.resume.switches[0], cloud_run_invoker \
           projects/gleich-tech/locations/us-central1/services/resume; for example: one switch a thing"],
    );
    let same_name = other_site.replace(
        "services/resume\"\n[[sites.switches]]\nkind = \"cloudflare_redirect",
        "services/blog\"\n[[sites.switches]]\nkind = \"cloudflare_redirect",
    );
    refuses(
        &same_name.replace("name = \"blog\"", "name = \"resume\""),
        &["sites.resume.name is the name of another site too; for example: name = \"blog\""],
    );
}

#[test]
fn a_switch_says_its_kind() {
    refuses(
        &with("kind = \"cloudflare_page_rule\"", ""),
        &["sites.resume.switches[1].kind is missing; known are cloud_run_invoker, \
           cloudflare_dns_record, cloudflare_page_rule, cloudflare_redirect_rule, cloudflare_worker_route, gcp_access_config, \
           gcp_alias_ip, azure_ip_configuration, kubernetes_scale, uptime_check; for example: kind = \"cloud_run_invoker\""],
    );
    refuses(
        &with("cloudflare_page_rule", "page_rule"),
        &["sites.resume.switches[1].kind \"page_rule\" is none of cloud_run_invoker, \
           cloudflare_dns_record, cloudflare_page_rule, cloudflare_redirect_rule, cloudflare_worker_route, gcp_access_config, \
           gcp_alias_ip, azure_ip_configuration, kubernetes_scale, uptime_check; for example: kind = \"cloud_run_invoker\""],
    );
}

#[test]
fn an_incident_finds_its_site() {
    let config = takes(EXAMPLE);
    let body = r#"{"version":"1.2","incident":{"incident_id":"1","state":"open","metric":{"type":
        "monitoring.googleapis.com/uptime_check/check_passed","labels":{"check_id":"resume-abc123"}}}}"#;
    let Ok(Notification::Incident(incident)) = Notification::read(body.as_bytes()) else { panic!("unread") };
    assert_eq!(config.concern_of(&incident), Concern::Site("resume".parse().unwrap()));
    let foreign = Incident { check_id: None, ..incident };
    assert_eq!(config.concern_of(&foreign), Concern::NoSite);
}

#[test]
fn an_incident_may_write_its_sites_host_as_people_do() {
    let config = takes(&EXAMPLE.replace("https://will.gleich.tech/", "https://bücher.example/"));
    for host in ["xn--bcher-kva.example", "bücher.example", "BÜCHER.example.", "XN--BCHER-KVA.EXAMPLE."] {
        let opened = Incident::opened("1".to_owned(), jiff::Timestamp::UNIX_EPOCH, String::new());
        let metric = Some("monitoring.googleapis.com/uptime_check/check_passed".to_owned());
        let checked = Incident { metric, ..opened };
        let resume = Concern::Site("resume".parse().unwrap());
        let labelled = Incident { host: Some(host.to_owned()), ..checked.clone() };
        assert_eq!(config.concern_of(&labelled), resume, "{host}");
        let watched = Incident { watched_hosts: vec![host.to_owned()], ..checked };
        assert_eq!(config.concern_of(&watched), resume, "{host}");
    }
}
