//! Reads DER strictly (X.690 §8 and §10), without a copy.

use ca_types::UnixTime;
use der::DateTime;
use spki::ObjectIdentifier;

/// Reads the elements of one place in their order.
#[derive(Debug, Clone)]
pub(crate) struct DerReader<'a> {
    rest: &'a [u8],
    length: usize,
    place: &'static str,
}

/// One element: its tag, its content, and both with the length between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) octets: &'a [u8],
}

/// A point in time, and how it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    pub(crate) value: UnixTime,
    pub(crate) form: TimeForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeForm {
    Utc,
    Generalized,
}

/// Why octets are not DER of the wanted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at octet {offset} of the {place}: {what}")]
pub struct MalformedDer {
    offset: usize,
    place: &'static str,
    what: &'static str,
}

/// Tags of the elements that X.509 uses.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const IA5_STRING: u8 = 0x16;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// `[n]`, primitive.
    pub(crate) const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// `[n]`, constructed.
    pub(crate) const fn context_constructed(number: u8) -> u8 {
        0xa0 | number
    }
}

impl<'a> DerReader<'a> {
    /// Begins at the first octet of `octets`, which errors call `place`.
    pub(crate) fn new(octets: &'a [u8], place: &'static str) -> Self {
        Self {
            rest: octets,
            length: octets.len(),
            place,
        }
    }

    /// Makes an error at the current octet.
    pub(crate) fn error(&self, what: &'static str) -> MalformedDer {
        MalformedDer {
            offset: self.length.saturating_sub(self.rest.len()),
            place: self.place,
            what,
        }
    }

