//! Resource ids of Azure, checked by shape so that a slip is found before anything runs.

use std::{fmt, str::FromStr};

/// A network interface:
/// `/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/networkInterfaces/N`.
#[derive(Debug, Clone)]
pub struct InterfaceId(String);

/// A public address: `/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/publicIPAddresses/A`.
#[derive(Debug, Clone)]
pub struct PublicAddressId(String);

impl InterfaceId {
    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The interface's name alone.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The subscription that it is of.
    pub fn subscription(&self) -> &str {
        self.0.split('/').nth(2).unwrap_or_default()
    }

    /// The resource group that it is in.
    pub fn resource_group(&self) -> &str {
        self.0.split('/').nth(4).unwrap_or_default()
    }

    /// Where it is: `subscriptions/S/resourceGroups/G`, in lower case, since Azure's ids know no case.
    pub fn group(&self) -> String {
        let parts: Vec<&str> = self.0.split('/').skip(1).take(4).collect();
        parts.join("/").to_ascii_lowercase()
    }
}

impl PublicAddressId {
    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address's name alone.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

/// Azure's ids know no case.
impl PartialEq for InterfaceId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for InterfaceId {}

impl FromStr for InterfaceId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        shape(text, "networkInterfaces").map(Self)
    }
}

impl FromStr for PublicAddressId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        shape(text, "publicIPAddresses").map(Self)
    }
}

impl fmt::Display for InterfaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn shape(text: &str, kind: &str) -> Result<String, String> {
    let words = ["", "subscriptions", "", "resourceGroups", "", "providers", "Microsoft.Network", kind, ""];
    let parts: Vec<&str> = text.split('/').collect();
    let fits = |(index, (part, word)): (usize, (&&str, &&str))| match *word {
        "" => (index == 0) == part.is_empty() && plain(part),
        word => part.eq_ignore_ascii_case(word),
    };
    if parts.len() == words.len() && parts.iter().zip(&words).enumerate().all(fits) {
        return Ok(text.to_owned());
    }
    Err(format!("is not of the shape /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/{kind}/…"))
}

/// Whether a name can stand in a path as it is; groups may have parentheses.
fn plain(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.()".contains(c);
    name.chars().all(allowed) && name != "." && name != ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str =
        "/subscriptions/6e0d/resourceGroups/DB/providers/Microsoft.Network/networkInterfaces/db-a-nic";

    #[test]
    fn an_interface_has_a_group_and_a_name_and_knows_no_case() {
        let id: InterfaceId = ID.parse().unwrap();
        assert_eq!((id.name(), id.group().as_str()), ("db-a-nic", "subscriptions/6e0d/resourcegroups/db"));
        assert_eq!(id, ID.to_lowercase().parse().unwrap());
        assert_ne!(id, ID.replace("db-a", "db-b").parse().unwrap());
        assert_eq!((id.to_string().as_str(), id.as_str()), (ID, ID));
    }

    #[test]
    fn slips_in_ids_are_seen() {
        for slip in [
            "db-a-nic",
            &ID[1..],
            &format!("{ID}/"),
            &format!("{ID}?x"),
            &ID.replace("6e0d", ""),
            &ID.replace("6e0d", ".."),
            &ID.replace("networkInterfaces", "networkInterface"),
            &ID.replace("Microsoft.Network", "Microsoft.Compute"),
        ] {
            let refused = slip.parse::<InterfaceId>().unwrap_err();
            assert!(
                refused.ends_with("providers/Microsoft.Network/networkInterfaces/…"),
                "{slip}: {refused}"
            );
        }
        assert!(ID.parse::<PublicAddressId>().is_err());
        let public = ID.replace("networkInterfaces", "publicIPAddresses");
        assert_eq!(public.parse::<PublicAddressId>().unwrap().as_str(), public);
    }
}
