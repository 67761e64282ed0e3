//! The server's own TLS certificate.

use ca_types::{IssuerClass, RevocationReason, SubjectName, SystemEntropy};
use ca_verify::{Change, Console, Entry, Issued, Origin, Revoked};

use super::{Authority, AuthorityError};
use crate::credential::Credential;

impl Authority {
    /// Makes a key and a certificate for the listener; nobody may see the certificate before it is recorded.
    ///
    /// # Errors
    /// Fails when it cannot be made.
    pub(crate) async fn make_for_listener(
        &self,
        names: &[SubjectName],
    ) -> Result<Credential, AuthorityError> {
        let now = self.clock.now();
        let ca = self.active(IssuerClass::Control)?;
        let signer = ca
            .signer
            .clone()
            .ok_or(AuthorityError::NoIssuer(IssuerClass::Control))?;
        let names = names.to_vec();
        let making = tokio::task::spawn_blocking(move || {
            Credential::for_server(&names, &ca.issuer, signer.as_ref(), now, &mut SystemEntropy)
        });
        Ok(making
            .await
            .map_err(|_lost| AuthorityError::Interrupted)??)
    }

    /// Records a certificate of the listener, and revokes all former ones of its name in the same step.
    ///
    /// # Errors
    /// Fails when the store does not take it.
    pub(crate) async fn record_for_listener(&self, issued: Issued) -> Result<(), AuthorityError> {
        let now = self.clock.now();
        let former = self
            .store
            .valid_for_name(&issued.name, Some(&issued.profile), now)
            .await?;
        let mut changes: Vec<Change> = former
            .iter()
            .map(|row| {
                Change::Revoked(Revoked {
                    serial: row.serial,
                    reason: RevocationReason::Superseded,
                })
            })
            .collect();
        changes.push(Change::Issued(issued));
        let origin = Origin {
            actor: None,
            address: Console::TASK.to_owned(),
            request: None,
            settings: self.settings.digest(),
        };
        self.commit(Entry {
            time: now,
            origin,
            changes,
        })
        .await?;
        Ok(())
    }

    /// Tells whether a certificate in DER is that of a control CA of this server.
    pub(crate) fn is_control_ca(&self, der: &[u8]) -> bool {
        self.hierarchy
            .cas()
            .values()
            .any(|ca| ca.issuer.class == IssuerClass::Control && ca.certificate().der() == der)
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
