//! The CAs, as a push needs them.

use std::collections::BTreeSet;

use ca_deploy::{Authority, Hierarchy, RouterEntry};
use ca_types::{CertificateState, Code};
use ca_verify::Certificate;

use super::records::records;
use crate::client::{Client, ClientError, IssuerRecord};
use crate::error::CommandError;

/// Takes the root and the active CAs from what the server lists, and asks which certificates of the routers it revoked.
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
    for wish in routers.iter().flat_map(|router| &router.certificates) {
        let records = records(client, wish, CertificateState::Revoked).await?;
        revoked.extend(records.iter().map(|record| record.fingerprint));
    }
    Ok(Hierarchy {
        root: authority(root)?,
        issuing: issuing.map(authority).collect::<Result<_, _>>()?,
        revoked,
    })
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
