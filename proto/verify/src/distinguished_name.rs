//! Distinguished names (RFC 5280 §4.1.2.4).

use std::fmt;

use spki::ObjectIdentifier;

use crate::der_reader::{DerReader, MalformedDer, tag};
use crate::oid;

/// A distinguished name: its DER, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistinguishedName {
    der: Box<[u8]>,
    text: String,
    common_names: Vec<String>,
    email_addresses: Vec<String>,
}

impl DistinguishedName {
    /// Reads a `Name` from its DER.
    pub(crate) fn read(der: &[u8]) -> Result<Self, MalformedDer> {
        let mut text = String::new();
        let mut common_names = Vec::new();
        let mut email_addresses = Vec::new();
        for attribute in attributes(der)? {
            if !text.is_empty() {
                text.push_str(if attribute.begins { ", " } else { " + " });
            }
            let value = attribute.text();
            text.push_str(&short_name(attribute.oid));
            text.push('=');
            escape_into(&mut text, &value);
            if attribute.oid == oid::COMMON_NAME {
                common_names.push(value);
            } else if attribute.oid == oid::EMAIL_ADDRESS {
                email_addresses.push(value);
            }
        }
        Ok(Self {
            der: der.into(),
            text,
            common_names,
            email_addresses,
        })
    }

    /// Returns the DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Returns the name as text: `O=Example, CN=Example Root CA 2026-1`, with the escapes of RFC 4514, in the order of
    /// the certificate.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the common names.
    pub fn common_names(&self) -> &[String] {
        &self.common_names
    }

    /// Returns the common name when there is exactly one.
    pub fn common_name(&self) -> Option<&str> {
        match self.common_names.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Returns the `emailAddress` attributes, which old programs read as names.
    pub fn email_addresses(&self) -> &[String] {
        &self.email_addresses
    }

    /// Tells whether it has no attribute.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One attribute of a distinguished name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute<'a> {
    pub(crate) oid: ObjectIdentifier,
    /// The tag of the string.
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
    /// Whether it begins a relative distinguished name.
    pub(crate) begins: bool,
}

impl Attribute<'_> {
    /// Returns the value as text; one in an old encoding as its octets, so that it equals no name.
    pub(crate) fn text(&self) -> String {
        match (self.tag, std::str::from_utf8(self.value)) {
            (tag::UTF8_STRING, Ok(text)) => text.to_owned(),
            (tag::PRINTABLE_STRING | tag::IA5_STRING, Ok(text)) if text.is_ascii() => {
                text.to_owned()
            }
            (other, _) => {
                let octets = self.value.iter().map(|octet| format!("{octet:02x}"));
                std::iter::once(format!("#{other:02x}"))
                    .chain(octets)
                    .collect()
            }
        }
    }
}

/// Reads the attributes of a `Name`.
pub(crate) fn attributes(der: &[u8]) -> Result<Vec<Attribute<'_>>, MalformedDer> {
    let mut reader = DerReader::new(der, "distinguished name");
    let mut sequence = reader.sequence("distinguished name")?;
    reader.finish()?;
    let mut attributes = Vec::with_capacity(2);
    while !sequence.is_at_end() {
        let set = sequence.expect(tag::SET, "wanted a SET")?;
        let mut set = DerReader::new(set, "relative distinguished name");
        if set.is_at_end() {
            return Err(set.error("is an empty list"));
        }
        let mut begins = true;
        while !set.is_at_end() {
            let mut pair = set.sequence("attribute of a name")?;
            let oid = pair.object_identifier()?;
            let value = pair.element()?;
            pair.finish()?;
            attributes.push(Attribute {
                oid,
                tag: value.tag,
                value: value.content,
                begins,
            });
            begins = false;
        }
    }
    Ok(attributes)
}

fn short_name(attribute: ObjectIdentifier) -> String {
    match attribute {
        oid::COMMON_NAME => "CN".to_owned(),
        oid::ORGANIZATION => "O".to_owned(),
        oid::ORGANIZATIONAL_UNIT => "OU".to_owned(),
        oid::COUNTRY => "C".to_owned(),
        oid::LOCALITY => "L".to_owned(),
        oid::STATE => "ST".to_owned(),
        other => other.to_string(),
    }
}

/// Escapes what would change the meaning of the text (RFC 4514 §2.4), and control characters.
fn escape_into(text: &mut String, value: &str) {
    for (at, character) in value.chars().enumerate() {
        let at_start = at == 0 && matches!(character, ' ' | '#');
        if at_start || matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=') {
            text.push('\\');
            text.push(character);
        } else if character.is_control() {
            text.extend(character.escape_unicode());
        } else {
            text.push(character);
        }
    }
}
