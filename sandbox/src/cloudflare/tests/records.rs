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
    api.world.cloudflare.edits.tell_names_in_unicode(&api.site.seed.zone);
    let body = record("b.test", "CNAME", "heim.xn--bcher-kva.example");
    assert_eq!(api.send("POST", &path, &body).1["result"]["content"], "heim.bücher.example");
    let listed = api.send("GET", &format!("{path}?content=heim.xn--bcher-kva.example"), &Value::Null).1;
    assert_eq!(listed["result"].as_array().map(Vec::len), Some(2), "{listed}");
}
