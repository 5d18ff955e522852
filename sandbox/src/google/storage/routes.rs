//! Which request to Cloud Storage means what, in either of its interfaces. A name may hold slashes, encoded or not.

use super::refusal::Refused;
use super::{StorageState, json, upload, xml};
use crate::frame::call::Call;
use crate::frame::provider::Kind;
use crate::frame::routes::{Route, Routes};
use crate::google::Does;

/// Which of the two interfaces is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interface {
    /// `https://storage.googleapis.com/BUCKET/NAME`.
    Xml,
    /// `https://storage.googleapis.com/storage/v1/b/BUCKET/o/NAME`.
    Json,
}

/// What begins with one of these is spoken in JSON.
const JSON_PATHS: [&str; 3] = ["/storage/v1/", "/upload/storage/", "/download/storage/"];

const JSON_ROUTES: Routes<Does<StorageState, Refused>> = Routes::new(
    "storage.unknown",
    &[
        Route::get(
            "/storage/v1/b/{*}/iam/testPermissions",
            "storage.test_iam_permissions",
            json::test_permissions,
        ),
        Route::get("/storage/v1/b", "storage.list_buckets", json::buckets),
        Route::get("/storage/v1/b/{*}", "storage.get_bucket", json::bucket),
        Route::get("/storage/v1/b/{*}/o", "storage.list", json::list),
        Route::get("/storage/v1/b/{*}/o/", "storage.list", json::list),
        Route::get("/storage/v1/b/{*}/o/{**}", "storage.get", json::object),
        Route::get("/download/storage/v1/b/{*}/o/{**}", "storage.get", json::object),
        Route::delete("/storage/v1/b/{*}/o/{**}", "storage.delete", json::object),
        Route::patch("/storage/v1/b/{*}/o/{**}", "storage.patch", json::object),
        Route::put("/upload/storage/v1/b/{*}/o", "storage.resume", upload::resume),
        // What has begun goes on by either method.
        Route::post("/upload/storage/v1/b/{*}/o", "storage.insert", |asked| {
            if is_more(asked.call) { upload::resume(asked) } else { upload::insert(asked) }
        }),
    ],
);

const XML_ROUTES: Routes<Does<StorageState, Refused>> = Routes::new(
    "storage.unknown",
    &[
        Route::get("/{*}", "storage.list", xml::list),
        Route::get("/{*}/", "storage.list", xml::list),
        Route::get("/{*}/{**}", "storage.get", xml::object),
        Route::head("/{*}/{**}", "storage.head", xml::object),
        Route::put("/{*}/{**}", "storage.put", xml::object),
        Route::delete("/{*}/{**}", "storage.delete", xml::object),
    ],
);

/// Which interface is spoken; it says how errors are told.
pub(super) fn interface(call: &Call) -> Interface {
    if JSON_PATHS.iter().any(|path| call.path.starts_with(path)) { Interface::Json } else { Interface::Xml }
}

/// The routes of the interface that is spoken.
pub(super) fn routes(call: &Call) -> Routes<Does<StorageState, Refused>> {
    match interface(call) {
        Interface::Json => JSON_ROUTES,
        Interface::Xml => XML_ROUTES,
    }
}

fn is_more(call: &Call) -> bool {
    call.query("upload_id").is_some()
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
