//! What a router reads out of an X.509 certificate (RFC 5280) and shows in a `/certificate` row.

mod signature;

pub(crate) use signature::SignedParts;

use self::signature::{CURVES, curve_of, digest_word};
use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    signature::{EcdsaKeyPair, KeyPair as _},
};
use der::{
    Decode as _, Tag, Tagged as _,
    asn1::{Any, BitString, ObjectIdentifier},
};
use sha2::{Digest as _, Sha256};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use std::collections::BTreeSet;
use std::net::IpAddr;
use x509_cert::{
    Certificate,
    ext::pkix::{
        AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage,
        KeyUsage, KeyUsages, SubjectAltName, SubjectKeyIdentifier,
        name::{DistributionPointName, GeneralName},
    },
    name::Name,
};

/// Holds a certificate and everything the console prints about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The certificate as it was read.
    pub der: Vec<u8>,
    /// `K=V,K=V` in the order of the certificate.
    pub subject: String,
    /// `K=V,K=V` in the order of the certificate.
    pub issuer: String,
    /// The last common name of the subject, or nothing.
    pub common_name: String,
    /// Lower-case hex without the sign octet.
    pub serial_hex: String,
    /// SHA-256 of the DER in lower-case hex.
    pub fingerprint: String,
    /// Seconds since 1970.
    pub not_before: i64,
    /// Seconds since 1970; this second is still valid.
    pub not_after: i64,
    /// `rsa` or `ec`.
    pub key_type: &'static str,
    /// Bits of an RSA modulus (`2048`), or the curve (`prime256v1`, `secp384r1`, `secp521r1`).
    pub key_size: String,
    /// Key usages, then extended ones, in RouterOS words; those without a word are left out.
    pub key_usage: Vec<&'static str>,
    /// `DNS:a`, `IP:b`, `email:c` in the order of the certificate; other kinds are left out.
    pub subject_alt_name: Vec<String>,
    /// Subject key identifier in lower-case hex, or nothing.
    pub skid: String,
    /// Authority key identifier in lower-case hex, or nothing.
    pub akid: String,
    /// Whether the basic constraints say CA.
    pub is_ca: bool,
    /// Whether issuer and subject are equal and its own key verifies the signature.
    pub self_signed: bool,
    /// Every URI of the CRL distribution points.
    pub crl_urls: Vec<String>,
    /// The `SubjectPublicKeyInfo`.
    pub spki_der: Vec<u8>,
    /// The subject name.
    pub subject_der: Vec<u8>,
    /// The issuer name.
    pub issuer_der: Vec<u8>,
    /// `sha256` and so on, out of the signature algorithm.
    pub digest_algorithm: String,
    /// Length of the validity in days, rounded up.
    pub days_valid: i64,
    /// What a router may not know how to treat.
    pub peculiarities: Vec<Peculiarity>,
}

/// What no source says of how RouterOS treats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peculiarity {
    /// There are name constraints.
    NameConstraints,
    /// A critical extension is none of RFC 5280.
    UnknownCritical,
}

impl CertificateFacts {
    /// Reads one DER certificate.
    ///
    /// # Errors
    /// Says what is wrong with the certificate; a key that RouterOS has no type for is one such.
    pub fn parse(der: &[u8]) -> Result<Self, String> {
        let certificate =
            Certificate::from_der(der).map_err(|error| format!("not a certificate: {error}"))?;
        let tbs = certificate.tbs_certificate();
        let (key_type, key_size) = key_kind(tbs.subject_public_key_info())?;
        let not_before = unix_seconds(tbs.validity().not_before);
        let not_after = unix_seconds(tbs.validity().not_after);
        let facts = Self {
            der: der.to_vec(),
            subject: name_text(tbs.subject()),
            issuer: name_text(tbs.issuer()),
            common_name: common_name(tbs.subject()),
            serial_hex: serial_hex(tbs.serial_number().as_bytes()),
            fingerprint: fingerprint(der),
            not_before,
            not_after,
            key_type,
            key_size,
            key_usage: usages(tbs)?,
            subject_alt_name: extension::<SubjectAltName>(tbs)?.map_or_else(Vec::new, |names| {
                names.0.iter().filter_map(alt_name).collect()
            }),
            skid: extension::<SubjectKeyIdentifier>(tbs)?
                .map_or_else(String::new, |id| hex(id.0.as_bytes())),
            akid: extension::<AuthorityKeyIdentifier>(tbs)?
                .and_then(|id| id.key_identifier)
                .map_or_else(String::new, |id| hex(id.as_bytes())),
            is_ca: extension::<BasicConstraints>(tbs)?.is_some_and(|basic| basic.ca),
            self_signed: false,
            crl_urls: extension::<CrlDistributionPoints>(tbs)?
                .map_or_else(Vec::new, |points| crl_urls(&points)),
            spki_der: encoded(tbs.subject_public_key_info())?,
            subject_der: encoded(tbs.subject())?,
            issuer_der: encoded(tbs.issuer())?,
            digest_algorithm: digest_word(certificate.signature_algorithm().oid).to_owned(),
            days_valid: (not_after - not_before + DAY - 1).div_euclid(DAY),
            peculiarities: peculiarities(tbs),
        };
        Ok(Self {
            self_signed: facts.is_signed_by(&facts),
            ..facts
        })
    }

