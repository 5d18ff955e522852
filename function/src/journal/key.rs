//! Names of entries. They count downwards, so that a listing, which goes by name, begins with the newest.

/// Number of the last entry that a site can have.
pub const NEWEST_POSSIBLE: u64 = 9_999_999_998;

const ZERO: u64 = 9_999_999_999;
const DIGITS: usize = 10;
const SUFFIX: &str = ".json";

/// The file name of entry `number`: entry 1 is `9999999998.json`. `None` outside of 1 to [`NEWEST_POSSIBLE`].
pub fn key(number: u64) -> Option<String> {
    (1..=NEWEST_POSSIBLE).contains(&number).then(|| format!("{:0DIGITS$}{SUFFIX}", ZERO - number))
}

/// The number behind a file name; `None` if the name is not one of ours.
pub fn number(key: &str) -> Option<u64> {
    let digits = key.strip_suffix(SUFFIX)?;
    let ours = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    let number = ZERO.checked_sub(digits.parse().ok()?)?;
    (ours && number > 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_entries_sort_first() {
        let keys: Vec<_> = [1, 2, 9, 10, 999, 1000, 4_294_967_296, NEWEST_POSSIBLE].map(key).into();
        assert!(keys.windows(2).all(|pair| pair[0] > pair[1]), "{keys:?}");
    }

    #[test]
    fn a_name_leads_back_to_its_number() {
        for n in [1, 2, 999, 1000, 100_000, NEWEST_POSSIBLE] {
            assert_eq!(number(&key(n).unwrap()), Some(n));
        }
    }

    #[test]
    fn there_is_no_entry_zero_and_none_beyond_the_last() {
        assert_eq!(key(0), None);
        assert_eq!(key(NEWEST_POSSIBLE + 1), None);
        assert_eq!(number("9999999999.json"), None);
    }

    #[test]
    fn other_names_are_not_ours() {
        for name in
            ["", "README", "9999999998", "+999999998.json", "999999998.json", "99999999980.json", "x.json"]
        {
            assert_eq!(number(name), None, "{name}");
        }
    }
}
