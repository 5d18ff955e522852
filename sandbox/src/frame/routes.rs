//! Routes as a table: how each is asked for, what the ledger calls it, and what carries it out.
//!
//! A pattern is a path. `*` stands for a segment, `#` for one of 32 hexadecimal digits, `**` for as many as are left;
//! what is in braces is told to whoever carries the call out, and `:verb` at the end belongs to the last segment, as in
//! Google's paths.

use super::call::Call;
use super::provider::Kind;

/// One route; `D` is what carries it out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route<D> {
    method: &'static str,
    pattern: &'static str,
    operation: &'static str,
    kind: Kind,
    /// What carries it out.
    pub(crate) does: D,
}

impl<D: Copy> Route<D> {
    pub(crate) const fn get(pattern: &'static str, operation: &'static str, does: D) -> Self {
        Self { method: "GET", pattern, operation, kind: Kind::Read, does }
    }

    pub(crate) const fn head(pattern: &'static str, operation: &'static str, does: D) -> Self {
        Self { method: "HEAD", pattern, operation, kind: Kind::Read, does }
    }

    pub(crate) const fn post(pattern: &'static str, operation: &'static str, does: D) -> Self {
        Self { method: "POST", pattern, operation, kind: Kind::Write, does }
    }

    /// A POST that only asks.
    pub(crate) const fn ask(pattern: &'static str, operation: &'static str, does: D) -> Self {
        Self { method: "POST", pattern, operation, kind: Kind::Read, does }
    }

    pub(crate) const fn put(pattern: &'static str, operation: &'static str, does: D) -> Self {
        Self { method: "PUT", pattern, operation, kind: Kind::Write, does }
    }

    pub(crate) const fn patch(pattern: &'static str, operation: &'static str, does: D) -> Self {
        Self { method: "PATCH", pattern, operation, kind: Kind::Write, does }
    }

    pub(crate) const fn delete(pattern: &'static str, operation: &'static str, does: D) -> Self {
        Self { method: "DELETE", pattern, operation, kind: Kind::Write, does }
    }
}

/// All routes of a provider; the first that fits counts.
#[derive(Debug)]
pub(crate) struct Routes<D: 'static> {
    /// What the ledger calls everything else.
    pub(crate) unknown: &'static str,
    /// Whether a path's words may be written in capitals or not.
    pub(crate) any_case: bool,
    pub(crate) rows: &'static [Route<D>],
}

impl<D> Routes<D> {
    pub(crate) const fn new(unknown: &'static str, rows: &'static [Route<D>]) -> Self {
        Self { unknown, any_case: false, rows }
    }

    /// What carries the call out, and the names that its path tells.
    pub(crate) fn find(&self, call: &Call) -> Option<(&'static Route<D>, Vec<String>)> {
        let rows = self.rows.iter().filter(|route| route.method == call.method.as_str());
        rows.into_iter().find_map(|route| Some((route, self.names(route, call)?)))
    }

    /// Whether there is something of this path, if only by another method.
    pub(crate) fn knows_path(&self, call: &Call) -> bool {
        self.rows.iter().any(|route| self.names(route, call).is_some())
    }

