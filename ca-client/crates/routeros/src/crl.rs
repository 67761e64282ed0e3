//! `/certificate/crl` and `/certificate/settings`: whether revoked peers are kept out.

use ca_types::UnixTime;

use crate::{Call, Command, RouterError, RouterTransport, Row, system::UtcOffset};

/// A CRL that the router fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlRow {
    /// Where it is fetched from.
    pub url: String,
    /// Its number; empty before the first fetch.
    pub number: String,
    /// When the next one is due, in the local time of the router.
    pub next_update: String,
    /// Whether the router calls it expired.
    pub expired: bool,
    /// Whether the router calls it invalid.
    pub invalid: bool,
}

impl CrlRow {
    fn from_row(row: &Row) -> Self {
        Self {
            url: row.text("url").to_owned(),
            number: row.text("num").to_owned(),
            next_update: row.text("next-update").to_owned(),
            expired: row.is("expired"),
            invalid: row.is("invalid"),
        }
    }

    /// Tells whether it was fetched and is current.
    pub fn is_valid(&self, offset: UtcOffset, now: UnixTime) -> bool {
        let fetched = !self.number.is_empty() || !self.next_update.is_empty();
        let due = offset.parse(&self.next_update);
        fetched && !self.expired && !self.invalid && due.is_none_or(|due| now < due)
    }
}

/// How the router treats CRLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrlSettings {
    /// Whether every certificate of a chain is looked up in a CRL.
    pub crl_use: bool,
    /// Whether CRLs are fetched by themselves.
    pub crl_download: bool,
}

/// Lists the CRLs, those too that certificates in the store name.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn list(router: &mut dyn RouterTransport) -> Result<Vec<CrlRow>, RouterError> {
    let reply = router.call(&Call::new(MENU, Command::Print)).await?;
    Ok(reply.rows.iter().map(CrlRow::from_row).collect())
}

/// Adds a CRL to fetch.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn add(router: &mut dyn RouterTransport, url: &str) -> Result<(), RouterError> {
    let call = Call::new(MENU, Command::Add).with("url", url);
    router.call(&call).await?;
    Ok(())
}

/// Has the router fetch all CRLs now.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn download(router: &mut dyn RouterTransport) -> Result<(), RouterError> {
    let call = Call::new(MENU, Command::Other("download"));
    router.call(&call).await?;
    Ok(())
}

/// Reads how CRLs are treated.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn settings(router: &mut dyn RouterTransport) -> Result<CrlSettings, RouterError> {
    let reply = router.call(&Call::new(SETTINGS, Command::Print)).await?;
    let row = reply.rows.into_iter().next().unwrap_or_default();
    Ok(CrlSettings {
        crl_use: row.is("crl-use"),
        crl_download: row.is("crl-download"),
    })
}

/// Has the router fetch CRLs by itself and refuse whom they list.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn enforce(router: &mut dyn RouterTransport) -> Result<(), RouterError> {
    let call = Call::new(SETTINGS, Command::Set)
        .with("crl-use", "yes")
        .with("crl-download", "yes");
    router.call(&call).await?;
    Ok(())
}

const MENU: &str = "/certificate/crl";
const SETTINGS: &str = "/certificate/settings";
