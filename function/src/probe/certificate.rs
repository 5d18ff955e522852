//! Until when a certificate is good, and when that is said: 21, 7 and 1 days before.

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

/// How many days before its end a certificate is noticed.
const DAYS: [i64; 3] = [21, 7, 1];

const SEQUENCE: u8 = 0x30;
const EXPLICIT_VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// What was said about a site's certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Expiry {
    /// The certificate's end, and the fewest days that were said of it.
    said: Option<(Timestamp, i64)>,
}

impl Expiry {
    /// A certificate that ends at `expires` was seen: the days that are left, where that is news.
    pub(crate) fn notice(&mut self, expires: Timestamp, now: Timestamp) -> Option<i64> {
        let left = expires.duration_since(now);
        let mark = DAYS.into_iter().filter(|days| left <= SignedDuration::from_hours(24 * days)).min()?;
        if self.said.is_some_and(|(of, fewest)| of == expires && fewest <= mark) {
            return None;
        }
        self.said = Some((expires, mark));
        Some(left.as_hours().div_euclid(24))
    }
}

/// `notAfter` of an X.509 certificate (RFC 5280, section 4.1), which the TLS library checks but doesn't tell.
pub(crate) fn expiry(der: &[u8]) -> Option<Timestamp> {
    let mut certificate = Der(Der(der).expect(SEQUENCE)?);
    let mut body = Der(certificate.expect(SEQUENCE)?);
    if body.peek() == Some(EXPLICIT_VERSION) {
        body.next()?;
    }
    for _serial_algorithm_issuer in 0..3 {
        body.next()?;
    }
    let mut validity = Der(body.expect(SEQUENCE)?);
    let _not_before = validity.next()?;
    match validity.next()? {
        (UTC_TIME, text) => time(two_digit_year(text)?, text.get(2..)?),
        (GENERALIZED_TIME, text) => time(number(text.get(..4)?)?, text.get(4..)?),
        _ => None,
    }
}

/// Years are written with two digits up to 2049 (RFC 5280, section 4.1.2.5.1).
fn two_digit_year(text: &[u8]) -> Option<i16> {
    let year = number(text.get(..2)?)?;
    Some(if year < 50 { 2000 + year } else { 1900 + year })
}

/// `MMDDhhmmssZ` of a year.
fn time(year: i16, rest: &[u8]) -> Option<Timestamp> {
    let part = |at: usize| i8::try_from(number(rest.get(at..at + 2)?)?).ok();
    let written = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    (rest.get(10..) == Some(b"Z")).then(|| written.to_zoned(TimeZone::UTC).ok())?.map(|at| at.timestamp())
}

fn number(digits: &[u8]) -> Option<i16> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Reads values of DER one after the other: a tag, a length, the content.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match usize::from(first) {
            short @ 0..0x80 => (short, rest),
            long => {
                let (bytes, rest) = rest.split_at_checked(long - 0x80)?;
                let fits = (1..=4).contains(&bytes.len());
                let length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
                (fits.then_some(length)?, rest)
            }
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn until(year: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["will.gleich.tech".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 2, 28);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_end_of_a_certificate_is_read() {
        for year in [1999, 2027, 2049, 2050, 4096] {
            assert_eq!(expiry(&until(year)), format!("{year}-02-28T00:00:00Z").parse().ok(), "{year}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end_and_breaks_nothing() {
        let whole = until(2027);
        for end in 0..whole.len() {
            let _no_panic = expiry(&whole[..end]);
        }
        for place in 0..whole.len() {
            let mut broken = whole.clone();
            broken[place] ^= 0xff;
            let _no_panic = expiry(&broken);
        }
        assert_eq!(expiry(b""), None);
        assert_eq!(expiry(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }

    #[test]
    fn the_end_is_noticed_three_times() {
        let end: Timestamp = "2027-02-28T00:00:00Z".parse().unwrap();
        let mut expiry = Expiry::default();
        let mut said = Vec::new();
        for hours in (0..40 * 24).rev() {
            said.extend(expiry.notice(end, end - hours.hours()));
        }
        assert_eq!(said, [21, 7, 1]);
        assert_eq!(expiry.notice(end, end + 1.hour()), None);
    }

    #[test]
    fn a_renewed_certificate_is_noticed_anew() {
        let end: Timestamp = "2027-02-28T00:00:00Z".parse().unwrap();
        let mut expiry = Expiry::default();
        assert_eq!(expiry.notice(end, end - 30.hours()), Some(1));
        assert_eq!(expiry.notice(end, end - 30.hours()), None);
        let renewed = end + 2160.hours();
        assert_eq!(expiry.notice(renewed, end), None);
        assert_eq!(expiry.notice(renewed, renewed - 160.hours()), Some(6));
    }
}
