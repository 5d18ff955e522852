//! An entry's copy in its object's custom metadata, which a listing by the JSON interface brings along: so that a cold
//! instance knows the newest entry after one call instead of two.
//!
//! Custom metadata is written with the object, in the same create, and can't be changed without `storage.objects.update`,
//! which the function doesn't have. A copy that somebody changed all the same is known by its `metageneration`. Whatever
//! is odd about such a listing, the plain one decides.

use std::fmt::Write;

use bytes::Bytes;
use http::{Method, StatusCode};
use object_store::{
    Attribute, Attributes,
    client::{HttpRequest, HttpRequestBody},
};
use serde::Deserialize;
use url::Url;

use super::{
    courier::{Courier, whole},
    number,
};

/// Name of the custom metadata that holds the copy.
const NAME: &str = "entry";

/// Cloud Storage, "Quotas and limits": custom metadata of an object, keys and values, is at most 8 KiB. An entry that is
/// longer goes without a copy.
const LONGEST: usize = 8 * 1024 - NAME.len();

/// `metageneration` of an object whose metadata is as it was created.
const AS_CREATED: &str = "1";

/// The newest entry, as far as finding it told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// Its number.
    pub number: u64,
    /// What it says, where that came along.
    pub copy: Option<Bytes>,
}

/// A bucket, listed by the JSON interface.
#[derive(Debug)]
pub(super) struct Copies {
    courier: Courier,
    objects: Url,
}

impl Copies {
    /// Of `bucket`, at Google or where `endpoint` says.
    pub(super) fn of(courier: Courier, bucket: &str, endpoint: Option<&Url>) -> Option<Self> {
        let base = endpoint.map_or("https://storage.googleapis.com", Url::as_str).trim_end_matches('/');
        let objects = Url::parse(&format!("{base}/storage/v1/b/{bucket}/o")).ok()?;
        Some(Self { courier, objects })
    }

    /// The newest entry in `folder`, or that there is none; the error is why this listing can't tell.
    pub(super) async fn newest(&self, folder: &str) -> Result<Option<Newest>, String> {
        let request = self.request(folder)?;
        let response = self.courier.send(request).await.map_err(|error| error.to_string())?;
        if response.status() != StatusCode::OK {
            return Err(format!("answered {}", response.status()));
        }
        let body = whole(response.into_body()).await.map_err(|error| error.to_string())?;
        let page: ListingPage = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        page.newest(folder)
    }

    /// One name: with strangers' files before ours it takes the plain listing.
    fn request(&self, folder: &str) -> Result<HttpRequest, String> {
        let mut url = self.objects.clone();
        url.query_pairs_mut()
            .append_pair("prefix", folder)
            .append_pair("maxResults", "1")
            .append_pair("fields", "kind,nextPageToken,items(name,metageneration,metadata)");
        let request = http::Request::builder().method(Method::GET).uri(url.as_str());
        request.body(HttpRequestBody::empty()).map_err(|error| error.to_string())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListingPage {
    kind: String,
    #[serde(default)]
    items: Vec<Item>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
    metageneration: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize, Default)]
struct Metadata {
    entry: Option<String>,
}

impl ListingPage {
    fn newest(self, folder: &str) -> Result<Option<Newest>, String> {
        if self.kind != "storage#objects" {
            return Err(format!("it is a {}", self.kind));
        }
        let numbered = |item: Item| Some((number(item.name.strip_prefix(folder)?)?, item));
        let newest = self.items.into_iter().filter_map(numbered).max_by_key(|(number, _)| *number);
        match newest {
            Some((number, item)) => Ok(Some(Newest { number, copy: item.copy() })),
            None if self.next_page_token.is_some() => Err("the first name is no entry's".to_owned()),
            None => Ok(None),
        }
    }
}

impl Item {
    fn copy(self) -> Option<Bytes> {
        self.metadata.entry.filter(|_| self.metageneration == AS_CREATED).map(Bytes::from)
    }
}

/// The attributes that carry a copy of `entry`; none where it is too long, or no text that a header can carry.
pub(super) fn attributes(entry: &[u8]) -> Attributes {
    let text = str::from_utf8(entry).map(in_ascii).unwrap_or_default();
    let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let copy = fits.then_some((Attribute::Metadata(NAME.into()), text));
    Attributes::from_iter(copy)
}

/// The same JSON without a letter beyond ASCII, which a header doesn't carry.
fn in_ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            text.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy_of(entry: &str) -> Option<String> {
        let attributes = attributes(entry.as_bytes());
        attributes.get(&Attribute::Metadata(NAME.into())).map(|copy| copy.as_ref().to_owned())
    }

    #[test]
    fn a_copy_says_in_ascii_what_the_entry_says() {
        let entry = "{\"sentence\":\"l'\u{e9}t\u{e9} \u{1f525}, 3 % & <more>\"}";
        let copy = copy_of(entry).expect("a copy");
        assert!(copy.is_ascii(), "{copy}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(read(&copy), read(entry));
    }

    #[test]
    fn what_is_too_long_or_no_header_has_no_copy() {
        let long = |letters: usize| copy_of(&"x".repeat(letters)).is_some();
        assert!(long(LONGEST) && !long(LONGEST + 1));
        for odd in ["", "{\n}", "{\"a\":\t1}", "\u{7f}"] {
            assert_eq!(copy_of(odd), None, "{odd:?}");
        }
        assert_eq!(attributes(b"\xff").len(), 0);
    }

    #[track_caller]
    fn newest(page: &str) -> Result<Option<Newest>, String> {
        serde_json::from_str::<ListingPage>(page).map_err(|error| error.to_string())?.newest("journal/shop/")
    }

    #[test]
    fn a_page_tells_the_newest_number_and_its_copy_as_it_was_created() {
        let page = |metageneration: &str| {
            format!(
                r#"{{"kind":"storage#objects","nextPageToken":"more","items":[{{"name":"journal/shop/9999999996.json",
                "metageneration":"{metageneration}","metadata":{{"entry":"{{}}"}}}}]}}"#
            )
        };
        let told = |copy| Ok(Some(Newest { number: 3, copy }));
        assert_eq!(newest(&page("1")), told(Some(Bytes::from_static(b"{}"))));
        assert_eq!(newest(&page("2")), told(None), "somebody changed it");
        assert_eq!(newest(r#"{"kind":"storage#objects"}"#), Ok(None));
    }

    #[test]
    fn what_is_no_listing_or_begins_with_a_stranger_tells_nothing() {
        let stranger = r#"{"kind":"storage#objects","nextPageToken":"more",
            "items":[{"name":"journal/shop/0.txt","metageneration":"1"}]}"#;
        for page in ["{}", "[]", "<html>", r#"{"kind":"storage#bucket"}"#, stranger] {
            newest(page).expect_err(page);
        }
    }
}