    /// Tells whether `issuer` has the name this certificate asks for and the key that signed it.
    ///
    /// RouterOS looks an issuer up by its name, so the key identifiers do not matter here.
    #[must_use]
    pub fn is_signed_by(&self, issuer: &Self) -> bool {
        self.issuer_der == issuer.subject_der
            && SignedParts::from_der(&self.der)
                .is_ok_and(|parts| parts.is_signed_by(&issuer.spki_der))
    }
}

/// Leaves out every CA whose name an earlier one has: RouterOS looks an issuer up by its name, takes the first that it
/// finds, and says that the signature is wrong when another one signed.
pub(crate) fn first_of_each_name<T>(
    all: impl IntoIterator<Item = T>,
    der: impl Fn(&T) -> &[u8],
) -> Vec<T> {
    let mut seen = BTreeSet::new();
    let is_first = |one: &T| {
        let facts = CertificateFacts::parse(der(one));
        facts.is_ok_and(|facts| !facts.is_ca || seen.insert(facts.subject_der))
    };
    all.into_iter().filter(is_first).collect()
}

/// Returns the `SubjectPublicKeyInfo` of a private key in PKCS#8.
///
/// # Errors
/// Says why the key is unusable, such as an algorithm other than RSA and ECDSA.
pub fn key_spki(pkcs8_der: &[u8]) -> Result<Vec<u8>, String> {
    let info = pkcs8::PrivateKeyInfoRef::try_from(pkcs8_der)
        .map_err(|error| format!("not a PKCS#8 key: {error}"))?;
    if info.algorithm.oid == RSA_ENCRYPTION {
        let key = RsaPrivateKey::from_der(info.private_key.as_bytes())
            .map_err(|error| format!("not an RSA key: {error}"))?;
        return key.spki();
    }
    if info.algorithm.oid != EC_PUBLIC_KEY {
        return Err(format!(
            "keys of algorithm {} are not known here",
            info.algorithm.oid
        ));
    }
    let public: Option<Vec<u8>> = CURVES.iter().find_map(|curve| {
        let pair = EcdsaKeyPair::from_private_key_der(curve.signing, pkcs8_der).ok()?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
        Some(public.as_ref().to_vec())
    });
    public.ok_or_else(|| "an EC key that does not fit to its curve".to_owned())
}

/// The size of a private key in PKCS#8, as `key-size` shows it.
pub(crate) fn key_size(pkcs8_der: &[u8]) -> Result<String, String> {
    let spki = SubjectPublicKeyInfoOwned::from_der(&key_spki(pkcs8_der)?)
        .map_err(|error| error.to_string())?;
    key_kind(&spki).map(|(_, size)| size)
}

/// The fields of an RSA private key (RFC 8017 §A.1.2).
#[derive(Debug, der::Sequence)]
struct RsaPrivateKey {
    version: u8,
    modulus: der::asn1::Uint,
    public_exponent: der::asn1::Uint,
    private_exponent: der::asn1::Uint,
    prime1: der::asn1::Uint,
    prime2: der::asn1::Uint,
    exponent1: der::asn1::Uint,
    exponent2: der::asn1::Uint,
    coefficient: der::asn1::Uint,
}

impl RsaPrivateKey {
    fn spki(self) -> Result<Vec<u8>, String> {
        let public = RsaPublicKey {
            modulus: self.modulus,
            exponent: self.public_exponent,
        };
        let spki = SubjectPublicKeyInfoOwned {
            algorithm: AlgorithmIdentifierOwned {
                oid: RSA_ENCRYPTION,
                parameters: Some(Any::null()),
            },
            subject_public_key: BitString::from_bytes(&encoded(&public)?)
                .map_err(|error| error.to_string())?,
        };
        encoded(&spki)
    }
}

