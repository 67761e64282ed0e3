//! The CAs, as a push needs them.

use ca_deploy::{Authority, Hierarchy};
use ca_types::Code;
use ca_verify::Certificate;

use crate::client::{ClientError, IssuerRecord};
use crate::error::CommandError;

/// Takes the root and the active CAs from what the server lists.
pub(crate) fn hierarchy(issuers: &[IssuerRecord]) -> Result<Hierarchy, CommandError> {
    let root = issuers.iter().find(|issuer| issuer.class == "root");
    let root = root.ok_or_else(|| CommandError::Check {
        code: Code::NotFound,
        what: "the server lists no root".to_owned(),
        hint: "`ca-client issuer list` shows the CAs".to_owned(),
    })?;
    let issuing = issuers
        .iter()
        .filter(|issuer| issuer.state == "active" && issuer.trust_domain == root.trust_domain);
    Ok(Hierarchy {
        root: authority(root)?,
        issuing: issuing.map(authority).collect::<Result<_, _>>()?,
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
