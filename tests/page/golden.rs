//! The page's text in every state, as files: `UPDATE=1 cargo test -p cloud-failover --test page golden` writes what it
//! says now, and the diff is the review.

use std::path::PathBuf;

use regex_lite::Regex;

use crate::{
    scenes::{Scene, scenes},
    server::{Server, Told},
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/page/golden")
}

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
    let update = std::env::var_os("UPDATE").is_some();
    let mut differ = Vec::new();
    for scene in scenes() {
        for (path, kind) in [("/", ""), ("/public", "-public")] {
            let file = folder().join(format!("{}{kind}.txt", scene.name));
            let says = shown(&scene, path).await;
            let known = std::fs::read_to_string(&file).unwrap_or_default();
            if update && known != says {
                std::fs::create_dir_all(folder()).unwrap();
                std::fs::write(&file, &says).unwrap();
            } else if known != says {
                differ.push(format!("{}:\n{}", file.display(), difference(&known, &says)));
            }
        }
    }
    assert!(differ.is_empty(), "UPDATE=1 accepts what the page says now:\n\n{}", differ.join("\n"));
}

/// The lines that only one of the two has.
fn difference(known: &str, says: &str) -> String {
    let only = |one: &str, other: &str, sign: &str| -> String {
        let others: Vec<&str> = other.lines().collect();
        let lines = one.lines().filter(|line| !others.contains(line)).map(|line| format!("{sign} {line}"));
        lines.collect::<Vec<_>>().join("\n") + "\n"
    };
    only(known, says, "-") + &only(says, known, "+")
}

#[test]
fn no_file_is_left_of_a_state_that_is_gone() {
    let names: Vec<String> = scenes()
        .iter()
        .flat_map(|scene| [format!("{}.txt", scene.name), format!("{}-public.txt", scene.name)])
        .collect();
    for file in std::fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "{name}");
    }
}
