//! What is found of a DNS record and of its neighbours.

use failover_core::SwitchId;

use super::*;

#[track_caller]
fn astray_of(name: &str, others: &Value) -> Option<String> {
    let (record, situation) = (json!({ "name": name }), Situation::visited_at("https://www.example.com/"));
    let is_another = is_of_another(&record, &situation);
    let others = others.as_array().expect("records");
    astray(&record, others, &situation).filter(|_| is_another).map(|problem| problem.mend)
}

#[test]
fn a_record_of_the_name_that_visitors_type_is_the_right_one() {
    for name in ["www.example.com", "WWW.Example.com.", "*.example.com"] {
        assert_eq!(astray_of(name, &json!([])), None, "{name}");
    }
    let alias = json!([{ "type": "CNAME", "name": "www.example.com", "content": "origin.example.com" }]);
    assert_eq!(astray_of("origin.example.com", &alias), None, "visitors' name is an alias of it");
}

#[test]
fn a_record_of_another_name_is_astray_and_the_right_one_is_named() {
    let own = json!([{ "type": "A", "id": "372e", "name": "www.example.com", "content": "203.0.113.7" }]);
    let named = "record = \"372e\"   # in the configuration: it is of www.example.com";
    assert_eq!(astray_of("api.example.com", &own).as_deref(), Some(named));
    assert_eq!(astray_of("*.example.org", &own).as_deref(), Some(named));
    let none =
        "https://dash.cloudflare.com   # DNS: make a record of www.example.com, then name it as record";
    assert_eq!(astray_of("example.com", &json!([{ "type": "TXT" }])).as_deref(), Some(none));
}

#[test]
fn a_record_beside_it_is_found_unless_a_switch_moves_that_too() {
    let ours = json!({ "id": "aa", "type": "A", "name": "www.example.com", "content": "203.0.113.7" });
    let other = json!({ "id": "bb", "type": "A", "name": "www.example.com", "content": "203.0.113.8" });
    let mail = json!({ "id": "cc", "type": "MX", "name": "www.example.com", "content": "mail.example.com" });
    let others = [ours.clone(), other, mail];
    let contents = Contents { primary: "203.0.113.7", standby: "198.51.100.7" };
    let mut situation = Situation::visited_at("https://www.example.com/");
    let found = beside(&ours, &others, contents, "zz", &situation);
    let [problem] = &found[..] else { panic!("{found:?}") };
    assert!(
        problem.sentence.contains("another record, bb (A 203.0.113.8), which no switch moves"),
        "{problem:?}"
    );
    assert!(problem.mend.contains("record = \"bb\", primary = \"203.0.113.8\", standby = \"198.51.100.7\""));
    situation.switches.push(SwitchId::new("cloudflare_dns_record", "zones/zz/dns_records/bb"));
    assert_eq!(beside(&ours, &others, contents, "zz", &situation), []);
}

#[test]
fn a_record_of_the_name_itself_wins_over_a_wildcard() {
    let situation = Situation::visited_at("https://www.example.com/");
    let own = [json!({ "id": "bb", "type": "TXT", "name": "www.example.com", "content": "x" })];
    let wildcard = json!({ "name": "*.example.com" });
    let found = shadowed(&wildcard, &own, &situation).expect("a problem");
    let sentence = "www.example.com has a record of its own (TXT x), which wins over *.example.com: visitors would not \
                    notice a change";
    assert_eq!(found.sentence, sentence);
    assert_eq!(shadowed(&wildcard, &[], &situation), None);
    assert_eq!(shadowed(&json!({ "name": "www.example.com" }), &own, &situation), None);
}

#[test]
fn a_name_in_unicode_is_the_one_in_ascii() {
    let situation = Situation::visited_at("https://www.bücher.example/");
    for name in ["www.bücher.example", "www.xn--bcher-kva.example", "WWW.BÜCHER.EXAMPLE.", "*.bücher.example"]
    {
        assert!(!is_of_another(&json!({ "name": name }), &situation), "{name}");
    }
    assert!(is_of_another(&json!({ "name": "www.buecher.example" }), &situation));
}

#[test]
fn an_address_in_the_public_url_needs_no_record() {
    assert!(!is_of_another(
        &json!({ "name": "www.example.com" }),
        &Situation::visited_at("http://127.0.0.1:80/")
    ));
}

#[test]
fn a_type_holds_what_it_is_for() {
    let addresses = ["203.0.113.7", "2001:db8::7"];
    assert_eq!(addresses.map(|address| fits("A", address)), [true, false]);
    assert_eq!(addresses.map(|address| fits("AAAA", address)), [false, true]);
    assert_eq!(addresses.map(|address| fits("CNAME", address)), [false, false]);
    assert!(fits("CNAME", "standby.example.com") && !fits("A", "standby.example.com"));
    assert!(!fits("TXT", "203.0.113.7"));
}
