//! Reading a file for `/certificate/import`: PEM, DER and PKCS#12.
//!
//! What is read and what is refused follows the RouterOS manual, Certificates: one file may mix
//! certificates and keys, PKCS#12 may be encrypted with AES or 3DES, a passphrase that does not
//! fit is counted and not reported as an error. A key may be PKCS#8 (plain, or PBES2 with PBKDF2
//! and AES-CBC), PKCS#1 or SEC1. What no source shows to work is a question of [`Skills`], or is
//! treated as not working: PBES1, scrypt and AES-GCM in PKCS#8.

use crate::x509::{self, CertificateFacts};
use aws_lc_rs::{
    cipher::{
        AES_128, AES_192, AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey,
    },
    pbkdf2,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use der::{
    Decode as _, Encode as _, Reader as _, SliceReader, Tag, TagNumber, Tagged as _,
    asn1::{Any, AnyRef, BitString, ObjectIdentifier, OctetString},
};
use p12_keystore::{Pkcs12Archive, error::Error as Pkcs12Error};
use pkcs8::{
    EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef,
    pkcs5::{
        EncryptionScheme,
        pbes2::{self, Kdf, Pbkdf2Prf},
    },
};
use spki::AlgorithmIdentifierOwned;
use std::{fmt, num::NonZeroU32};

/// One object of an imported file.
#[derive(Clone, PartialEq, Eq)]
pub enum Imported {
    /// A certificate.
    Certificate(Box<CertificateFacts>),
    /// A private key.
    Key {
        /// The key in PKCS#8, unencrypted.
        pkcs8: Vec<u8>,
        /// The `SubjectPublicKeyInfo` by which its certificate is found.
        spki: Vec<u8>,
    },
}

impl fmt::Debug for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(facts) => write!(f, "Certificate({})", facts.subject),
            Self::Key { spki, .. } => write!(f, "Key({})", x509::fingerprint(spki)),
        }
    }
}

/// What a router may be able to open: no source settles it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skills {
    /// Keys whose passphrase went through PBKDF2 with HMAC-SHA-256, or longer, and not HMAC-SHA-1.
    pub newer_prf: bool,
    /// PKCS#12 stores encrypted with 40-bit RC2.
    pub rc2: bool,
}

/// What one file held, and what could not be decrypted in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// In the order of the file.
    pub objects: Vec<Imported>,
    /// A PKCS#12 store without a passphrase, which routers were seen to take in by halves or not at all.
    pub is_open_store: bool,
    /// Keys or stores that the passphrase did not open.
    pub decryption_failures: u32,
    /// Keys that the passphrase opened.
    pub keys_decrypted: u32,
}

/// Reads every certificate and key of a file.
///
/// # Errors
/// Says what is wrong with a file that is none of the formats, or damaged.
pub fn read(octets: &[u8], passphrase: &str, skills: Skills) -> Result<Outcome, String> {
    let mut reader = Reader {
        passphrase,
        skills,
        outcome: Outcome::default(),
        rounds_left: MOST_ROUNDS,
    };
    match pem_blocks(octets)? {
        Some(blocks) => {
            for block in blocks {
                reader.add_pem(&block)?;
            }
        }
        None => reader.add_der(octets)?,
    }
    Ok(reader.outcome)
}

/// A file that is being read.
struct Reader<'a> {
    passphrase: &'a str,
    skills: Skills,
    outcome: Outcome,
    /// How many rounds of key derivation the rest of the file may take.
    rounds_left: u32,
}

