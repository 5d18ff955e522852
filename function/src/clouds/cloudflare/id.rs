//! Cloudflare's names of things.

use std::{fmt, str::FromStr};

/// A Cloudflare identifier of a zone or a rule: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HexId(String);

impl HexId {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HexId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit());
        if fits {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err("is not 32 hexadecimal digits".to_owned())
        }
    }
}

impl fmt::Display for HexId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_32_hexadecimal_digits_and_nothing_else() {
        assert!("9A7806061c88ada191ed06f989cc3dac".parse::<HexId>().is_ok());
        assert!("9a7806061c88ada191ed06f989cc3da".parse::<HexId>().is_err());
        assert!("9a7806061c88ada191ed06f989cc3dag".parse::<HexId>().is_err());
    }
}
