//! Certificates, requests and CRLs that the router makes itself, from templates of `/certificate`.

mod digest;
mod key;
mod request;

pub use digest::Digest;
pub use request::{RequestedKey, read as read_request};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose,
    PublicKeyData, RevokedCertParams, SanType, SerialNumber,
};
use std::time::Duration;

use self::key::OwnKey;

/// A template row of `/certificate`, ready to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The common name of subject and issuer.
    pub common_name: String,
    /// `DNS:a`, `IP:b` or `email:c`.
    pub san: Vec<String>,
    /// RouterOS words, key usages and extended ones mixed.
    pub key_usage: Vec<String>,
    /// Length of the validity.
    pub days: i64,
    /// Bits of an RSA key, 1024, 1536, 2048, 4096 or 8192, or of a curve, 256, 384 or 521.
    pub key_size: u32,
    /// What an RSA key signs it with; a curve has a digest of its own.
    pub digest: Digest,
    /// The organization, if any.
    pub organization: Option<String>,
    /// Whether the certificate may issue others.
    pub is_ca: bool,
}

/// A certificate authority of this router.
#[derive(Debug)]
pub struct Authority {
    /// The template of its certificate.
    pub template: Template,
    /// Its key in PKCS#8.
    pub key: Vec<u8>,
    /// Where its CRL is published, if anywhere.
    pub crl_url: Option<String>,
}

/// A certificate that an authority has revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The serial number.
    pub serial: Vec<u8>,
    /// Seconds since 1970.
    pub at: i64,
}

/// Makes a key and a certificate for it, signed by itself from `now` on.
///
/// Returns the certificate and the key in PKCS#8. As in the rows of a real router, there is a
/// subject key identifier and no authority key identifier.
///
/// # Errors
/// Names the value of the template that cannot be used.
pub fn self_sign(
    template: &Template,
    crl_url: Option<&str>,
    now: i64,
) -> Result<(Vec<u8>, Vec<u8>), String> {
    let key = OwnKey::generate(template.key_size)?.with(template.digest)?;
    let certificate = params(template, crl_url, now)?
        .self_signed(&key)
        .map_err(|error| error.to_string())?;
    Ok((certificate.der().to_vec(), key.pkcs8()?))
}

impl Authority {
    /// Makes a key and a certificate for it.
    ///
    /// # Errors
    /// Names the value of the template that cannot be used.
    pub fn issue(&self, template: &Template, now: i64) -> Result<(Vec<u8>, Vec<u8>), String> {
        let key = OwnKey::generate(template.key_size)?;
        let der = self.certify(template, &key, now)?;
        Ok((der, key.pkcs8()?))
    }

    /// Makes a certificate for the key of a request.
    ///
    /// # Errors
    /// Names the value of the template that cannot be used.
    pub fn certify(
        &self,
        template: &Template,
        key: &impl PublicKeyData,
        now: i64,
    ) -> Result<Vec<u8>, String> {
        let mut params = params(template, self.crl_url.as_deref(), now)?;
        params.use_authority_key_identifier_extension = true;
        let certificate = params
            .signed_by(key, &self.issuer(now, template.digest)?)
            .map_err(|error| error.to_string())?;
        Ok(certificate.der().to_vec())
    }

    /// Makes a CRL of a time, good for a week; its number is the time, so it never goes back.
    ///
    /// # Errors
    /// Says what could not be signed.
    pub fn revocation_list(&self, revoked: &[Revoked], now: i64) -> Result<Vec<u8>, String> {
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let at = |seconds: i64| Ok::<_, String>(epoch + since_1970(seconds)?);
        let revoked_certs = revoked
            .iter()
            .map(|one| {
                Ok(RevokedCertParams {
                    serial_number: SerialNumber::from(one.serial.clone()),
                    revocation_time: at(one.at)?,
                    reason_code: None,
                    invalidity_date: None,
                })
            })
            .collect::<Result<_, String>>()?;
        let list = CertificateRevocationListParams {
            this_update: at(now)?,
            next_update: at(now.saturating_add(7 * 86_400))?,
            crl_number: SerialNumber::from(u64::try_from(now).unwrap_or(1)),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let signed = list
            .signed_by(&self.issuer(now, Digest::Sha256)?)
            .map_err(|error| error.to_string())?;
        Ok(signed.der().to_vec())
    }

    fn issuer(&self, now: i64, digest: Digest) -> Result<Issuer<'static, OwnKey>, String> {
        let key = OwnKey::read(&self.key)?.with(digest)?;
        Ok(Issuer::new(params(&self.template, None, now)?, key))
    }
}

