//! Calls to Cloudflare that an operator may copy: it has no command line of its own.

use serde_json::Value;

/// Who asks.
const TOKEN: &str = "-H \"Authorization: Bearer $CLOUDFLARE_API_TOKEN\"";

/// A thing at Cloudflare that can be changed in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand(String);

impl ByHand {
    /// What is at this address.
    pub fn at(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// Whatever is below it.
    pub(crate) fn below(&self, path: &str) -> Self {
        Self(format!("{}/{path}", self.0))
    }

    /// The command that changes these fields.
    pub(crate) fn change(&self, fields: &Value) -> String {
        self.call("PATCH", fields)
    }

    /// The command that makes it what these fields say, whether it was there or not.
    pub(crate) fn make(&self, fields: &Value) -> String {
        self.call("PUT", fields)
    }

    /// The command that sends what `form` says, in the words of `curl`.
    pub(crate) fn upload(&self, form: &str) -> String {
        format!("curl -X PUT {} {TOKEN} {form}", self.0)
    }

    fn call(&self, method: &str, fields: &Value) -> String {
        // What ends the quoted text is written outside of it.
        let fields = fields.to_string().replace('\'', r"'\''");
        format!("curl -X {method} {} {TOKEN} --json '{fields}'", self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_survives_quotes_and_names_no_secret() {
        let told = ByHand::at("https://api/zones/z").below("pagerules/r").change(&json!({"a": "it's"}));
        let expected = "curl -X PATCH https://api/zones/z/pagerules/r -H \"Authorization: Bearer \
                        $CLOUDFLARE_API_TOKEN\" --json '{\"a\":\"it'\\''s\"}'";
        assert_eq!(told, expected);
    }
}
