//! Every published CRL, fetched as a router would.

use ca_core::IssuerUrls;
use ca_types::{IssuerClass, UnixTime};
use ca_verify::CertificateList;
use sha2::{Digest as _, Sha256};

use super::Findings;
use super::fetch::fetch;
use super::log::{BookedIssuer, Books};
use crate::settings::Settings;

/// Fetches the CRL of every CA from the URL that stands in certificates.
pub(super) async fn look(
    settings: &Settings,
    books: &Books,
    now: UnixTime,
    findings: &mut Findings,
) {
    let base = settings.publish_url.to_string();
    for issuer in books.issuers.values() {
        let urls = IssuerUrls::below(&base, &issuer.id);
        look_at_one(&urls.crl, issuer, books, now, findings).await;
    }
    look_at_root_urls(&base, books, findings);
}

async fn look_at_one(
    url: &str,
    issuer: &BookedIssuer,
    books: &Books,
    now: UnixTime,
    findings: &mut Findings,
) {
    let answer = match fetch(url).await {
        Ok(answer) => answer,
        Err(error) => {
            let hint =
                "start the server, and let firewalls and DNS lead everybody to the publish URL";
            return findings.error("crl", format!("{url}: {error}"), hint);
        }
    };
    if answer.media_type.as_deref() != Some(MEDIA_TYPE) {
        let came = answer.media_type.as_deref().unwrap_or("none");
        findings.warn(
            "crl",
            format!("{url}: media type {came}, wanted {MEDIA_TYPE}"),
            "a proxy in between may change it",
        );
    }
    let other =
        "another server answers at the publish URL, or a proxy in between changes what it says";
    let crl = match CertificateList::from_der(&answer.octets) {
        Ok(crl) => crl,
        Err(error) => return findings.error("crl", format!("{url}: {error}"), other),
    };
    if let Err(error) = crl.verify_signed_by(&issuer.certificate) {
        return findings.error(
            "crl",
            format!("{url}: not signed by {}: {error}", issuer.id),
            other,
        );
    }
    let (number, end) = (crl.number(), crl.next_update());
    let newest = books.last_crls.get(&issuer.id);
    if let Some(newest) = newest
        && (number < newest.number
            || (number == newest.number
                && newest.sha256 != <[u8; 32]>::from(Sha256::digest(crl.der()))))
    {
        let message = format!(
            "{url}: CRL number {number} is not the last, which is {}",
            newest.number
        );
        return findings.error(
            "crl",
            message,
            "a cache may hold an older one: wait five minutes and check again",
        );
    }
    let again = match issuer.class {
        IssuerClass::Root => "sign a new one with the root key, at a ceremony",
        IssuerClass::Router
        | IssuerClass::VpnServer
        | IssuerClass::VpnClient
        | IssuerClass::Control => "look at the log lines of the server: it publishes daily",
    };
    if end < now {
        return findings.error("crl", format!("{url}: ended at {end}"), again);
    }
    if issuer.class == IssuerClass::Root && end.since(now) < ROOT_NEAR_END {
        findings.warn(
            "crl",
            format!("{url}: the CRL of the root ends at {end}"),
            again,
        );
    }
    findings.ok(
        "crl",
        format!("{url}: number {number}, {} entries, until {end}", crl.len()),
    );
}

/// The issuing CAs carry the URLs of the root from the day they were made.
fn look_at_root_urls(base: &str, books: &Books, findings: &mut Findings) {
    let baked = books
        .issuers
        .values()
        .filter(|issuer| issuer.class != IssuerClass::Root);
    let moved = baked
        .flat_map(|issuer| issuer.certificate.crl_urls())
        .find(|url| {
            url.strip_prefix(base)
                .is_none_or(|rest| !rest.starts_with('/'))
        });
    if let Some(url) = moved {
        findings.warn(
            "crl",
            format!("CA certificates name {url}, the settings publish below {base}"),
            "keep the former URL alive: let it lead to this server too",
        );
    }
}

const MEDIA_TYPE: &str = "application/pkix-crl";
/// 120 days: time enough for a ceremony.
const ROOT_NEAR_END: u64 = 120 * 86_400;
