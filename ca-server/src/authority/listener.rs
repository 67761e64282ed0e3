//! The server's own TLS certificate.

use std::sync::Arc;

use ca_types::{IssuerClass, SubjectName, SystemEntropy};
use ca_verify::{Change, Console, Entry, Origin};

use super::{Authority, AuthorityError};
use crate::credential::Credential;

impl Authority {
    /// Makes a key and a certificate for the listener, and the chain to show: the leaf, then its CA.
    ///
    /// # Errors
    /// Fails when the certificate cannot be made or recorded.
    pub(crate) async fn issue_for_listener(
        &self,
        names: &[SubjectName],
    ) -> Result<Credential, AuthorityError> {
        let now = self.clock.now();
        let ca = Arc::clone(self.active(IssuerClass::Control)?);
        let signer = ca
            .signer
            .clone()
            .ok_or(AuthorityError::NoIssuer(IssuerClass::Control))?;
        let names = names.to_vec();
        let making = tokio::task::spawn_blocking(move || {
            Credential::for_server(&names, &ca.issuer, signer.as_ref(), now, &mut SystemEntropy)
        });
        let mut credential = making
            .await
            .map_err(|_lost| AuthorityError::Interrupted)??;
        let issued = &mut credential.issued;
        let former = self
            .store
            .valid_for_name(&issued.name, Some(&issued.profile), now)
            .await?;
        issued.succeeds = former.last().map(|row| row.serial);
        let origin = Origin {
            actor: None,
            address: Console::TASK.to_owned(),
            request: None,
            settings: self.settings,
        };
        let changes = vec![Change::Issued(issued.clone())];
        self.commit(Entry {
            time: now,
            origin,
            changes,
        })
        .await?;
        Ok(credential)
    }

    /// Returns the certificate of the CA that the listener's certificates come from, in DER.
    pub(crate) fn control_certificate(&self) -> Result<Vec<u8>, AuthorityError> {
        Ok(self
            .active(IssuerClass::Control)?
            .certificate()
            .der()
            .to_vec())
    }
}
