//! Writes DER by hand, wrong where a test wants it.

pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut octets = vec![tag];
    match u8::try_from(length) {
        Ok(short @ 0..0x80) => octets.push(short),
        Ok(long) => octets.extend([0x81, long]),
        Err(_) => {
            let long = u16::try_from(length).unwrap();
            octets.push(0x82);
            octets.extend(long.to_be_bytes());
        }
    }
    octets.extend(content);
    octets
}

pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

pub(crate) fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x31, &parts.concat())
}

pub(crate) fn oid(text: &str) -> Vec<u8> {
    element(6, spki::ObjectIdentifier::new_unwrap(text).as_bytes())
}

pub(crate) fn bits(octets: &[u8]) -> Vec<u8> {
    element(3, &[&[0], octets].concat())
}

pub(crate) fn octets(octets: &[u8]) -> Vec<u8> {
    element(4, octets)
}

/// A name of common names, each in a string of this tag.
pub(crate) fn name(common_names: &[(u8, &[u8])]) -> Vec<u8> {
    let rdns: Vec<_> = common_names
        .iter()
        .map(|(tag, value)| set(&[sequence(&[oid("2.5.4.3"), element(*tag, value)])]))
        .collect();
    sequence(&rdns)
}

/// One extension, not critical.
pub(crate) fn extension(id: &str, value: &[u8]) -> Vec<u8> {
    sequence(&[oid(id), octets(value)])
}

/// The attribute that asks for extensions.
pub(crate) fn extension_request(extensions: &[Vec<u8>]) -> Vec<u8> {
    let values = set(&[sequence(extensions)]);
    sequence(&[oid("1.2.840.113549.1.9.14"), values])
}
