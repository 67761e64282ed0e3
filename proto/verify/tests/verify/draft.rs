//! Drafts of certificates: right by default, each part to be made wrong by a test.

use aws_lc_rs::digest::{SHA256, digest};
use ca_verify::Certificate;

use crate::der_writer::Criticality::{Critical, NotCritical};
use crate::der_writer::{Criticality, bits, element, extension, hexadecimal, name, oid, sequence};

pub(crate) const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
pub(crate) const KEY_USAGE: &str = "2.5.29.15";
pub(crate) const SUBJECT_ALT_NAME: &str = "2.5.29.17";
pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub(crate) const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
pub(crate) const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
pub(crate) const NAME_CONSTRAINTS: &str = "2.5.29.30";
pub(crate) const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
pub(crate) const AUTHORITY_INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.1";

pub(crate) const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
pub(crate) const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
pub(crate) const IPSEC_IKE: &str = "1.3.6.1.5.5.7.3.17";

pub(crate) const COMMON_NAME: &str = "2.5.4.3";
pub(crate) const ORGANIZATION: &str = "2.5.4.10";
pub(crate) const UTF8: u8 = 0x0c;

/// The parts of a `TBSCertificate`.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) version: Vec<u8>,
    pub(crate) serial: Vec<u8>,
    pub(crate) algorithm: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) not_before: Vec<u8>,
    pub(crate) not_after: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    pub(crate) unique_ids: Vec<u8>,
    pub(crate) extensions: Vec<(String, Vec<u8>)>,
}

impl Draft {
    /// A router below [`Draft::issuing_ca`].
    pub(crate) fn router() -> Self {
        let mut draft = Self::common(
            ca_name("Router CA"),
            name(&[(COMMON_NAME, UTF8, b"a.example.net")]),
            DEVICE_POINT,
        );
        draft.authority(CA_POINT);
        draft.set(KEY_USAGE, Critical, &[3, 2, 7, 0x80]);
        draft.purposes(&[SERVER_AUTH, CLIENT_AUTH, IPSEC_IKE]);
        draft.sans(&[(0x82, b"a.example.net")]);
        draft.urls(
            "http://pki.example.net/crl/x.crl",
            "http://pki.example.net/ca/x.cer",
        );
        draft
    }

    /// The CA of [`Draft::router`], below [`Draft::root`].
    pub(crate) fn issuing_ca() -> Self {
        let mut draft = Self::common(ca_name("Root CA"), ca_name("Router CA"), CA_POINT);
        draft.not_before = utc("260101000000Z");
        draft.not_after = utc("351231235959Z");
        draft.authority(ROOT_POINT);
        draft.set(KEY_USAGE, Critical, &[3, 2, 1, 6]);
        draft.set(BASIC_CONSTRAINTS, Critical, &[0x30, 6, 1, 1, 0xff, 2, 1, 0]);
        draft.urls(
            "http://pki.example.net/crl/r.crl",
            "http://pki.example.net/ca/r.cer",
        );
        draft
    }

    /// A root.
    pub(crate) fn root() -> Self {
        let mut draft = Self::common(ca_name("Root CA"), ca_name("Root CA"), ROOT_POINT);
        draft.not_before = utc("260101000000Z");
        draft.not_after = utc("451231235959Z");
        draft.authority(ROOT_POINT);
        draft.set(KEY_USAGE, Critical, &[3, 2, 1, 6]);
        draft.set(BASIC_CONSTRAINTS, Critical, &[0x30, 3, 1, 1, 0xff]);
        draft
    }

    fn common(issuer: Vec<u8>, subject: Vec<u8>, point: &str) -> Self {
        let mut draft = Self {
            version: element(0xa0, &[2, 1, 2]),
            serial: element(2, &[0x41; 16]),
            algorithm: ecdsa_sha256(),
            issuer,
            not_before: utc("261124080000Z"),
            not_after: utc("271226075959Z"),
            subject,
            public_key: p256(point),
            unique_ids: vec![],
            extensions: vec![],
        };
        let identifier = element(4, &key_identifier(point));
        draft.set(SUBJECT_KEY_IDENTIFIER, NotCritical, &identifier);
        draft
    }

    /// Sets or replaces an extension.
    pub(crate) fn set(&mut self, id: &str, criticality: Criticality, value: &[u8]) {
        self.remove(id);
        self.extensions
            .push((id.to_owned(), extension(id, criticality, value)));
    }

    pub(crate) fn remove(&mut self, id: &str) {
        self.extensions.retain(|(other, _)| other != id);
    }