impl Reader<'_> {
    fn add_pem(&mut self, block: &Block) -> Result<(), String> {
        let named =
            |error: String| format!("PEM block {} at line {}: {error}", block.label, block.line);
        match block.label.as_str() {
            "CERTIFICATE" | "X509 CERTIFICATE" => self.add_certificate(&block.der),
            "PRIVATE KEY" => self.add_key(block.der.clone()),
            "ENCRYPTED PRIVATE KEY" => self.add_encrypted_key(&block.der),
            // OpenSSL's own encryption of the PEM body, which nothing says RouterOS reads.
            "RSA PRIVATE KEY" | "EC PRIVATE KEY" if block.encrypted => {
                self.outcome.decryption_failures += 1;
                Ok(())
            }
            "RSA PRIVATE KEY" => pkcs8_of_pkcs1(&block.der).and_then(|key| self.add_key(key)),
            "EC PRIVATE KEY" => pkcs8_of_sec1(&block.der).and_then(|key| self.add_key(key)),
            "PKCS7" => self.add_bundle(&block.der),
            // Parameters before an EC key, requests and CRLs are no objects of the store.
            _ => Ok(()),
        }
        .map_err(named)
    }

    fn add_der(&mut self, der: &[u8]) -> Result<(), String> {
        if x509_cert::Certificate::from_der(der).is_ok() {
            self.add_certificate(der)
        } else if PrivateKeyInfoRef::try_from(der).is_ok() {
            self.add_key(der.to_vec())
        } else if EncryptedPrivateKeyInfoRef::try_from(der).is_ok() {
            self.add_encrypted_key(der)
        } else if let Ok(key) = pkcs8_of_pkcs1(der) {
            self.add_key(key)
        } else if let Ok(key) = pkcs8_of_sec1(der) {
            self.add_key(key)
        } else if bundled(der).is_some() {
            self.add_bundle(der)
        } else {
            self.add_store(der)
        }
    }

    /// Takes the certificates of a PKCS#7 file.
    fn add_bundle(&mut self, der: &[u8]) -> Result<(), String> {
        let bundled = bundled(der).ok_or("no certificates in PKCS#7")?;
        for certificate in bundled {
            self.add_certificate(&certificate)?;
        }
        Ok(())
    }

    fn add_certificate(&mut self, der: &[u8]) -> Result<(), String> {
        let facts = CertificateFacts::parse(der)?;
        self.outcome
            .objects
            .push(Imported::Certificate(Box::new(facts)));
        Ok(())
    }

    fn add_key(&mut self, pkcs8: Vec<u8>) -> Result<(), String> {
        let spki = x509::key_spki(&pkcs8)?;
        self.outcome.objects.push(Imported::Key { pkcs8, spki });
        Ok(())
    }

    fn add_encrypted_key(&mut self, der: &[u8]) -> Result<(), String> {
        let Some(key) = decrypted(der, self.passphrase, self.skills, &mut self.rounds_left) else {
            self.outcome.decryption_failures += 1;
            return Ok(());
        };
        self.add_key(key)?;
        self.outcome.keys_decrypted += 1;
        Ok(())
    }

    fn add_store(&mut self, der: &[u8]) -> Result<(), String> {
        let mut sum = rounds(der, 0);
        if sum <= u64::from(MOST_ROUNDS) {
            sum = sum.saturating_add(hidden_rounds(der, self.passphrase, 0));
        }
        if sum > u64::from(MOST_ROUNDS) {
            return Err(format!("PKCS#12 with {sum} rounds of key derivation"));
        }
        let has_rc2 = || {
            RC2_SCHEMES
                .iter()
                .any(|scheme| der.windows(scheme.len()).any(|part| part == scheme))
        };
        if !self.skills.rc2 && has_rc2() {
            self.outcome.decryption_failures += 1;
            return Ok(());
        }
        let archive = match Pkcs12Archive::from_pkcs12(der, self.passphrase) {
            Ok(archive) => archive,
            Err(
                Pkcs12Error::MacError(_)
                | Pkcs12Error::Pkcs5Error(_)
                | Pkcs12Error::UnpadError
                | Pkcs12Error::UnsupportedEncryptionScheme
                | Pkcs12Error::UnsupportedMacAlgorithm,
            ) => {
                self.outcome.decryption_failures += 1;
                return Ok(());
            }
            Err(error) => {
                return Err(format!(
                    "neither PEM, a DER certificate or key, nor PKCS#12: {error}"
                ));
            }
        };
        self.outcome.is_open_store = self.passphrase.is_empty();
        for bag in &archive.certs {
            self.add_certificate(bag.cert.as_der())?;
        }
        for bag in &archive.keys {
            self.add_key(bag.key.as_der().to_vec())?;
            self.outcome.keys_decrypted += 1;
        }
        Ok(())
    }
}

