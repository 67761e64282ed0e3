//! PEM files (RFC 7468).

use std::borrow::Cow;

use der::pem::{Decoder, LineEnding, encode_string};

/// Decodes the objects of a PEM file in their order; `None` when one has another label or is damaged.
///
/// Text between the objects is left out, as RFC 7468 §2 has it.
pub(crate) fn objects(pem: &str, labels: &[&str]) -> Option<Vec<Vec<u8>>> {
    let mut objects = Vec::new();
    let mut rest = pem;
    while let Some(start) = rest.find(BEGIN) {
        let (_, from_start) = rest.split_at_checked(start)?;
        let end = from_start.find(END)?;
        let (_, from_end) = from_start.split_at_checked(end.checked_add(END.len())?)?;
        let length = from_start
            .len()
            .checked_sub(from_end.len())?
            .checked_add(from_end.find(DASHES)?)?
            .checked_add(DASHES.len())?;
        let (object, behind) = from_start.split_at_checked(length)?;
        let mut decoder = Decoder::new_detect_wrap(object.as_bytes()).ok()?;
        if !labels.contains(&decoder.type_label()) {
            return None;
        }
        let mut octets = Vec::new();
        decoder.decode_to_end(&mut octets).ok()?;
        objects.push(octets);
        rest = behind;
    }
    Some(objects)
}

/// Returns the only object of a PEM file, or the octets themselves when they begin like DER.
pub(crate) fn only_object<'a>(octets: &'a [u8], labels: &[&str]) -> Option<Cow<'a, [u8]>> {
    if octets.first() == Some(&crate::der_reader::tag::SEQUENCE) {
        return Some(Cow::Borrowed(octets));
    }
    let mut objects = objects(std::str::from_utf8(octets).ok()?, labels)?.into_iter();
    match (objects.next(), objects.next()) {
        (Some(only), None) => Some(Cow::Owned(only)),
        (_, _) => None,
    }
}

/// Encodes one object, with a final newline.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    encode_string(label, LineEnding::LF, der)
        .expect("an object of bounded length and a valid label always encode")
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "\n-----END ";
const DASHES: &str = "-----";