    /// Writes an extension again, behind the others.
    pub(crate) fn repeat(&mut self, id: &str) {
        let again: Vec<_> = self
            .extensions
            .iter()
            .filter(|(other, _)| other == id)
            .cloned()
            .collect();
        self.extensions.extend(again);
    }

    pub(crate) fn authority(&mut self, point: &str) {
        let value = sequence(&[element(0x80, &key_identifier(point))]);
        self.set(AUTHORITY_KEY_IDENTIFIER, NotCritical, &value);
    }

    pub(crate) fn purposes(&mut self, purposes: &[&str]) {
        let list: Vec<_> = purposes.iter().map(|purpose| oid(purpose)).collect();
        self.set(EXTENDED_KEY_USAGE, NotCritical, &sequence(&list));
    }

    pub(crate) fn sans(&mut self, names: &[(u8, &[u8])]) {
        let list: Vec<_> = names
            .iter()
            .map(|(tag, value)| element(*tag, value))
            .collect();
        self.set(SUBJECT_ALT_NAME, NotCritical, &sequence(&list));
    }

    pub(crate) fn urls(&mut self, crl: &str, ca: &str) {
        self.set(CRL_DISTRIBUTION_POINTS, NotCritical, &crl_points(&[crl]));
        let access = sequence(&[oid("1.3.6.1.5.5.7.48.2"), element(0x86, ca.as_bytes())]);
        self.set(AUTHORITY_INFO_ACCESS, NotCritical, &sequence(&[access]));
    }

    /// Encodes the `TBSCertificate`.
    pub(crate) fn tbs(&self) -> Vec<u8> {
        let extensions: Vec<_> = self
            .extensions
            .iter()
            .map(|(_, octets)| octets.clone())
            .collect();
        let extensions = match extensions.as_slice() {
            [] => vec![],
            all => element(0xa3, &sequence(all)),
        };
        sequence(&[
            self.version.clone(),
            self.serial.clone(),
            self.algorithm.clone(),
            self.issuer.clone(),
            sequence(&[self.not_before.clone(), self.not_after.clone()]),
            self.subject.clone(),
            self.public_key.clone(),
            self.unique_ids.clone(),
            extensions,
        ])
    }

    /// Encodes a certificate whose signature is none.
    pub(crate) fn certificate_der(&self) -> Vec<u8> {
        sequence(&[self.tbs(), self.algorithm.clone(), bits(&[0; 8])])
    }

    pub(crate) fn certificate(&self) -> Certificate {
        Certificate::from_der(&self.certificate_der()).unwrap()
    }
}

/// Encodes CRL distribution points, one for each URL.
pub(crate) fn crl_points(urls: &[&str]) -> Vec<u8> {
    let points: Vec<_> = urls
        .iter()
        .map(|url| {
            let names = element(0xa0, &element(0x86, url.as_bytes()));
            sequence(&[element(0xa0, &names)])
        })
        .collect();
    sequence(&points)
}

pub(crate) fn ca_name(common_name: &str) -> Vec<u8> {
    name(&[
        (ORGANIZATION, UTF8, b"Example"),
        (COMMON_NAME, UTF8, common_name.as_bytes()),
    ])
}

pub(crate) fn utc(text: &str) -> Vec<u8> {
    element(0x17, text.as_bytes())
}

pub(crate) fn generalized(text: &str) -> Vec<u8> {
    element(0x18, text.as_bytes())
}

pub(crate) fn ecdsa_sha256() -> Vec<u8> {
    sequence(&[oid("1.2.840.10045.4.3.2")])
}

pub(crate) fn ec(curve: &str, point: &[u8]) -> Vec<u8> {
    let algorithm = sequence(&[oid("1.2.840.10045.2.1"), oid(curve)]);
    sequence(&[algorithm, bits(point)])
}

pub(crate) fn p256(point: &str) -> Vec<u8> {
    ec("1.2.840.10045.3.1.7", &hexadecimal(point))
}

/// Encodes an RSA key from the content octets of its modulus and exponent.
pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let algorithm = sequence(&[oid("1.2.840.113549.1.1.1"), vec![5, 0]]);
    let key = sequence(&[element(2, modulus), element(2, exponent)]);
    sequence(&[algorithm, bits(&key)])
}

/// RFC 7093 §2 method 1.
pub(crate) fn key_identifier(point: &str) -> Vec<u8> {
    digest(&SHA256, &hexadecimal(point)).as_ref()[..20].to_vec()
}

/// The generator of P-256, its negative, and its double: three points of the curve.
pub(crate) const DEVICE_POINT: &str = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
pub(crate) const CA_POINT: &str = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a";
pub(crate) const ROOT_POINT: &str = "047cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc4766997807775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1";
