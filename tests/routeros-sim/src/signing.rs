//! Certificates that the router makes for itself: `/certificate/sign` of a template.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, SanType,
};
use std::time::Duration;

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
    /// Bits of the RSA key: 2048 or 4096.
    pub key_size: u32,
    /// The organization, if any.
    pub organization: Option<String>,
    /// Whether the certificate may issue others.
    pub is_ca: bool,
}

/// Makes an RSA key and a certificate for it, signed by itself from `now` on.
///
/// Returns the certificate and the key in PKCS#8. As in the rows of a real router, there is a
/// subject key identifier and no authority key identifier.
///
/// # Errors
/// Names the value of the template that cannot be used.
pub fn self_sign(template: &Template, now: i64) -> Result<(Vec<u8>, Vec<u8>), String> {
    let size = match template.key_size {
        2048 => RsaKeySize::_2048,
        4096 => RsaKeySize::_4096,
        other => {
            return Err(format!(
                "key-size {other} cannot be generated here: 2048 or 4096"
            ));
        }
    };
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
    let key =
        KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).map_err(|error| error.to_string())?;
    let certificate = params
        .self_signed(&key)
        .map_err(|error| error.to_string())?;
    Ok((certificate.der().to_vec(), key.serialize_der()))
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
