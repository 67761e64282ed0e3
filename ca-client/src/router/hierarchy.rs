//! The CAs, as a push needs them.

use std::collections::BTreeSet;

use ca_deploy::{Authority, CertificateWish, Hierarchy, RouterEntry};
use ca_types::{CertificateState, Code, GeneralName};
use ca_verify::Certificate;

use super::records::records;
use crate::client::{CertificateRecord, Client, ClientError, IssuerRecord};
use crate::commands::all_names;
use crate::error::CommandError;

/// Takes the root and the active CAs from what the server lists, and asks which certificates of the routers it revoked,
/// and which have other names than the fleet file wants.
pub(crate) async fn hierarchy(
    client: &Client,
    issuers: &[IssuerRecord],
    routers: &[&RouterEntry],
) -> Result<Hierarchy, CommandError> {
    let root = issuers.iter().find(|issuer| issuer.class == "root");
    let root = root.ok_or_else(|| CommandError::Check {
        code: Code::NotFound,
        what: "the server lists no root".to_owned(),
        hint: "`ca-client issuer list` shows the CAs".to_owned(),
    })?;
    let issuing = issuers
        .iter()
        .filter(|issuer| issuer.state == "active" && issuer.trust_domain == root.trust_domain);
    let mut revoked = BTreeSet::new();
    let mut renamed = BTreeSet::new();
    for wish in routers.iter().flat_map(|router| &router.certificates) {
        let no_more = records(client, wish, CertificateState::Revoked).await?;
        revoked.extend(no_more.iter().map(|record| record.fingerprint));
        let valid = records(client, wish, CertificateState::Valid).await?;
        let others = valid
            .iter()
            .filter(|record| !has_wished_names(record, wish));
        renamed.extend(others.map(|record| record.fingerprint));
    }
    Ok(Hierarchy {
        root: authority(root)?,
        issuing: issuing.map(authority).collect::<Result<_, _>>()?,
        revoked,
        renamed,
    })
}

/// Tells whether a certificate has the names of the fleet file, in whatever order.
pub(super) fn has_wished_names(record: &CertificateRecord, wish: &CertificateWish) -> bool {
    let wished = all_names(&wish.name, &wish.sans);
    let wished: BTreeSet<String> = wished.iter().map(GeneralName::to_string).collect();
    record.sans.iter().cloned().collect::<BTreeSet<_>>() == wished
}

fn authority(issuer: &IssuerRecord) -> Result<Authority, CommandError> {
    Ok(Authority {
        class: issuer.class.clone(),
        issuer_id: issuer.issuer_id.to_string(),
        certificate: Certificate::from_der(&issuer.der)
            .map_err(|error| ClientError::answer("certificate", error))?,
        crl_url: issuer.crl_url.clone(),
    })
}
