//! Which request to Cloud Storage means what.

use crate::frame::call::Call;

/// Which of the two interfaces is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interface {
    /// `https://storage.googleapis.com/BUCKET/NAME`.
    Xml,
    /// `https://storage.googleapis.com/storage/v1/b/BUCKET/o/NAME`.
    Json,
}

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// A bucket's listing.
    List(Interface, String),
    /// One object: read, written, deleted.
    Object(Interface, String, String),
    /// An upload by the JSON interface, or its beginning.
    Insert(String),
    /// More of an upload that has begun.
    Resume,
    /// All buckets of a project.
    Buckets,
    /// A bucket's own description.
    Bucket(String),
    /// Which permissions the caller has on a bucket.
    TestPermissions(String),
    /// None of these.
    Unknown(Interface),
}

impl Route {
    /// Reads method and path. A name may hold slashes, encoded or not.
    pub(super) fn of(call: &Call) -> Self {
        let route = call.route();
        let method = call.method.as_str();
        match (method, route.as_slice()) {
            ("POST", ["upload", "storage", "v1", "b", bucket, "o"]) if call.query("upload_id").is_none() => {
                Self::Insert((*bucket).to_owned())
            }
            ("PUT" | "POST", ["upload", "storage", "v1", "b", _, "o"]) => Self::Resume,
            (_, ["storage" | "upload", "v1" | "storage", ..] | ["download", "storage", ..]) => {
                let start = usize::from(route[0] == "download");
                Self::json(method, &route[start + 2..])
            }
            ("GET", [bucket] | [bucket, ""]) if !bucket.is_empty() => {
                Self::List(Interface::Xml, (*bucket).to_owned())
            }
            ("GET" | "HEAD" | "PUT" | "DELETE", [bucket, name @ ..]) if !name.is_empty() => {
                Self::Object(Interface::Xml, (*bucket).to_owned(), name.join("/"))
            }
            _ => Self::Unknown(Interface::Xml),
        }
    }

    fn json(method: &str, route: &[&str]) -> Self {
        match (method, route) {
            ("GET", ["b", bucket, "iam", "testPermissions"]) => Self::TestPermissions((*bucket).to_owned()),
            ("GET", ["b"]) => Self::Buckets,
            ("GET", ["b", bucket]) => Self::Bucket((*bucket).to_owned()),
            ("GET", ["b", bucket, "o"] | ["b", bucket, "o", ""]) => {
                Self::List(Interface::Json, (*bucket).to_owned())
            }
            ("GET" | "DELETE" | "PATCH", ["b", bucket, "o", name @ ..]) if !name.is_empty() => {
                Self::Object(Interface::Json, (*bucket).to_owned(), name.join("/"))
            }
            _ => Self::Unknown(Interface::Json),
        }
    }

    /// How errors are to be told.
    pub(super) fn interface(&self) -> Interface {
        match self {
            Self::List(interface, _) | Self::Object(interface, ..) | Self::Unknown(interface) => *interface,
            _ => Interface::Json,
        }
    }

    /// The operation in the ledger's words: `storage.create` only when it can't overwrite.
    pub(super) fn operation(&self, call: &Call) -> &'static str {
        match (self, call.method.as_str()) {
            (Self::List(..), _) => "storage.list",
            (Self::Object(..), "GET") => "storage.get",
            (Self::Object(..), "HEAD") => "storage.head",
            (Self::Object(..), "DELETE") => "storage.delete",
            (Self::Object(..), "PATCH") => "storage.patch",
            (Self::Object(..), _) if call.header("x-goog-if-generation-match") == Some("0") => {
                "storage.create"
            }
            (Self::Object(..), _) => "storage.put",
            (Self::Insert(_), _) if call.query("ifGenerationMatch") == Some("0") => "storage.create",
            (Self::Insert(_), _) => "storage.insert",
            (Self::Resume, _) => "storage.resume",
            (Self::Buckets, _) => "storage.list_buckets",
            (Self::Bucket(_), _) => "storage.get_bucket",
            (Self::TestPermissions(_), _) => "storage.test_iam_permissions",
            (Self::Unknown(_), _) => "storage.unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::testing;

    #[track_caller]
    fn check(method: &str, path: &str, expected: &Route) {
        assert_eq!(&Route::of(&testing::call(method, path)), expected);
    }

    #[test]
    fn a_name_is_decoded_even_where_a_dot_was_encoded() {
        let object = Route::Object(Interface::Xml, "bucket".to_owned(), "journal/0001.json".to_owned());
        check("PUT", "/bucket/journal%2F0001%2Ejson", &object);
        check("GET", "/bucket/journal/0001.json", &object);
    }

    #[test]
    fn the_json_interface_is_told_by_its_first_segments() {
        let object = Route::Object(Interface::Json, "bucket".to_owned(), "a/b".to_owned());
        check("GET", "/storage/v1/b/bucket/o/a%2Fb?alt=media", &object);
        check("GET", "/download/storage/v1/b/bucket/o/a%2Fb?alt=media", &object);
        check("POST", "/upload/storage/v1/b/bucket/o?name=x", &Route::Insert("bucket".to_owned()));
        check("PUT", "/upload/storage/v1/b/bucket/o?upload_id=x", &Route::Resume);
        check("GET", "/storage/v1/b?project=p", &Route::Buckets);
        check("GET", "/storage/v1/b/bucket/o", &Route::List(Interface::Json, "bucket".to_owned()));
    }

    #[test]
    fn what_the_interfaces_have_and_the_sandbox_does_not_is_unknown() {
        check("POST", "/bucket/name?uploads", &Route::Unknown(Interface::Xml));
        check("POST", "/storage/v1/b/bucket/o/a/rewriteTo/b/other/o/c", &Route::Unknown(Interface::Json));
    }
}