    pub(crate) fn operation(&self, call: &Call) -> &'static str {
        self.find(call).map_or(self.unknown, |(route, _)| route.operation)
    }

    /// What isn't known is taken for a write: it had better not be counted as none.
    pub(crate) fn kind(&self, call: &Call) -> Kind {
        self.find(call).map_or(Kind::Write, |(route, _)| route.kind)
    }

    fn names(&self, route: &Route<D>, call: &Call) -> Option<Vec<String>> {
        let (path, verb) = match route.pattern.rsplit_once(':') {
            Some((path, verb)) => (path, Some(verb)),
            None => (route.pattern, None),
        };
        let mut segments: Vec<&str> = call.route();
        let last = segments.last_mut()?;
        match verb {
            Some(verb) => *last = last.strip_suffix(verb)?.strip_suffix(':')?,
            // What follows a colon is never a part of a name.
            None if path.ends_with(['*', '}']) && !path.contains("**") && last.contains(':') => return None,
            None => {}
        }
        let parts: Vec<&str> = path[1..].split('/').collect();
        let many = (segments.len() + 1).checked_sub(parts.len())?;
        let mut names = Vec::new();
        let (mut rest, mut open) = (segments.as_slice(), None::<Vec<&str>>);
        for part in parts {
            let word = part.trim_start_matches('{').trim_end_matches('}');
            let (taken, left) = rest.split_at_checked(if word == "**" { many } else { 1 })?;
            rest = left;
            if !self.fits(word, taken) {
                return None;
            }
            if part.starts_with('{') {
                open = Some(Vec::new());
            }
            if let Some(name) = &mut open {
                name.extend(taken);
            }
            if part.ends_with('}') {
                names.extend(open.take().map(|name| name.join("/")));
            }
        }
        rest.is_empty().then_some(names)
    }

    fn fits(&self, word: &str, taken: &[&str]) -> bool {
        match (word, taken) {
            ("**", taken) => taken.iter().any(|segment| !segment.is_empty()),
            ("*", [segment]) => !segment.is_empty(),
            ("#", [segment]) => segment.len() == 32 && segment.bytes().all(|byte| byte.is_ascii_hexdigit()),
            (word, [segment]) => *segment == word || self.any_case && segment.eq_ignore_ascii_case(word),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::testing;

    const ROUTES: Routes<u8> = Routes::new(
        "x.unknown",
        &[
            Route::get("/v2/{projects/*/services/*}", "x.get", 1),
            Route::ask("/v2/{projects/*/services/*}:test", "x.test", 2),
            Route::get("/zones/{#}/rules/{#}", "x.rule", 3),
            Route::delete("/b/{*}/o/{**}", "x.delete", 4),
            Route::get("/{**}/permissions", "x.permissions", 5),
            Route::get("/b/{*}/o/", "x.list", 6),
        ],
    );

    #[track_caller]
    fn found(method: &str, path: &str, does: u8, names: &[&str]) {
        let found = ROUTES.find(&testing::call(method, path));
        let (route, told) = found.unwrap_or_else(|| panic!("{path} is known"));
        assert_eq!((route.does, told), (does, names.iter().map(ToString::to_string).collect()));
    }

    #[test]
    fn names_are_told_as_the_pattern_has_them() {
        found("GET", "/v2/projects/p/services/a%2Fb", 1, &["projects/p/services/a/b"]);
        found("POST", "/v2/projects/p/services/s:test", 2, &["projects/p/services/s"]);
        let (zone, rule) = ("023e105f4ecef8ad9ca31a8372d0c353", "9a7806061c88ada191ed06f989cc3dac");
        found("GET", &format!("/zones/{zone}/rules/{rule}"), 3, &[zone, rule]);
        found("DELETE", "/b/bucket/o/a/b:c", 4, &["bucket", "a/b:c"]);
        found("GET", "/a/b/c/permissions", 5, &["a/b/c"]);
        found("GET", "/b/bucket/o/", 6, &["bucket"]);
    }

    #[test]
    fn what_only_looks_like_a_route_is_unknown_and_counts_as_a_write() {
        for (method, path) in [
            ("POST", "/v2/projects/p/services/s"),
            ("GET", "/v2/projects/p/services/s:test"),
            ("GET", "/v2/projects/p/services/"),
            ("GET", "/v2/projects/p/services/s/more"),
            ("GET", "/V2/projects/p/services/s"),
            ("GET", "/zones/short/rules/shorter"),
            ("DELETE", "/b/bucket/o/"),
            ("GET", "/permissions"),
        ] {
            let call = testing::call(method, path);
            assert!(ROUTES.find(&call).is_none(), "{method} {path}");
            assert_eq!((ROUTES.operation(&call), ROUTES.kind(&call)), ("x.unknown", Kind::Write));
        }
        assert!(ROUTES.knows_path(&testing::call("PUT", "/b/bucket/o/")));
        let any_case = Routes { any_case: true, ..ROUTES };
        assert!(any_case.find(&testing::call("GET", "/V2/Projects/p/services/s")).is_some());
    }
}
