//! The JSON interface as Google's own clients use it.

use reqwest::{Client, RequestBuilder};

use super::*;

const OBJECTS: &str = "storage/v1/b/gleich-tech-failover/o";

struct Bucket {
    sandbox: Sandbox,
    token: String,
}

impl Bucket {
    async fn new() -> Self {
        let sandbox = sandbox().await;
        let token = sandbox.world.access.issue(OPERATOR_ACCOUNT, Duration::from_mins(5));
        Self { sandbox, token }
    }

    fn ask(&self, method: &str, path: &str) -> RequestBuilder {
        let method = http::Method::from_bytes(method.as_bytes()).expect("a method");
        let url = self.sandbox.url(Service::Storage).join(path).expect("a url");
        Client::new().request(method, url).bearer_auth(&self.token)
    }

    async fn json(&self, request: RequestBuilder) -> Value {
        let text = request.send().await.expect("an answer").text().await.expect("text");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

#[tokio::test]
async fn an_object_is_uploaded_with_its_description_in_one_body() {
    let bucket = Bucket::new().await;
    let body = "--b\r\ncontent-type: application/json\r\n\r\n{\"name\": \"a\", \"metadata\": {\"k\": \"v\"}}\r\n\
                --b\r\ncontent-type: text/plain\r\n\r\nsome\r\ntext\r\n--b--\r\n";
    let request = bucket.ask("POST", &format!("upload/{OBJECTS}?uploadType=multipart"));
    let written =
        bucket.json(request.header("content-type", "multipart/related; boundary=\"b\"").body(body)).await;
    assert_eq!((&written["contentType"], &written["metadata"]["k"]), (&"text/plain".into(), &"v".into()));
    assert_eq!(bucket.sandbox.world.storage.read(BUCKET, "a").expect("it is there"), "some\r\ntext");
    let changed =
        bucket.json(bucket.ask("PATCH", &format!("{OBJECTS}/a")).body("{\"metadata\": null}")).await;
    assert_eq!((&changed["metageneration"], changed.get("metadata")), (&"2".into(), None));
}

#[tokio::test]
async fn an_upload_goes_on_where_it_ended() {
    let bucket = Bucket::new().await;
    let begun = bucket.ask("POST", &format!("upload/{OBJECTS}?uploadType=resumable&name=a")).send().await;
    let begun = begun.expect("an answer");
    let session = begun.headers()["location"].to_str().expect("text").to_owned();
    let send = async |range: &str, part: &'static str| {
        let request = Client::new().put(&session).bearer_auth(&bucket.token);
        request.header("content-range", range).body(part).send().await.expect("an answer")
    };
    let first = send("bytes 0-3/*", "some").await;
    assert_eq!(
        (first.status().as_u16(), &first.headers()["range"]),
        (308, &"bytes=0-3".parse().expect("text"))
    );
    assert_eq!(send("bytes 9-12/13", "text").await.status(), 400);
    assert_eq!(send("bytes */*", "").await.status(), 308);
    assert_eq!(send("bytes 4-8/9", " text").await.status(), 200);
    assert_eq!(bucket.sandbox.world.storage.read(BUCKET, "a").expect("it is there"), "some text");
    assert_eq!(send("bytes 4-8/9", " text").await.status(), 404);
}

#[tokio::test]
async fn what_is_no_route_of_the_json_interface_is_refused_in_its_own_words() {
    let bucket = Bucket::new().await;
    let refused =
        bucket.json(bucket.ask("GET", "storage/v1/b/gleich-tech-failover/notificationConfigs")).await;
    assert_eq!(refused["error"]["code"], 404);
}
