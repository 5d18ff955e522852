//! Records: how they come back, and which are refused.

use super::*;

fn record(name: &str, kind: &str, content: &str) -> Value {
    json!({ "name": name, "type": kind, "content": content })
}

#[test]
fn contents_come_back_as_cloudflare_writes_them() {
    let api = api();
    let path = format!("{}/dns_records", api.zone());
    for (kind, sent, stored) in [
        ("AAAA", "2001:db8:0:0:0:0:0:7", "2001:db8::7"),
        ("AAAA", "2001:DB8:1:2:8000:0:0:0", "2001:db8:1:2:8000::"),
        ("CNAME", "Origin.Example.NET.", "origin.example.net"),
        ("CNAME", "heim.bücher.example", "heim.xn--bcher-kva.example"),
    ] {
        let (status, answer) = api.send("POST", &path, &record(&format!("{sent}.test"), kind, sent));
        assert_eq!((status, &answer["result"]["content"]), (200, &json!(stored)), "{answer}");
    }
    api.world.cloudflare.tell_names_in_unicode(&api.site.seed.zone);
    let body = record("b.test", "CNAME", "heim.xn--bcher-kva.example");
    assert_eq!(api.send("POST", &path, &body).1["result"]["content"], "heim.bücher.example");
    let listed = api.send("GET", &format!("{path}?content=heim.xn--bcher-kva.example"), &Value::Null).1;
    assert_eq!(listed["result"].as_array().map(Vec::len), Some(2), "{listed}");
}

#[test]
fn a_record_at_odds_with_another_is_refused_with_a_sentence() {
    let api = api();
    let path = format!("{}/dns_records", api.zone());
    let (_, first) = api.send("POST", &path, &record("www.test", "A", "203.0.113.7"));
    let (_, second) = api.send("POST", &path, &record("www.test", "A", "203.0.113.8"));
    let at = |answer: &Value| format!("{path}/{}", answer["result"]["id"].as_str().expect("an id"));
    api.refuses("PATCH", &at(&second), &json!({ "content": "203.0.113.7" }), 400, "81058");
    api.refuses("POST", &path, &record("www.test", "CNAME", "else.test"), 400, "81053");
    api.refuses("PATCH", &at(&first), &json!({ "ttl": 7 }), 400, "9000");
    assert_eq!(api.send("DELETE", &at(&first), &Value::Null).0, 200);
    api.refuses("DELETE", &at(&first), &Value::Null, 404, "81044");
    assert_eq!(api.send("PATCH", &at(&second), &json!({ "content": "203.0.113.7" })).0, 200);
}