/// Opens an encrypted PKCS#8 key, or returns nothing.
fn decrypted(
    der: &[u8],
    passphrase: &str,
    skills: Skills,
    rounds_left: &mut u32,
) -> Option<Vec<u8>> {
    let info = EncryptedPrivateKeyInfoRef::try_from(der).ok()?;
    let EncryptionScheme::Pbes2(scheme) = &info.encryption_algorithm else {
        return None;
    };
    let Kdf::Pbkdf2(kdf) = &scheme.kdf else {
        return None;
    };
    let (cipher, length, iv) = match scheme.encryption {
        pbes2::EncryptionScheme::Aes128Cbc { iv } => (&AES_128, 16, iv),
        pbes2::EncryptionScheme::Aes192Cbc { iv } => (&AES_192, 24, iv),
        pbes2::EncryptionScheme::Aes256Cbc { iv } => (&AES_256, 32, iv),
        _ => return None,
    };
    let prf = match kdf.prf {
        Pbkdf2Prf::HmacWithSha1 => pbkdf2::PBKDF2_HMAC_SHA1,
        _ if !skills.newer_prf => return None,
        Pbkdf2Prf::HmacWithSha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        Pbkdf2Prf::HmacWithSha384 => pbkdf2::PBKDF2_HMAC_SHA384,
        Pbkdf2Prf::HmacWithSha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => return None,
    };
    let mut key = vec![0; length];
    let rounds = NonZeroU32::new(kdf.iteration_count)?;
    *rounds_left = rounds_left.checked_sub(rounds.get())?;
    pbkdf2::derive(
        prf,
        rounds,
        kdf.salt.as_ref(),
        passphrase.as_bytes(),
        &mut key,
    );
    let key =
        PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(cipher, &key).ok()?).ok()?;
    let mut octets = info.encrypted_data.as_bytes().to_vec();
    let plain = key
        .decrypt(&mut octets, DecryptionContext::Iv128(iv.into()))
        .ok()?
        .to_vec();
    // One wrong passphrase in 256 leaves valid padding behind.
    PrivateKeyInfoRef::try_from(plain.as_slice())
        .is_ok()
        .then_some(plain)
}

/// The certificates of `SignedData` (RFC 5652 §5.1), or nothing when it is something else.
fn bundled(der: &[u8]) -> Option<Vec<Vec<u8>>> {
    let content = ContentInfo::from_der(der).ok()?;
    if content.kind != SIGNED_DATA {
        return None;
    }
    let signed: Vec<Any> = content.content?.decode_as().ok()?;
    let certificates = signed
        .iter()
        .find(|part| part.tag() == CERTIFICATES)?
        .value();
    let mut rest = SliceReader::new(certificates).ok()?;
    let mut all = Vec::new();
    while !rest.is_finished() {
        all.push(rest.tlv_bytes().ok()?.to_vec());
    }
    Some(all)
}

/// The envelope of PKCS#7 (RFC 5652 §3).
#[derive(der::Sequence)]
struct ContentInfo {
    kind: ObjectIdentifier,
    #[asn1(context_specific = "0", optional = "true")]
    content: Option<Any>,
}

/// Wraps an RSA key (RFC 8017 §A.1.2) in PKCS#8.
fn pkcs8_of_pkcs1(der: &[u8]) -> Result<Vec<u8>, String> {
    let pkcs8 = wrapped(x509::RSA_ENCRYPTION, Any::null(), der)?;
    x509::key_spki(&pkcs8).map(|_| pkcs8)
}

/// Wraps an EC key (RFC 5915) in PKCS#8.
fn pkcs8_of_sec1(der: &[u8]) -> Result<Vec<u8>, String> {
    let key = EcPrivateKey::from_der(der).map_err(|error| format!("not an EC key: {error}"))?;
    let curve = key.parameters.ok_or("the EC key does not name its curve")?;
    wrapped(x509::EC_PUBLIC_KEY, Any::from(curve), der)
}

fn wrapped(oid: ObjectIdentifier, parameters: Any, key: &[u8]) -> Result<Vec<u8>, String> {
    x509::encoded(&OneAsymmetricKey {
        version: 0,
        algorithm: AlgorithmIdentifierOwned {
            oid,
            parameters: Some(parameters),
        },
        key: OctetString::new(key).map_err(|error| error.to_string())?,
    })
}

/// The fields of a PKCS#8 key that every version has (RFC 5958 §2).
#[derive(der::Sequence)]
struct OneAsymmetricKey {
    version: u8,
    algorithm: AlgorithmIdentifierOwned,
    key: OctetString,
}

/// The fields of an EC private key (RFC 5915 §3).
#[derive(der::Sequence)]
struct EcPrivateKey {
    version: u8,
    key: OctetString,
    #[asn1(context_specific = "0", optional = "true")]
    parameters: Option<ObjectIdentifier>,
    #[asn1(context_specific = "1", optional = "true")]
    public: Option<BitString>,
}

/// One PEM block.
struct Block {
    label: String,
    line: usize,
    encrypted: bool,
    der: Vec<u8>,
}

