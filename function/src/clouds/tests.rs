//! What each kind reads from its table, and what it refuses there.

use super::*;

#[track_caller]
fn check(kind: &str, table: &str, expected: &str) {
    let told = match read(kind, &table.parse().unwrap()) {
        Ok(spec) => format!("{} {:?}", spec.id(), spec.role()),
        Err(problems) => {
            let lines = problems.iter().map(|p| format!("{} {}; {}", p.key, p.reason, p.example));
            lines.collect::<Vec<_>>().join("\n")
        }
    };
    assert_eq!(told, expected);
}

const SERVICE: &str = "service = 'projects/p/locations/l/services/s'";
const MACHINES: &str =
    "primary = 'projects/p/zones/r-a/instances/db-a'\nstandby = 'projects/p/instances/db-b'";
const ZONE: &str = "zone = '023e105f4ecef8ad9ca31a8372d0c353'";

fn interfaces(primary: &str, standby: &str) -> String {
    let group = "/subscriptions/s/resourceGroups/DB/providers/Microsoft.Network/networkInterfaces";
    format!("primary = '{group}/{primary}'\nstandby = '{group}/{standby}'")
}

#[test]
fn every_kind_reads_its_keys() {
    check("cloud_run_invoker", SERVICE, "cloud_run_invoker projects/p/locations/l/services/s Gate");
    check(
        "cloud_run_invoker",
        &format!("kind = 'cloud_run_invoker'\ngate = 'iam_check'\n{SERVICE}"),
        "cloud_run_invoker projects/p/locations/l/services/s Gate",
    );
    check(
        "cloudflare_dns_record",
        &format!(
            "{ZONE}\nrecord = '372e67954025e0ba6aaa6d586b9e0b59'\nprimary = '203.0.113.7'\nstandby = 'a.run.app.'"
        ),
        "cloudflare_dns_record zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records/372e67954025e0ba6aaa6d586b9e0b59 Route",
    );
    check(
        "cloudflare_page_rule",
        &format!("{ZONE}\nrule = '9A7806061c88ada191ed06f989cc3dac'"),
        "cloudflare_page_rule zones/023e105f4ecef8ad9ca31a8372d0c353/pagerules/9a7806061c88ada191ed06f989cc3dac Route",
    );
    check(
        "cloudflare_redirect_rule",
        &format!("{ZONE}\nref = 'failover_redirect'"),
        "cloudflare_redirect_rule zones/023e105f4ecef8ad9ca31a8372d0c353/redirects/failover_redirect Route",
    );
    check(
        "cloudflare_worker_route",
        &format!("{ZONE}\npattern = 'www.example.com/*'\nstandby_script = 'www-standby'"),
        "cloudflare_worker_route zones/023e105f4ecef8ad9ca31a8372d0c353/workers/routes/www.example.com/* Route",
    );
    check(
        "gcp_alias_ip",
        &format!("range = '10.0.0.250'\n{MACHINES}"),
        "gcp_alias_ip projects/p/aliasIps/10.0.0.250 Route",
    );
    check(
        "gcp_access_config",
        &format!("address = 'projects/p/regions/r/addresses/db-public'\ninterface = 'nic1'\n{MACHINES}"),
        "gcp_access_config projects/p/regions/r/addresses/db-public Route",
    );
    check(
        "kubernetes_scale",
        "namespace = 'web'\ndeployment = 'primary'\nready_within = '5m'\nreplicas = 2",
        "kubernetes_scale namespaces/web/deployments/primary Power",
    );
    check(
        "kubernetes_scale",
        "namespace = 'web'\ndeployment = 'primary'\nkubeconfig = '/secrets/kubeconfig'\ncontext = 'home'",
        "kubernetes_scale contexts/home/namespaces/web/deployments/primary Power",
    );
    check(
        "azure_ip_configuration",
        &format!("configuration = 'vip'\naddress = '10.0.0.250'\n{}", interfaces("db-a-nic", "db-b-nic")),
        "azure_ip_configuration subscriptions/s/resourcegroups/db/ipConfigurations/10.0.0.250 Route",
    );
    check(
        "uptime_check",
        "check = 'projects/p/uptimeCheckConfigs/resume-abc123'",
        "uptime_check projects/p/uptimeCheckConfigs/resume-abc123 Monitor",
    );
}

