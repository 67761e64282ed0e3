//! Finding certificates, CAs and log entries.

use std::sync::Arc;

use ca_store::{CertificateQuery, CertificateRow, CrlRow, IssuerRow, Page, TreeHead};
use ca_types::{IssuerId, SerialNumber, UnixTime};
use ca_verify::Certificate;

use super::{Answer, Authority, AuthorityError, CertificateAuthority};
use crate::authz::Permit;
use crate::settings::Settings;

/// A CA as people see it.
#[derive(Debug, Clone)]
pub struct IssuerView {
    /// What the store knows of it.
    pub row: IssuerRow,
    /// The CA with its certificate.
    pub ca: Arc<CertificateAuthority>,
    /// Its current CRL.
    pub crl: Option<CrlRow>,
}

impl Authority {
    /// Finds one certificate; one outside the scope is as unknown as one that never was.
    ///
    /// # Errors
    /// Fails when there is none.
    pub async fn get(
        &self,
        permit: &Permit,
        serial: SerialNumber,
    ) -> Result<Answer, AuthorityError> {
        let now = self.clock.now();
        let unknown = || AuthorityError::UnknownSerial(serial.to_string());
        let row = self
            .store
            .certificate(serial)
            .await?
            .filter(|row| in_scope(permit, row))
            .ok_or_else(unknown)?;
        let der = self
            .store
            .certificates_der(std::slice::from_ref(&row))
            .await?
            .pop()
            .ok_or_else(unknown)?;
        let chain = self.chain(&row.issuer);
        Ok(Answer {
            row,
            der,
            chain,
            now,
        })
    }

    /// Lists one page of certificates; rows outside the scope are left out.
    ///
    /// # Errors
    /// Fails when there is no such issuer or profile, or the store cannot be read.
    pub async fn list(
        &self,
        permit: &Permit,
        query: &CertificateQuery,
    ) -> Result<Page<CertificateRow>, AuthorityError> {
        if let Some(issuer) = &query.issuer {
            self.known_issuer(issuer)?;
        }
        let within = CertificateQuery {
            scope: permit.scope(),
            ..query.clone()
        };
        let page = self.store.list(&within).await?;
        if let Some(profile) = &query.profile
            && page.rows.is_empty()
        {
            // A profile that the settings had once still has its certificates.
            super::known_profile(&self.settings.now(), profile)?;
        }
        Ok(page)
    }

    /// Returns the settings in force.
    pub fn settings(&self, _permit: &Permit) -> Arc<Settings> {
        self.settings.now()
    }

    /// Lists the CAs, the root first.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    pub async fn issuers(&self, _permit: &Permit) -> Result<Vec<IssuerView>, AuthorityError> {
        let mut views = Vec::new();
        for row in self.store.issuers().await? {
            let ca = self.known_issuer(&row.id)?;
            let crl = self.store.last_crl(&row.id).await?;
            views.push(IssuerView { row, ca, crl });
        }
        Ok(views)
    }

    /// Finds one CA with the CRL that it publishes.
    ///
    /// # Errors
    /// Fails when there is none.
    pub async fn issuer(
        &self,
        permit: &Permit,
        id: &IssuerId,
    ) -> Result<(IssuerView, Vec<u8>), AuthorityError> {
        let views = self.issuers(permit).await?;
        let view = views
            .into_iter()
            .find(|view| view.row.id == *id)
            .ok_or_else(|| AuthorityError::UnknownIssuer(id.clone()))?;
        Ok((view, self.crls.current(id)))
    }

    /// Returns the tree head.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    pub async fn tree_head(&self, _permit: &Permit) -> Result<TreeHead, AuthorityError> {
        Ok(self.store.tree_head().await?)
    }

    /// Returns the time that answers of now are judged by.
    pub fn now(&self) -> UnixTime {
        self.clock.now()
    }
}

impl CertificateAuthority {
    /// Returns the certificate of the CA.
    pub fn certificate(&self) -> &Certificate {
        &self.issuer.certificate
    }
}

fn in_scope(permit: &Permit, row: &CertificateRow) -> bool {
    permit
        .covers(
            &row.issuer,
            &row.profile,
            row.names().iter().map(String::as_str),
        )
        .is_ok()
}