/// Splits PEM text; nothing when there is no block in it.
fn pem_blocks(octets: &[u8]) -> Result<Option<Vec<Block>>, String> {
    let Ok(text) = std::str::from_utf8(octets) else {
        return Ok(None);
    };
    let mut blocks = Vec::new();
    let mut open: Option<(Block, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        match (open.as_mut(), label(line, "-----BEGIN ")) {
            (None, Some(label)) => {
                let block = Block {
                    label: label.to_owned(),
                    line: index + 1,
                    encrypted: false,
                    der: Vec::new(),
                };
                open = Some((block, String::new()));
            }
            (None, None) => {}
            (Some((block, _)), Some(_)) => {
                return Err(format!("PEM block at line {} has no end", block.line));
            }
            (Some((block, body)), None) => {
                if label(line, "-----END ") == Some(block.label.as_str()) {
                    block.der = BASE64_STANDARD
                        .decode(body.as_bytes())
                        .map_err(|error| format!("PEM block at line {}: {error}", block.line))?;
                    blocks.extend(open.take().map(|(block, _)| block));
                } else if line.contains(':') {
                    block.encrypted |= line.ends_with("ENCRYPTED");
                } else {
                    body.push_str(line);
                }
            }
        }
    }
    match open {
        Some((block, _)) => Err(format!("PEM block at line {} has no end", block.line)),
        None if blocks.is_empty() => Ok(None),
        None => Ok(Some(blocks)),
    }
}

fn label<'a>(line: &'a str, begin: &str) -> Option<&'a str> {
    line.strip_prefix(begin)?.strip_suffix("-----")
}

/// Tells whether these are octets that hold a SEQUENCE and nothing else: any octets look like a little DER now and then.
fn holds_der(one: &AnyRef<'_>) -> bool {
    let held = || AnyRef::from_der(one.value());
    one.tag() == Tag::OctetString && held().is_ok_and(|held| held.tag() == Tag::Sequence)
}

/// Adds up the rounds of all key derivations that can be seen in a store: the number that follows a salt.
fn rounds(der: &[u8], depth: usize) -> u64 {
    let Ok(mut reader) = SliceReader::new(der) else {
        return 0;
    };
    let (mut sum, mut salted) = (0_u64, false);
    while let Ok(one) = AnyRef::decode(&mut reader) {
        match one.tag() {
            Tag::Integer if salted => {
                // What does not fit is far above any bound.
                let number = one.decode_as::<u64>().unwrap_or(u64::MAX);
                sum = sum.saturating_add(number);
            }
            tag if depth < DEEPEST && (tag.is_constructed() || holds_der(&one)) => {
                sum = sum.saturating_add(rounds(one.value(), depth + 1));
            }
            _ => {}
        }
        salted = one.tag() == Tag::OctetString;
    }
    sum
}

/// What a store keeps encrypted as a whole: bags, and encrypted keys among them (RFC 7292 §4).
#[derive(der::Sequence)]
struct EncryptedContent {
    kind: ObjectIdentifier,
    algorithm: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    content: OctetString,
}

/// Adds up the rounds behind another encryption, which is opened for it: only one with PBKDF2, so keys that lie behind
/// PBES1 or scrypt are bounded each, and not in sum.
fn hidden_rounds(der: &[u8], passphrase: &str, depth: usize) -> u64 {
    let Ok(mut reader) = SliceReader::new(der) else {
        return 0;
    };
    let mut sum = 0_u64;
    while let Ok(one) = AnyRef::decode(&mut reader) {
        let found = match one.decode_as::<EncryptedContent>() {
            Ok(content) => opened(&content, passphrase).map_or(0, |bags| rounds(&bags, 0)),
            Err(_) if depth < DEEPEST && (one.tag().is_constructed() || holds_der(&one)) => {
                hidden_rounds(one.value(), passphrase, depth + 1)
            }
            Err(_) => 0,
        };
        sum = sum.saturating_add(found);
    }
    sum
}

fn opened(content: &EncryptedContent, passphrase: &str) -> Option<Vec<u8>> {
    let scheme = content.algorithm.to_der().ok()?;
    let scheme = EncryptionScheme::from_der(&scheme).ok()?;
    let parameters = scheme.pbes2()?;
    // The work of scrypt is none that was counted.
    parameters.kdf.pbkdf2()?;
    let octets = content.content.as_bytes();
    parameters.decrypt(passphrase.as_bytes(), octets).ok()
}

/// How deep the parameters of a store lie at the most.
const DEEPEST: usize = 24;

/// The most rounds of key derivation in one file: more would keep the router busy for minutes.
const MOST_ROUNDS: u32 = 1_000_000;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

const CERTIFICATES: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(0),
};

/// `pbeWithSHAAnd128BitRC2-CBC` and `pbeWithSHAAnd40BitRC2-CBC` (RFC 7292 §C), encoded.
const RC2_SCHEMES: [[u8; 12]; 2] = [rc2(5), rc2(6)];

const fn rc2(arc: u8) -> [u8; 12] {
    [
        0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, arc,
    ]
}