    /// Tells whether nothing is left.
    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Ends the place; anything left is an error.
    pub(crate) fn finish(self) -> Result<(), MalformedDer> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.error("something follows where nothing may follow"))
        }
    }

    /// Reads the next element of any tag.
    pub(crate) fn element(&mut self) -> Result<Element<'a>, MalformedDer> {
        let start = self.rest;
        let (&tag, behind_tag) = start
            .split_first()
            .ok_or_else(|| self.error("ends early"))?;
        if tag & 0x1f == 0x1f {
            return Err(self.error("has a tag of more than one octet"));
        }
        let (length, behind_length) = self.length_octets(behind_tag)?;
        let (content, rest) = behind_length
            .split_at_checked(length)
            .ok_or_else(|| self.error("is longer than what contains it"))?;
        let octets = start
            .get(..start.len().saturating_sub(rest.len()))
            .unwrap_or_default();
        self.rest = rest;
        Ok(Element {
            tag,
            content,
            octets,
        })
    }

    /// Reads a length in its shortest form (X.690 §10.1).
    fn length_octets(&self, octets: &'a [u8]) -> Result<(usize, &'a [u8]), MalformedDer> {
        let (&first, rest) = octets
            .split_first()
            .ok_or_else(|| self.error("ends early"))?;
        if first < 0x80 {
            return Ok((usize::from(first), rest));
        }
        if first == 0x80 {
            return Err(self.error("has an indefinite length: DER has none"));
        }
        let count = usize::from(first & 0x7f);
        if count > 4 {
            return Err(self.error("has a length of more than four octets"));
        }
        let (digits, rest) = rest
            .split_at_checked(count)
            .ok_or_else(|| self.error("ends early"))?;
        let length = digits
            .iter()
            .fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit));
        if length < 0x80 || digits.first() == Some(&0) {
            return Err(self.error("has a length that is not in its shortest form"));
        }
        Ok((length, rest))
    }

    /// Reads an element of this tag and returns its content.
    pub(crate) fn expect(
        &mut self,
        tag: u8,
        wanted: &'static str,
    ) -> Result<&'a [u8], MalformedDer> {
        self.expect_element(tag, wanted)
            .map(|element| element.content)
    }

    /// Reads an element of this tag.
    pub(crate) fn expect_element(
        &mut self,
        tag: u8,
        wanted: &'static str,
    ) -> Result<Element<'a>, MalformedDer> {
        if self.rest.first() == Some(&tag) {
            self.element()
        } else {
            Err(self.error(wanted))
        }
    }

    /// Reads the next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, MalformedDer> {
        if self.rest.first() == Some(&tag) {
            self.element().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Reads a SEQUENCE and begins inside it.
    pub(crate) fn sequence(&mut self, place: &'static str) -> Result<Self, MalformedDer> {
        let content = self.expect(tag::SEQUENCE, "wanted a SEQUENCE")?;
        Ok(Self::new(content, place))
    }

    /// Reads an `OBJECT IDENTIFIER`.
    pub(crate) fn object_identifier(&mut self) -> Result<ObjectIdentifier, MalformedDer> {
        let content = self.expect(tag::OBJECT_IDENTIFIER, "wanted an OBJECT IDENTIFIER")?;
        // `from_bytes` takes a first octet of an arc that could be shorter.
        let mut begins_arc = true;
        for octet in content {
            if begins_arc && *octet == 0x80 {
                return Err(self.error("has an arc that is not in its shortest form"));
            }
            begins_arc = octet & 0x80 == 0;
        }
        ObjectIdentifier::from_bytes(content)
            .map_err(|_source| self.error("is no OBJECT IDENTIFIER that is known here"))
    }

    /// Reads an INTEGER in its shortest form and returns its content octets.
    pub(crate) fn integer(&mut self) -> Result<&'a [u8], MalformedDer> {
        let content = self.expect(tag::INTEGER, "wanted an INTEGER")?;
        self.check_integer(content)?;
        Ok(content)
    }

    fn check_integer(&self, content: &[u8]) -> Result<(), MalformedDer> {
        match content {
            [] => Err(self.error("is an INTEGER without octets")),
            [0, second, ..] if *second < 0x80 => {
                Err(self.error("is an INTEGER that is not in its shortest form"))
            }
            [0xff, second, ..] if *second >= 0x80 => {
                Err(self.error("is an INTEGER that is not in its shortest form"))
            }
            [_, ..] => Ok(()),
        }
    }

    /// Reads an INTEGER that is not negative and fits 64 bits.
    pub(crate) fn small_integer(&mut self) -> Result<u64, MalformedDer> {
        let content = self.integer()?;
        self.small(content)
    }

    /// Reads content octets of an INTEGER or ENUMERATED that is not negative and fits 64 bits.
    pub(crate) fn small(&self, content: &[u8]) -> Result<u64, MalformedDer> {
        self.check_integer(content)?;
        if content.first().is_some_and(|first| *first >= 0x80) {
            return Err(self.error("is negative"));
        }
        let significant = match content {
            [0, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        };
        if significant.len() > 8 {
            return Err(self.error("is a number of more than 64 bits"));
        }
        Ok(significant
            .iter()
            .fold(0, |sum, octet| sum << 8 | u64::from(*octet)))
    }

    /// Reads a BOOLEAN DEFAULT FALSE: there and true, or absent (X.690 §11.5).
    pub(crate) fn optional_true(&mut self) -> Result<bool, MalformedDer> {
        match self.optional(tag::BOOLEAN)?.map(|element| element.content) {
            None => Ok(false),
            Some([0xff]) => Ok(true),
            Some([0]) => Err(self.error("writes out a default value")),
            Some(_) => Err(self.error("is no BOOLEAN of DER")),
        }
    }

    /// Reads a BIT STRING of whole octets.
    pub(crate) fn octet_bits(&mut self) -> Result<&'a [u8], MalformedDer> {
        match self
            .expect(tag::BIT_STRING, "wanted a BIT STRING")?
            .split_first()
        {
            Some((0, octets)) => Ok(octets),
            Some(_) | None => Err(self.error("is no BIT STRING of whole octets")),
        }
    }

    /// Reads an OCTET STRING.
    pub(crate) fn octet_string(&mut self) -> Result<&'a [u8], MalformedDer> {
        self.expect(tag::OCTET_STRING, "wanted an OCTET STRING")
    }

    /// Reads a time of RFC 5280 §4.1.2.5: with seconds, in UTC, without fractions.
    pub(crate) fn time(&mut self) -> Result<Time, MalformedDer> {
        let element = self.element()?;
        let (form, year, rest) = match (element.tag, element.content) {
            (tag::UTC_TIME, [a, b, rest @ ..]) => {
                let short = self.two_digits([*a, *b])?;
                let century = if short < 50 { 2000 } else { 1900 };
                (TimeForm::Utc, century + u16::from(short), rest)
            }
            (tag::GENERALIZED_TIME, [a, b, c, d, rest @ ..]) => {
                let century = u16::from(self.two_digits([*a, *b])?);
                let year = century * 100 + u16::from(self.two_digits([*c, *d])?);
                (TimeForm::Generalized, year, rest)
            }
            (_, _) => return Err(self.error("wanted a UTCTime or GeneralizedTime")),
        };
        let [m1, m2, d1, d2, h1, h2, i1, i2, s1, s2, b'Z'] = rest else {
            return Err(self.error("is no time in UTC with seconds and without fractions"));
        };
        let time = DateTime::new(
            year,
            self.two_digits([*m1, *m2])?,
            self.two_digits([*d1, *d2])?,
            self.two_digits([*h1, *h2])?,
            self.two_digits([*i1, *i2])?,
            self.two_digits([*s1, *s2])?,
        )
        .map_err(|_source| self.error("is no time that the calendar has since 1970"))?;
        let value = UnixTime::EPOCH
            .plus(time.unix_duration().as_secs())
            .ok_or_else(|| self.error("is a time after the year 9999"))?;
        Ok(Time { value, form })
    }

    fn two_digits(&self, digits: [u8; 2]) -> Result<u8, MalformedDer> {
        match digits.map(|digit| digit.wrapping_sub(b'0')) {
            [tens @ 0..=9, ones @ 0..=9] => Ok(tens * 10 + ones),
            _ => Err(self.error("has something other than digits in a time")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(octets: &[u8], what: &str) {
        let mut reader = DerReader::new(octets, "test");
        let error = reader
            .element()
            .and_then(|_| reader.clone().finish())
            .unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }

    #[test]
    fn what_is_ber_but_not_der_is_refused() {
        refused(&[0x30, 0x80, 0, 0], "indefinite");
        refused(&[0x04, 0x81, 0x01, 0], "shortest form");
        refused(&[0x04, 0x82, 0x00, 0x81], "shortest form");
        refused(&[0x04, 0x85, 0, 0, 0, 0, 1, 0], "four octets");
        refused(&[0x1f, 0x81, 0x01, 0], "more than one octet");
        refused(&[0x04, 0x02, 0], "longer than");
        refused(&[0x04], "ends early");
        refused(&[], "ends early");
        refused(&[0x05, 0, 0], "nothing may follow");
    }

    #[test]
    fn integers_have_one_form() {
        for octets in [&[2, 0][..], &[2, 2, 0, 1], &[2, 2, 0xff, 0x80]] {
            assert!(
                DerReader::new(octets, "test").integer().is_err(),
                "{octets:?}"
            );
        }
        for (octets, value) in [
            (&[2, 1, 0][..], 0),
            (&[2, 2, 0, 0x80], 128),
            (&[2, 1, 127], 127),
        ] {
            assert_eq!(DerReader::new(octets, "test").small_integer(), Ok(value));
        }
        DerReader::new(&[2, 1, 0x80], "test")
            .small_integer()
            .unwrap_err();
    }

    #[test]
    fn an_absent_default_is_not_written_out() {
        assert_eq!(
            DerReader::new(&[1, 1, 0xff], "test").optional_true(),
            Ok(true)
        );
        assert_eq!(DerReader::new(&[], "test").optional_true(), Ok(false));
        for octets in [[1, 1, 0], [1, 1, 1]] {
            DerReader::new(&octets, "test").optional_true().unwrap_err();
        }
    }

    #[track_caller]
    fn time(tag: u8, text: &str, expect: Option<&str>) {
        let mut octets = vec![tag, u8::try_from(text.len()).unwrap()];
        octets.extend(text.bytes());
        let read = DerReader::new(&octets, "test").time();
        assert_eq!(
            read.ok().map(|time| time.value.to_string()),
            expect.map(str::to_owned),
            "{text}"
        );
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        time(tag::UTC_TIME, "491231235959Z", Some("2049-12-31T23:59:59Z"));
        time(tag::UTC_TIME, "700101000000Z", Some("1970-01-01T00:00:00Z"));
        time(tag::UTC_TIME, "500101000000Z", None);
        time(tag::UTC_TIME, "280229000000Z", Some("2028-02-29T00:00:00Z"));
        time(tag::UTC_TIME, "270229000000Z", None);
        time(tag::UTC_TIME, "2702280000Z", None);
        time(tag::UTC_TIME, "270228000000+0000", None);
        time(tag::UTC_TIME, "27022800000aZ", None);
        time(
            tag::GENERALIZED_TIME,
            "99991231235959Z",
            Some("9999-12-31T23:59:59Z"),
        );
        time(tag::GENERALIZED_TIME, "20500101000000.5Z", None);
    }
}
