//! What would make a page bad for somebody: asked of the real page, whatever it shows.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::chromium::{Chromium, Screen};

/// Elements that stick out to the right of the screen.
const OVERFLOW: &str = "
    const wide = [...document.querySelectorAll('body *')].filter(e => {
        const box = e.getBoundingClientRect();
        return box.width && (box.right > innerWidth + 0.5 || box.left < -0.5);
    });
    if (document.documentElement.scrollWidth > innerWidth) wide.push(document.documentElement);
    return wide.map(e => e.outerHTML.slice(0, 120));";

/// Texts whose contrast with what is behind them is less than WCAG's AA: 4.5, or 3 where they are large.
const CONTRAST: &str = "
    const parse = c => { const [r, g, b, a = 1] = c.match(/[\\d.]+/g).map(Number); return {r, g, b, a}; };
    const light = ({r, g, b}) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = e => { for (; e; e = e.parentElement) {
        const c = parse(getComputedStyle(e).backgroundColor); if (c.a > 0) return c; } return parse('rgb(255,255,255)'); };
    const bad = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; node = walk.nextNode();) {
        const e = node.parentElement;
        if (!node.data.trim() || !e.getClientRects().length || e.closest('style,title,desc')) continue;
        const style = getComputedStyle(e);
        const front = parse(e.closest('svg') ? style.fill : style.color);
        const [a, b] = [light(front), light(behind(e))].sort((x, y) => y - x);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < (large ? 3 : 4.5)) bad.push(ratio.toFixed(2) + ' ' + node.data.trim().slice(0, 60));
    }
    return bad;";

/// What is touched but smaller than WCAG's 24 by 24 pixels, unless it is in the middle of a text.
const TOUCH: &str = "
    return [...document.querySelectorAll('nav a,summary,button,input,pre')]
        .filter(e => e.getClientRects().length)
        .filter(e => { const b = e.getBoundingClientRect(); return b.width < 24 || b.height < 24; })
        .map(e => e.outerHTML.slice(0, 120));";

/// Looks for whatever would make the page that is shown bad for somebody.
pub(crate) async fn check(browser: &Chromium, name: &str, screen: Screen) {
    for (what, script) in [("sticks out", OVERFLOW), ("contrast", CONTRAST), ("hard to touch", TOUCH)] {
        assert_eq!(browser.run(script).await, json!([]), "{name}: {what}");
    }
    let width = browser.run("return innerWidth").await;
    assert_eq!(width, screen.width, "{name}: a phone would shrink the page");
    assert_eq!(browser.complaints().await, Vec::<Value>::new(), "{name}: the browser complains");
    check_names(browser, name.split('-').next().unwrap()).await;
}

/// The page that asks for the key.
pub(crate) async fn check_locked(browser: &Chromium) {
    for script in [OVERFLOW, CONTRAST, TOUCH] {
        assert_eq!(browser.run(script).await, json!([]));
    }
    let told = tree(browser).await;
    assert!(told.contains(&("textbox".to_owned(), "Key".to_owned())), "{told:?}");
    assert!(told.contains(&("button".to_owned(), "Open".to_owned())), "{told:?}");
    // The browser notes the 401 itself; anything else would be ours.
    let others = browser.complaints().await.into_iter().filter(|said| said["source"] != "network");
    assert_eq!(others.collect::<Vec<_>>(), Vec::<Value>::new());
}

/// What a screen reader is told.
async fn check_names(browser: &Chromium, name: &str) {
    let told = tree(browser).await;
    // Six calm sites are folded.
    let unfolded: &[&str] = if name == "six" { &[] } else { &["article", "list", "region"] };
    for role in ["banner", "main", "contentinfo", "heading"].iter().chain(unfolded) {
        assert!(told.iter().any(|(is, _)| is == *role), "{name}: no {role} in {told:?}");
    }
    for (role, called) in &told {
        let needs_name =
            ["link", "heading", "image", "article", "region", "table", "navigation"].contains(&role.as_str());
        assert!(!needs_name || !called.trim().is_empty(), "{name}: a {role} without a name in {told:?}");
    }
    let drawn = told.iter().any(|(role, called)| role == "image" && called.starts_with("Timeline of the "));
    assert_eq!(drawn, !["blind", "six"].contains(&name), "{name}: its timeline in {told:?}");
    let levels =
        browser.run("return [...document.querySelectorAll('h1,h2,h3')].map(e => +e.tagName[1])").await;
    let levels: Vec<i64> = levels.as_array().unwrap().iter().filter_map(Value::as_i64).collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "{name}: {levels:?}");
    assert!(
        levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
        "{name}: a level is left out in {levels:?}"
    );
}

/// The roles and names of the browser's own accessibility tree.
async fn tree(browser: &Chromium) -> BTreeSet<(String, String)> {
    let answer = browser.devtools("Accessibility.getFullAXTree", json!({})).await;
    let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
    let nodes = answer["nodes"].as_array().unwrap().iter().filter(|node| node["ignored"] != true);
    nodes.map(|node| (text(&node["role"]), text(&node["name"]))).collect()
}