/// The fields of an RSA public key (RFC 8017 §A.1.1).
#[derive(Debug, der::Sequence)]
struct RsaPublicKey {
    modulus: der::asn1::Uint,
    exponent: der::asn1::Uint,
}

/// Returns lower-case hex.
pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Returns a serial number in hex, without the octet that only keeps the number positive.
pub(crate) fn serial_hex(octets: &[u8]) -> String {
    match octets {
        [0, rest @ ..] if !rest.is_empty() => hex(rest),
        all => hex(all),
    }
}

/// Returns the SHA-256 of some DER in lower-case hex.
pub(crate) fn fingerprint(der: &[u8]) -> String {
    hex(&Sha256::digest(der))
}

/// Returns a time of a certificate or CRL in seconds since 1970.
pub(crate) fn unix_seconds(time: x509_cert::time::Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
}

/// Encodes, with the error as text.
pub(crate) fn encoded(value: &impl der::Encode) -> Result<Vec<u8>, String> {
    value.to_der().map_err(|error| error.to_string())
}

fn peculiarities(tbs: &x509_cert::TbsCertificate) -> Vec<Peculiarity> {
    let all = tbs.extensions().into_iter().flatten();
    all.filter_map(|one| {
        let is_standard = one.extn_id.as_bytes().starts_with(&STANDARD_ARC);
        if one.extn_id == NAME_CONSTRAINTS {
            Some(Peculiarity::NameConstraints)
        } else {
            (one.critical && !is_standard).then_some(Peculiarity::UnknownCritical)
        }
    })
    .collect()
}

fn extension<'a, T>(tbs: &'a x509_cert::TbsCertificate) -> Result<Option<T>, String>
where
    T: der::Decode<'a, Error = der::Error> + der::oid::AssociatedOid,
{
    tbs.get_extension::<T>()
        .map(|found| found.map(|(_, value)| value))
        .map_err(|error| format!("extension {}: {error}", T::OID))
}

/// Tells whether a `SubjectPublicKeyInfo` is that of an RSA key.
pub(crate) fn is_rsa(spki: &[u8]) -> bool {
    SubjectPublicKeyInfoOwned::from_der(spki).is_ok_and(|spki| spki.algorithm.oid == RSA_ENCRYPTION)
}

pub(crate) fn key_kind(spki: &SubjectPublicKeyInfoOwned) -> Result<(&'static str, String), String> {
    let oid = spki.algorithm.oid;
    if oid == RSA_ENCRYPTION {
        let key = spki
            .subject_public_key
            .as_bytes()
            .and_then(|octets| RsaPublicKey::from_der(octets).ok())
            .ok_or("the RSA key is damaged")?;
        let octets = key.modulus.as_bytes();
        let unused = octets
            .first()
            .map_or(0, |first| first.leading_zeros() as usize);
        return Ok(("rsa", (octets.len() * 8 - unused).to_string()));
    }
    if oid != EC_PUBLIC_KEY {
        return Err(format!("RouterOS has no key type for algorithm {oid}"));
    }
    let curve = curve_of(spki).ok_or("RouterOS has no key size for this curve")?;
    Ok(("ec", curve.word.to_owned()))
}

fn usages(tbs: &x509_cert::TbsCertificate) -> Result<Vec<&'static str>, String> {
    let mut words = Vec::new();
    if let Some(usage) = extension::<KeyUsage>(tbs)? {
        words.extend(
            KEY_USAGES
                .iter()
                .filter(|(flag, _)| usage.0.contains(*flag))
                .map(|(_, word)| *word),
        );
    }
    if let Some(purposes) = extension::<ExtendedKeyUsage>(tbs)? {
        words.extend(purposes.0.iter().filter_map(|oid| {
            PURPOSES
                .iter()
                .find(|(known, _)| known == oid)
                .map(|(_, word)| *word)
        }));
    }
    Ok(words)
}

