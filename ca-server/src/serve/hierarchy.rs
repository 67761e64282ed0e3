//! The CAs of the server at its start: their certificates from the log, their keys from the key store.

use std::sync::Arc;

use ca_store::CaStore;
use ca_types::IssuerClass;
use ca_verify::Certificate;
use rustls::pki_types::CertificateDer;

use super::ServeError;
use crate::authority::{CertificateAuthority, Hierarchy, is_anchor};
use crate::keystore::{CaKeys, KeyFile, KeysAhead};
use crate::publication::Publication;
use crate::settings::Settings;

/// Builds the CAs from their records with the keys that are here.
pub(super) async fn load(
    settings: &Settings,
    store: &dyn CaStore,
    keys: CaKeys,
    mut ahead: KeysAhead,
    publication: Arc<Publication>,
) -> Result<Arc<Hierarchy>, ServeError> {
    let rows = store.issuers().await?;
    let publish_url = settings.publish_url.to_string();
    let mut cas = std::collections::BTreeMap::new();
    for row in &rows {
        let mut signer = None;
        if row.class != IssuerClass::Root {
            let file = KeyFile {
                issuer: row.id.clone(),
                path: keys.file(&row.id),
                public_key: Certificate::from_der(&row.certificate)?
                    .public_key()
                    .clone(),
            };
            signer = Some(ahead.take(&file).await?);
        }
        let ca = CertificateAuthority::assemble(row, &rows, &publish_url, signer)?;
        cas.insert(row.id.clone(), Arc::new(ca));
    }
    let organization = settings.organization.clone();
    Ok(Hierarchy::new(
        cas,
        keys,
        organization,
        publish_url,
        publication,
    ))
}

pub(super) fn control_anchors(hierarchy: &Hierarchy) -> Vec<CertificateDer<'static>> {
    hierarchy
        .cas()
        .values()
        .filter(|ca| is_anchor(ca))
        .map(|ca| CertificateDer::from(ca.certificate().der().to_vec()))
        .collect()
}
