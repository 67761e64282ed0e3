//! Extensions (RFC 5280 §4.2).

use spki::ObjectIdentifier;

use crate::der_reader::{DerReader, MalformedDer, tag};

/// One extension, its value unread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extension<'a> {
    pub(crate) oid: ObjectIdentifier,
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
}

/// A list of extensions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extensions<'a>(pub(crate) Vec<Extension<'a>>);

impl<'a> Extensions<'a> {
    /// Reads `Extensions`: a SEQUENCE with at least one.
    pub(crate) fn read(reader: &mut DerReader<'a>) -> Result<Self, MalformedDer> {
        let mut list = reader.sequence("extensions")?;
        if list.is_at_end() {
            return Err(list.error("is an empty list"));
        }
        let mut extensions = Vec::with_capacity(8);
        while !list.is_at_end() {
            let mut extension = list.sequence("extension")?;
            extensions.push(Extension {
                oid: extension.object_identifier()?,
                critical: extension.optional_true()?,
                value: extension.octet_string()?,
            });
            extension.finish()?;
        }
        Ok(Self(extensions))
    }

    /// Reads an optional `[number] EXPLICIT Extensions`.
    pub(crate) fn read_tagged(
        reader: &mut DerReader<'a>,
        number: u8,
    ) -> Result<Self, MalformedDer> {
        match reader.optional(tag::context_constructed(number))? {
            None => Ok(Self::default()),
            Some(element) => {
                let mut inside = DerReader::new(element.content, "extensions");
                let extensions = Self::read(&mut inside)?;
                inside.finish()?;
                Ok(extensions)
            }
        }
    }

    /// Finds the first extension of this kind.
    pub(crate) fn find(&self, oid: ObjectIdentifier) -> Option<Extension<'a>> {
        self.0
            .iter()
            .copied()
            .find(|extension| extension.oid == oid)
    }

    /// Finds an extension that stands there twice.
    pub(crate) fn duplicate(&self) -> Option<ObjectIdentifier> {
        self.0.iter().enumerate().find_map(|(at, extension)| {
            self.0
                .iter()
                .take(at)
                .any(|earlier| earlier.oid == extension.oid)
                .then_some(extension.oid)
        })
    }
}

/// Reads a key identifier extension: an OCTET STRING.
pub(crate) fn subject_key_identifier(value: &[u8]) -> Result<&[u8], MalformedDer> {
    let mut reader = DerReader::new(value, "subject key identifier");
    let identifier = reader.octet_string()?;
    reader.finish()?;
    Ok(identifier)
}

/// `AuthorityKeyIdentifier` (RFC 5280 §4.2.1.1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct AuthorityKeyIdentifier<'a> {
    pub(crate) key_identifier: Option<&'a [u8]>,
    /// Whether the issuer is named by its own issuer and serial number too.
    pub(crate) names_issuer: bool,
}

impl<'a> AuthorityKeyIdentifier<'a> {
    pub(crate) fn read(value: &'a [u8]) -> Result<Self, MalformedDer> {
        let mut reader = DerReader::new(value, "authority key identifier");
        let mut fields = reader.sequence("authority key identifier")?;
        reader.finish()?;
        let key_identifier = fields.optional(tag::context(0))?;
        let issuer = fields.optional(tag::context_constructed(1))?;
        let serial = fields.optional(tag::context(2))?;
        fields.finish()?;
        Ok(Self {
            key_identifier: key_identifier.map(|element| element.content),
            names_issuer: issuer.is_some() || serial.is_some(),
        })
    }
}

/// Reads `ExtKeyUsageSyntax`: at least one purpose.
pub(crate) fn extended_key_usage(value: &[u8]) -> Result<Vec<ObjectIdentifier>, MalformedDer> {
    let mut reader = DerReader::new(value, "extended key usage");
    let mut list = reader.sequence("extended key usage")?;
    reader.finish()?;
    if list.is_at_end() {
        return Err(list.error("is an empty list"));
    }
    let mut purposes = Vec::with_capacity(4);
    while !list.is_at_end() {
        purposes.push(list.object_identifier()?);
    }
    Ok(purposes)
}

