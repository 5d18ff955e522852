//! The page's text in every state, as files.

use regex_lite::Regex;
use stage::golden::Golden;

use crate::{
    scenes::{Scene, scenes},
    server::{Server, Told},
};

fn replaced(text: &str, pattern: &str, by: &str) -> String {
    Regex::new(pattern).unwrap().replace_all(text, by).into_owned()
}

/// What a person reads of a page, a line for each block; what is folded too.
fn text(page: &str) -> String {
    let body = page.split_once("<body>").unwrap().1;
    let bare = replaced(body, r"(?s)<(script|svg|noscript)\b.*?</(script|svg|noscript)>", "");
    let lines = replaced(
        &bare.replace('\n', " "),
        r"</?(p|h\d|li|ul|ol|section|article|header|footer|nav|main|div|details|summary|pre|table|tr|caption|br|figure|button)\b[^>]*>",
        "\n",
    );
    let plain = replaced(&replaced(&lines, "</t[hd]>", " "), "<[^>]*>", "");
    let read = [
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&lt;", "<"),
        ("&#60;", "<"),
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    let plain = read.iter().fold(plain, |text, (written, meant)| text.replace(written, meant));
    let lines = plain.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).map(|line| line + "\n").collect()
}

async fn shown(scene: &Scene, path: &str) -> String {
    let keys = cloud_failover::page::Keys { page: None, public: cloud_failover::page::Public::Open };
    let server = Server::open_to(Told(scene.sites.clone()), keys, scene.now).await;
    text(&reqwest::get(server.url(path)).await.unwrap().text().await.unwrap())
}

#[tokio::test]
async fn the_page_says_in_every_state_what_its_file_says() {
    let mut golden = Golden::of("page/golden");
    for scene in scenes() {
        for (path, kind) in [("/", ""), ("/public", "-public")] {
            golden.compare(&format!("{}{kind}", scene.name), &shown(&scene, path).await);
        }
    }
    golden.holds();
}
