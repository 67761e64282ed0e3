//! Certificate revocation lists as the router reads and downloads them.
//!
//! The RouterOS manual, Certificates, limits what counts: downloads over plain http, lists that
//! are whole ("segmented" ones are unsupported), and signed by the CA of the chain itself.

use crate::x509::{self, CertificateFacts, SignedParts};
use der::{Decode as _, asn1::ObjectIdentifier, oid::AssociatedOid};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{Request, StatusCode, body::Bytes, header};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;
use x509_cert::{
    crl::CertificateList,
    ext::{
        Extension,
        pkix::{AuthorityKeyIdentifier, BaseCrlNumber, CrlNumber},
    },
};

/// Holds a CRL and everything a `/certificate/crl` row shows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlFacts {
    /// The list as it was read.
    pub der: Vec<u8>,
    /// The issuer name.
    pub issuer_der: Vec<u8>,
    /// The CRL number in decimal, or nothing.
    pub number: String,
    /// Serial numbers in lower-case hex, in the order of the list.
    pub revoked: Vec<String>,
    /// Seconds since 1970.
    pub this_update: i64,
    /// Seconds since 1970.
    pub next_update: i64,
    /// Authority key identifier in lower-case hex, or nothing.
    pub akid: String,
    /// SHA-256 of the DER in lower-case hex.
    pub fingerprint: String,
}

/// Reads one DER list.
///
/// # Errors
/// Says what is wrong with the list; being a part of a list, or a delta, is one such.
pub fn parse(der: &[u8]) -> Result<CrlFacts, String> {
    let list: CertificateList =
        CertificateList::from_der(der).map_err(|error| format!("not a CRL: {error}"))?;
    let tbs = list.tbs_cert_list;
    let extensions = tbs.crl_extensions.unwrap_or_default();
    if has(&extensions, ISSUING_DISTRIBUTION_POINT) {
        return Err("segmented CRLs are unsupported".to_owned());
    }
    if has(&extensions, BaseCrlNumber::OID) {
        return Err("delta CRLs are unsupported".to_owned());
    }
    if let Some(other) = extensions.iter().find(|extension| extension.critical) {
        return Err(format!(
            "critical extension {} is unsupported",
            other.extn_id
        ));
    }
    Ok(CrlFacts {
        der: der.to_vec(),
        issuer_der: x509::encoded(&tbs.issuer)?,
        number: extension::<CrlNumber>(&extensions)?
            .map_or_else(String::new, |number| decimal(number.0.as_bytes())),
        revoked: tbs
            .revoked_certificates
            .iter()
            .flatten()
            .map(|entry| x509::serial_hex(entry.serial_number.as_bytes()))
            .collect(),
        this_update: x509::unix_seconds(tbs.this_update),
        next_update: tbs
            .next_update
            .map(x509::unix_seconds)
            .ok_or("the CRL has no nextUpdate")?,
        akid: extension::<AuthorityKeyIdentifier>(&extensions)?
            .and_then(|id| id.key_identifier)
            .map_or_else(String::new, |id| x509::hex(id.as_bytes())),
        fingerprint: x509::fingerprint(der),
    })
}

impl CrlFacts {
    /// Tells whether `issuer` has the name of the list's issuer and the key that signed it.
    #[must_use]
    pub fn is_signed_by(&self, issuer: &CertificateFacts) -> bool {
        self.issuer_der == issuer.subject_der
            && SignedParts::from_der(&self.der)
                .is_ok_and(|parts| parts.is_signed_by(&issuer.spki_der))
    }
}

/// Fetches a URL once, over plain http and without following a redirect.
///
/// # Errors
/// Says what was wanted and what came: another scheme or status, more than 16 MiB, more than 10 s.
pub async fn download(url: &str) -> Result<Vec<u8>, String> {
    let (authority, path) = split_url(url)?;
    let within = tokio::time::timeout(TIME_LIMIT, get(&authority, &path)).await;
    let result = within.unwrap_or_else(|_| Err(format!("no answer within {TIME_LIMIT:?}")));
    result.map_err(|error| format!("{url}: {error}"))
}

async fn get(authority: &str, path: &str) -> Result<Vec<u8>, String> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (
            host,
            port.parse::<u16>()
                .map_err(|error| format!("port {port}: {error}"))?,
        ),
        _ => (authority, 80),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, port))
        .await
        .map_err(|error| error.to_string())?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let driver = tokio::spawn(connection);
    let request = Request::get(path)
        .header(header::HOST, authority)
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let fetched = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| error.to_string())?;
        if response.status() != StatusCode::OK {
            return Err(format!("wanted status 200, got {}", response.status()));
        }
        let body = Limited::new(response.into_body(), SIZE_LIMIT)
            .collect()
            .await;
        Ok(body.map_err(|error| error.to_string())?.to_bytes().to_vec())
    }
    .await;
    driver.abort();
    fetched
}

fn split_url(url: &str) -> Result<(String, String), String> {
    let rest = url
        .get(..7)
        .filter(|scheme| scheme.eq_ignore_ascii_case("http://"))
        .and_then(|_| url.get(7..))
        .ok_or_else(|| format!("{url}: only http is supported"))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.is_empty() || authority.contains('@') {
        return Err(format!("{url}: wanted a host after http://"));
    }
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    Ok((authority.to_owned(), path))
}

fn has(extensions: &[Extension], oid: ObjectIdentifier) -> bool {
    extensions.iter().any(|extension| extension.extn_id == oid)
}

fn extension<'a, T>(extensions: &'a [Extension]) -> Result<Option<T>, String>
where
    T: der::Decode<'a, Error = der::Error> + AssociatedOid,
{
    extensions
        .iter()
        .find(|extension| extension.extn_id == T::OID)
        .map(|extension| {
            T::from_der(extension.extn_value.as_bytes())
                .map_err(|error| format!("extension {}: {error}", T::OID))
        })
        .transpose()
}

/// Returns a big-endian number in decimal.
fn decimal(octets: &[u8]) -> String {
    let mut digits = vec![0_u8];
    for octet in octets {
        let mut carry = u32::from(*octet);
        for digit in &mut digits {
            carry += u32::from(*digit) * 256;
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits
        .iter()
        .rev()
        .map(|digit| char::from(b'0' + digit))
        .collect()
}

/// RFC 5280 §5.2.5; `x509-cert` gives its type the identifier of another extension.
const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
const TIME_LIMIT: Duration = Duration::from_secs(10);
const SIZE_LIMIT: usize = 16 << 20;
