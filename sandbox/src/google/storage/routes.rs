//! Which request to Cloud Storage means what, in either of its interfaces. A name may hold slashes, encoded or not.

use super::refusal::Refused;
use super::{State, json, upload, xml};
use crate::frame::call::{Call, Reply};
use crate::frame::provider::Kind;
use crate::frame::routes::{Route, Routes};
use crate::google::access::Access;

/// Which of the two interfaces is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interface {
    /// `https://storage.googleapis.com/BUCKET/NAME`.
    Xml,
    /// `https://storage.googleapis.com/storage/v1/b/BUCKET/o/NAME`.
    Json,
}

/// With the names that the path tells: the bucket's, the object's.
type Does = fn(&mut State, &Access, &Call, &[String]) -> Result<Reply, Refused>;

const XML_OBJECT: Does = |state, access, call, names| xml::object(state, access, call, &names[0], &names[1]);
const XML_LIST: Does = |state, access, call, names| xml::list(state, access, call, &names[0]);
const OBJECT: Does = |state, access, call, names| json::object(state, access, call, &names[0], &names[1]);
const LIST: Does = |state, access, call, names| json::list(state, access, call, &names[0]);
const RESUME: Does = |state, access, call, _| upload::resume(state, access, call);

/// What begins with one of these is spoken in JSON.
const JSON_PATHS: [&str; 3] = ["/storage/v1/", "/upload/storage/", "/download/storage/"];

const JSON_ROUTES: Routes<Does> = Routes::new(
    "storage.unknown",
    &[
        Route::get(
            "/storage/v1/b/{*}/iam/testPermissions",
            "storage.test_iam_permissions",
            |state, access, call, names| json::test_permissions(state, access, call, &names[0]),
        ),
        Route::get("/storage/v1/b", "storage.list_buckets", |state, access, call, _| {
            json::buckets(state, access, call)
        }),
        Route::get("/storage/v1/b/{*}", "storage.get_bucket", |state, access, call, names| {
            json::bucket(state, access, call, &names[0])
        }),
        Route::get("/storage/v1/b/{*}/o", "storage.list", LIST),
        Route::get("/storage/v1/b/{*}/o/", "storage.list", LIST),
        Route::get("/storage/v1/b/{*}/o/{**}", "storage.get", OBJECT),
        Route::get("/download/storage/v1/b/{*}/o/{**}", "storage.get", OBJECT),
        Route::delete("/storage/v1/b/{*}/o/{**}", "storage.delete", OBJECT),
        Route::patch("/storage/v1/b/{*}/o/{**}", "storage.patch", OBJECT),
        Route::put("/upload/storage/v1/b/{*}/o", "storage.resume", RESUME),
        Route::post("/upload/storage/v1/b/{*}/o", "storage.insert", |state, access, call, names| {
            // What has begun goes on by either method.
            if is_more(call) {
                upload::resume(state, access, call)
            } else {
                upload::insert(state, access, call, &names[0])
            }
        }),
    ],
);

const XML_ROUTES: Routes<Does> = Routes::new(
    "storage.unknown",
    &[
        Route::get("/{*}", "storage.list", XML_LIST),
        Route::get("/{*}/", "storage.list", XML_LIST),
        Route::get("/{*}/{**}", "storage.get", XML_OBJECT),
        Route::head("/{*}/{**}", "storage.head", XML_OBJECT),
        Route::put("/{*}/{**}", "storage.put", XML_OBJECT),
        Route::delete("/{*}/{**}", "storage.delete", XML_OBJECT),
    ],
);

/// Which interface is spoken; it says how errors are told.
pub(super) fn interface(call: &Call) -> Interface {
    if JSON_PATHS.iter().any(|path| call.path.starts_with(path)) { Interface::Json } else { Interface::Xml }
}

fn routes(call: &Call) -> Routes<Does> {
    match interface(call) {
        Interface::Json => JSON_ROUTES,
        Interface::Xml => XML_ROUTES,
    }
}

fn is_more(call: &Call) -> bool {
    call.query("upload_id").is_some()
}

pub(super) fn settle(state: &mut State, access: &Access, call: &Call) -> Result<Reply, Refused> {
    let (route, names) = routes(call).find(call).ok_or_else(|| Refused::unknown_route(call))?;
    (route.does)(state, access, call, &names)
}

/// The operation in the ledger's words: `storage.create` only when it can't overwrite.
pub(super) fn operation(call: &Call) -> &'static str {
    match routes(call).operation(call) {
        "storage.put" if call.header("x-goog-if-generation-match") == Some("0") => "storage.create",
        "storage.insert" if is_more(call) => "storage.resume",
        "storage.insert" if call.query("ifGenerationMatch") == Some("0") => "storage.create",
        operation => operation,
    }
}

/// Whatever uploads is the journal's.
pub(super) fn kind(operation: &str, call: &Call) -> Kind {
    match operation {
        "storage.create" | "storage.put" | "storage.insert" | "storage.resume" => Kind::Journal,
        _ => routes(call).kind(call),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::testing;

    #[track_caller]
    fn check(method: &str, path: &str, expected: (&str, Interface, &[&str])) {
        let call = testing::call(method, path);
        let names = routes(&call).find(&call).map_or(Vec::new(), |(_, names)| names);
        assert_eq!((operation(&call), interface(&call)), (expected.0, expected.1));
        assert_eq!(names, expected.2);
    }

    #[test]
    fn a_name_is_decoded_even_where_a_dot_was_encoded() {
        let names = &["bucket", "journal/0001.json"];
        check("PUT", "/bucket/journal%2F0001%2Ejson", ("storage.put", Interface::Xml, names));
        check("GET", "/bucket/journal/0001.json", ("storage.get", Interface::Xml, names));
    }

    #[test]
    fn the_json_interface_is_told_by_its_first_segments() {
        let names = &["bucket", "a/b"];
        check("GET", "/storage/v1/b/bucket/o/a%2Fb?alt=media", ("storage.get", Interface::Json, names));
        check(
            "GET",
            "/download/storage/v1/b/bucket/o/a%2Fb?alt=media",
            ("storage.get", Interface::Json, names),
        );
        check(
            "POST",
            "/upload/storage/v1/b/bucket/o?name=x",
            ("storage.insert", Interface::Json, &names[..1]),
        );
        for method in ["PUT", "POST"] {
            check(
                method,
                "/upload/storage/v1/b/bucket/o?upload_id=x",
                ("storage.resume", Interface::Json, &names[..1]),
            );
        }
        check("GET", "/storage/v1/b?project=p", ("storage.list_buckets", Interface::Json, &[]));
        check("GET", "/storage/v1/b/bucket/o", ("storage.list", Interface::Json, &names[..1]));
    }

    #[test]
    fn what_the_interfaces_have_and_the_sandbox_does_not_is_unknown() {
        check("POST", "/bucket/name?uploads", ("storage.unknown", Interface::Xml, &[]));
        let rewrite = "/storage/v1/b/bucket/o/a/rewriteTo/b/other/o/c";
        check("POST", rewrite, ("storage.unknown", Interface::Json, &[]));
    }
}