/// Makes a key and a request for it; returns both in PEM.
///
/// # Errors
/// Names the value of the template that cannot be used.
pub fn make_request(template: &Template, now: i64) -> Result<(String, Vec<u8>), String> {
    let key = OwnKey::generate(template.key_size)?.with(template.digest)?;
    let mut params = params(template, None, now)?;
    params.is_ca = IsCa::NoCa;
    let request = params
        .serialize_request(&key)
        .and_then(|request| request.pem())
        .map_err(|error| error.to_string())?;
    Ok((request, key.pkcs8()?))
}

fn params(
    template: &Template,
    crl_url: Option<&str>,
    now: i64,
) -> Result<CertificateParams, String> {
    let mut params = CertificateParams::default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_1970(now)?;
    let end = now.saturating_add(template.days.saturating_mul(86_400));
    params.not_after = epoch + since_1970(end)?;
    params.distinguished_name = DistinguishedName::new();
    if let Some(organization) = &template.organization {
        params
            .distinguished_name
            .push(DnType::OrganizationName, organization.as_str());
    }
    params
        .distinguished_name
        .push(DnType::CommonName, template.common_name.as_str());
    params.is_ca = if template.is_ca {
        IsCa::Ca(BasicConstraints::Unconstrained)
    } else {
        IsCa::ExplicitNoCa
    };
    params.subject_alt_names = template
        .san
        .iter()
        .map(|name| alt_name(name))
        .collect::<Result<_, _>>()?;
    for word in &template.key_usage {
        match usage(word)? {
            Usage::Key(usage) => params.key_usages.push(usage),
            Usage::Extended(purpose) => params.insert_extended_key_usage(purpose),
        }
    }
    params.crl_distribution_points = crl_url
        .map(|url| CrlDistributionPoint {
            uris: vec![url.to_owned()],
        })
        .into_iter()
        .collect();
    Ok(params)
}

enum Usage {
    Key(KeyUsagePurpose),
    Extended(ExtendedKeyUsagePurpose),
}

fn usage(word: &str) -> Result<Usage, String> {
    Ok(match word {
        "digital-signature" => Usage::Key(KeyUsagePurpose::DigitalSignature),
        "content-commitment" => Usage::Key(KeyUsagePurpose::ContentCommitment),
        "key-encipherment" => Usage::Key(KeyUsagePurpose::KeyEncipherment),
        "data-encipherment" => Usage::Key(KeyUsagePurpose::DataEncipherment),
        "key-agreement" => Usage::Key(KeyUsagePurpose::KeyAgreement),
        "key-cert-sign" => Usage::Key(KeyUsagePurpose::KeyCertSign),
        "crl-sign" => Usage::Key(KeyUsagePurpose::CrlSign),
        "encipher-only" => Usage::Key(KeyUsagePurpose::EncipherOnly),
        "decipher-only" => Usage::Key(KeyUsagePurpose::DecipherOnly),
        "tls-server" => Usage::Extended(ExtendedKeyUsagePurpose::ServerAuth),
        "tls-client" => Usage::Extended(ExtendedKeyUsagePurpose::ClientAuth),
        "code-sign" => Usage::Extended(ExtendedKeyUsagePurpose::CodeSigning),
        "email-protect" => Usage::Extended(ExtendedKeyUsagePurpose::EmailProtection),
        "timestamp" => Usage::Extended(ExtendedKeyUsagePurpose::TimeStamping),
        "ocsp-sign" => Usage::Extended(ExtendedKeyUsagePurpose::OcspSigning),
        "dvcs" => Usage::Extended(ExtendedKeyUsagePurpose::Other(vec![
            1, 3, 6, 1, 5, 5, 7, 3, 10,
        ])),
        other => return Err(format!("key-usage {other} is not a RouterOS word")),
    })
}

fn alt_name(text: &str) -> Result<SanType, String> {
    let wrong = || format!("subject-alt-name {text}: wanted DNS:, IP: or email: and a value");
    let (kind, value) = text.split_once(':').ok_or_else(wrong)?;
    match kind {
        "DNS" => value.try_into().map(SanType::DnsName).map_err(|_| wrong()),
        "email" => value
            .try_into()
            .map(SanType::Rfc822Name)
            .map_err(|_| wrong()),
        "IP" => value.parse().map(SanType::IpAddress).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

/// Returns how long after 1970 a time is; it must be one that a certificate can carry.
fn since_1970(seconds: i64) -> Result<Duration, String> {
    let seconds = u64::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds <= LAST_SECOND);
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| "a time outside of 1970 to 9999".to_owned())
}

/// The last second of the year 9999 (RFC 5280 §4.1.2.5).
const LAST_SECOND: u64 = 253_402_300_799;