pub(crate) fn alt_name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(format!("DNS:{name}")),
        GeneralName::Rfc822Name(name) => Some(format!("email:{name}")),
        GeneralName::IpAddress(octets) => {
            let address = match octets.as_bytes().len() {
                4 => IpAddr::from(<[u8; 4]>::try_from(octets.as_bytes()).ok()?),
                16 => IpAddr::from(<[u8; 16]>::try_from(octets.as_bytes()).ok()?),
                _ => return None,
            };
            Some(format!("IP:{address}"))
        }
        GeneralName::OtherName(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::EdiPartyName(_)
        | GeneralName::UniformResourceIdentifier(_)
        | GeneralName::RegisteredId(_) => None,
    }
}

fn crl_urls(points: &CrlDistributionPoints) -> Vec<String> {
    let mut urls = Vec::new();
    for point in &points.0 {
        if let Some(DistributionPointName::FullName(names)) = &point.distribution_point {
            urls.extend(names.iter().filter_map(|name| match name {
                GeneralName::UniformResourceIdentifier(url) => Some(url.to_string()),
                _ => None,
            }));
        }
    }
    urls
}

fn name_text(name: &Name) -> String {
    let parts: Vec<String> = name
        .iter()
        .map(|part| {
            let key = ATTRIBUTES
                .iter()
                .find(|(oid, _)| *oid == part.oid)
                .map_or_else(|| part.oid.to_string(), |(_, word)| (*word).to_owned());
            format!("{key}={}", attribute_text(&part.value))
        })
        .collect();
    parts.join(",")
}

pub(crate) fn common_name(name: &Name) -> String {
    name.iter()
        .filter(|part| part.oid == COMMON_NAME)
        .last()
        .map_or_else(String::new, |part| attribute_text(&part.value))
}

fn attribute_text(value: &Any) -> String {
    if value.tag() == Tag::BmpString {
        let units: Vec<u16> = value
            .value()
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| u16::from_be_bytes(*pair))
            .collect();
        return String::from_utf16_lossy(&units);
    }
    String::from_utf8_lossy(value.value()).into_owned()
}

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const DAY: i64 = 86_400;
pub(crate) const RSA_ENCRYPTION: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
pub(crate) const EC_PUBLIC_KEY: ObjectIdentifier = oid("1.2.840.10045.2.1");
const NAME_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.30");
/// What the identifiers of RFC 5280 begin with: 2.5.29.
const STANDARD_ARC: [u8; 2] = [0x55, 0x1d];
const COMMON_NAME: ObjectIdentifier = oid("2.5.4.3");

const ATTRIBUTES: [(ObjectIdentifier, &str); 9] = [
    (COMMON_NAME, "CN"),
    (oid("2.5.4.6"), "C"),
    (oid("2.5.4.7"), "L"),
    (oid("2.5.4.8"), "ST"),
    (oid("2.5.4.10"), "O"),
    (oid("2.5.4.11"), "OU"),
    (oid("2.5.4.5"), "serialNumber"),
    (oid("1.2.840.113549.1.9.1"), "emailAddress"),
    (oid("0.9.2342.19200300.100.1.25"), "DC"),
];

const KEY_USAGES: [(KeyUsages, &str); 9] = [
    (KeyUsages::DigitalSignature, "digital-signature"),
    (KeyUsages::NonRepudiation, "content-commitment"),
    (KeyUsages::KeyEncipherment, "key-encipherment"),
    (KeyUsages::DataEncipherment, "data-encipherment"),
    (KeyUsages::KeyAgreement, "key-agreement"),
    (KeyUsages::KeyCertSign, "key-cert-sign"),
    (KeyUsages::CRLSign, "crl-sign"),
    (KeyUsages::EncipherOnly, "encipher-only"),
    (KeyUsages::DecipherOnly, "decipher-only"),
];

const PURPOSES: [(ObjectIdentifier, &str); 10] = [
    (oid("1.3.6.1.5.5.7.3.1"), "tls-server"),
    (oid("1.3.6.1.5.5.7.3.2"), "tls-client"),
    (oid("1.3.6.1.5.5.7.3.3"), "code-sign"),
    (oid("1.3.6.1.5.5.7.3.4"), "email-protect"),
    (oid("1.3.6.1.5.5.7.3.5"), "ipsec-end-system"),
    (oid("1.3.6.1.5.5.7.3.6"), "ipsec-tunnel"),
    (oid("1.3.6.1.5.5.7.3.7"), "ipsec-user"),
    (oid("1.3.6.1.5.5.7.3.8"), "timestamp"),
    (oid("1.3.6.1.5.5.7.3.9"), "ocsp-sign"),
    (oid("1.3.6.1.5.5.7.3.10"), "dvcs"),
];