#[test]
fn every_problem_of_a_table_is_told_at_once() {
    check(
        "cloud_run_invoker",
        "service = 'resume'\ngate = 'open'\ngates = 3",
        "service is not of the shape projects/…/locations/…/services/…; service = \"projects/acme-prod/locations/us-central1/services/resume\"\n\
         gate is not one of \"all_users\", \"iam_check\"; gate = \"all_users\"\n\
         gates is not a key of this kind of switch; did you mean gate?; without gates",
    );
    check(
        "cloudflare_page_rule",
        "zone = 7",
        "zone is not a text in quotes; zone = \"023e105f4ecef8ad9ca31a8372d0c353\"\n\
         rule is missing; rule = \"9a7806061c88ada191ed06f989cc3dac\"",
    );
    check(
        "cloudflare_redirect_rule",
        &format!("{ZONE}\nref = ''"),
        "ref is empty; ref = \"failover_redirect\"",
    );
}

#[test]
fn a_route_of_workers_that_could_not_be_led_is_refused() {
    check(
        "cloudflare_worker_route",
        &format!("{ZONE}\npattern = '/*'\nstandby_script = 'a b'\nalways = true"),
        "pattern is no pattern of a host and a path; pattern = \"www.example.com/*\"\n\
         standby_script is no name of a script; standby_script = \"www-standby\"\n\
         gate_script is missing; gate_script = \"www-gate\"",
    );
    check(
        "cloudflare_worker_route",
        &format!("{ZONE}\npattern = 'a.b/*'\nstandby_script = 'gate'\nalways = 'yes'\ngate_script = 'gate'"),
        "always is neither true nor false; always = true\n\
         gate_script never runs without always = true; gate_script = \"www-gate, with always = true\"\n\
         gate_script is the standby's too; gate_script = \"www-gate\"",
    );
}

#[test]
fn an_address_that_could_not_be_moved_is_refused() {
    check(
        "gcp_alias_ip",
        "range = '10.0.0.250/24'\nprimary = 'db-a'\nstandby = 'projects/p/instances/db-b'\ninterface = 'eth0'",
        "range is no range of IPv4 addresses; range = \"10.0.0.250/32\"\n\
         primary is not of the shape projects/…/zones/…/instances/…; primary = \
         \"projects/acme-prod/zones/us-central1-a/instances/db-a\"\n\
         interface is no interface of a machine; interface = \"nic0\"",
    );
    check(
        "gcp_alias_ip",
        "range = '10.0.0.250'\nprimary = 'projects/p/zones/z/instances/db-b'\nstandby = 'projects/p/instances/db-b'",
        "standby is the primary too; standby = \"projects/acme-prod/zones/us-central1-b/instances/db-b\"",
    );
}

#[test]
fn a_deployment_that_could_not_be_scaled_is_refused() {
    check(
        "kubernetes_scale",
        "namespace = 'Web'\ndeployment = 'primary'\ncontext = 'home'\nreplicas = 0\nready_within = 'soon'",
        "namespace is no name of Kubernetes: a-z, 0-9 and -, at most 63; namespace = \"web\"\n\
         replicas is no whole number from 1 to 100; replicas = 1\n\
         ready_within expected number at 0; ready_within = \"10m\"\n\
         context is of a kubeconfig, and none is named; context = \"home\"",
    );
}

#[test]
fn a_configuration_of_an_interface_that_could_not_be_moved_is_refused() {
    let example =
        "/subscriptions/6e0d5f3a-0000-0000-0000-000000000000/resourceGroups/db/providers/Microsoft.Network";
    check(
        "azure_ip_configuration",
        "configuration = ''\naddress = '10.0.0'\npublic_ip = 'db-public'\nprimary = 'db-a-nic'",
        &format!(
            "configuration is no name of an ip-configuration; configuration = \"vip\"\n\
             address is no address; address = \"10.0.0.250\"\n\
             public_ip is not of the shape /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/\
             publicIPAddresses/…; public_ip = \"{example}/publicIPAddresses/db-public\"\n\
             primary is not of the shape /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/\
             networkInterfaces/…; primary = \"{example}/networkInterfaces/db-a-nic\"\n\
             standby is missing; standby = \"{example}/networkInterfaces/db-b-nic\""
        ),
    );
    check(
        "azure_ip_configuration",
        &format!("configuration = 'vip'\naddress = '10.0.0.250'\n{}", interfaces("DB-A-nic", "db-a-nic")),
        &format!("standby is the primary too; standby = \"{example}/networkInterfaces/db-b-nic\""),
    );
}

#[test]
fn an_unknown_kind_lists_the_known_ones() {
    check(
        "page_rule",
        "",
        "kind \"page_rule\" is none of cloud_run_invoker, cloudflare_dns_record, cloudflare_page_rule, \
         cloudflare_redirect_rule, cloudflare_worker_route, gcp_access_config, gcp_alias_ip, azure_ip_configuration, \
         kubernetes_scale, uptime_check; kind = \"cloud_run_invoker\"",
    );
}