/// `BasicConstraints` (RFC 5280 §4.2.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the subject is a CA.
    pub ca: bool,
    /// How many CAs may follow.
    pub path_len: Option<u64>,
}

impl BasicConstraints {
    pub(crate) fn read(value: &[u8]) -> Result<Self, MalformedDer> {
        let mut reader = DerReader::new(value, "basic constraints");
        let mut fields = reader.sequence("basic constraints")?;
        reader.finish()?;
        let ca = fields.optional_true()?;
        let path_len = if fields.is_at_end() {
            None
        } else {
            Some(fields.small_integer()?)
        };
        fields.finish()?;
        Ok(Self { ca, path_len })
    }
}

/// The URLs of an extension, and whether it holds nothing else.
#[derive(Debug, Clone, Default)]
pub(crate) struct Urls<'a> {
    pub(crate) urls: Vec<&'a str>,
    pub(crate) plain: bool,
}

/// Reads `CRLDistributionPoints` (RFC 5280 §4.2.1.13).
pub(crate) fn distribution_points(value: &[u8]) -> Result<Urls<'_>, MalformedDer> {
    let mut reader = DerReader::new(value, "CRL distribution points");
    let mut list = reader.sequence("CRL distribution points")?;
    reader.finish()?;
    if list.is_at_end() {
        return Err(list.error("is an empty list"));
    }
    let mut found = Urls {
        urls: Vec::with_capacity(1),
        plain: true,
    };
    while !list.is_at_end() {
        let mut point = list.sequence("CRL distribution point")?;
        let name = point.optional(tag::context_constructed(0))?;
        let reasons = point.optional(tag::context(1))?;
        let issuer = point.optional(tag::context_constructed(2))?;
        point.finish()?;
        if reasons.is_some() || issuer.is_some() {
            found.plain = false;
        }
        let Some(name) = name else {
            found.plain = false;
            continue;
        };
        let mut name = DerReader::new(name.content, "CRL distribution point");
        match name.optional(tag::context_constructed(0))? {
            Some(full) => read_urls(full.content, "CRL distribution point", &mut found)?,
            None => {
                name.element()?;
                found.plain = false;
            }
        }
        name.finish()?;
    }
    Ok(found)
}

/// Reads the `caIssuers` of `AuthorityInfoAccessSyntax` (RFC 5280 §4.2.2.1).
pub(crate) fn ca_issuers(value: &[u8]) -> Result<Urls<'_>, MalformedDer> {
    let mut reader = DerReader::new(value, "authority information access");
    let mut list = reader.sequence("authority information access")?;
    reader.finish()?;
    if list.is_at_end() {
        return Err(list.error("is an empty list"));
    }
    let mut found = Urls {
        urls: Vec::with_capacity(1),
        plain: true,
    };
    while !list.is_at_end() {
        let mut description = list.sequence("authority information access")?;
        let method = description.object_identifier()?;
        let location = description.element()?;
        description.finish()?;
        if method == crate::oid::CA_ISSUERS {
            read_urls(location.octets, "authority information access", &mut found)?;
        } else {
            found.plain = false;
        }
    }
    Ok(found)
}

fn read_urls<'a>(
    names: &'a [u8],
    place: &'static str,
    found: &mut Urls<'a>,
) -> Result<(), MalformedDer> {
    let mut reader = DerReader::new(names, place);
    while !reader.is_at_end() {
        let name = reader.element()?;
        if name.tag != tag::context(6) {
            found.plain = false;
            continue;
        }
        match std::str::from_utf8(name.content) {
            Ok(url) if url.is_ascii() => found.urls.push(url),
            Ok(_) | Err(_) => return Err(reader.error("has a URL that is not ASCII")),
        }
    }
    Ok(())
}
