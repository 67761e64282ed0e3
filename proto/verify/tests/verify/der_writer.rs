//! Writes DER by hand, wrong where a test wants it.

pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut octets = vec![tag];
    match u8::try_from(length) {
        Ok(short @ 0..0x80) => octets.push(short),
        Ok(long) => octets.extend([0x81, long]),
        Err(_) => {
            let long = u32::try_from(length).unwrap().to_be_bytes();
            let digits: Vec<_> = long.into_iter().skip_while(|digit| *digit == 0).collect();
            octets.push(0x80 | u8::try_from(digits.len()).unwrap());
            octets.extend(digits);
        }
    }
    octets.extend(content);
    octets
}

pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

pub(crate) fn oid(text: &str) -> Vec<u8> {
    element(6, spki::ObjectIdentifier::new_unwrap(text).as_bytes())
}

pub(crate) fn bits(octets: &[u8]) -> Vec<u8> {
    element(3, &[&[0], octets].concat())
}

pub(crate) fn hexadecimal(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// A name of attributes: object identifier, tag of the string, value.
pub(crate) fn name(attributes: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let sets: Vec<_> = attributes
        .iter()
        .map(|(id, tag, value)| element(0x31, &sequence(&[oid(id), element(*tag, value)])))
        .collect();
    sequence(&sets)
}

/// One extension; a default value is left out.
pub(crate) fn extension(id: &str, criticality: Criticality, value: &[u8]) -> Vec<u8> {
    let critical = match criticality {
        Criticality::Critical => vec![1, 1, 0xff],
        Criticality::NotCritical => vec![],
    };
    sequence(&[oid(id), critical, element(4, value)])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Criticality {
    Critical,
    NotCritical,
}
