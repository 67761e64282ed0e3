//! `/ip/service`: the doors of a router.

use crate::{Call, Command, RouterError, RouterTransport, Row};

/// A service that a router offers; rows of open connections are no services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRow {
    /// The id of the row.
    pub id: String,
    /// The service: `www-ssl`.
    pub name: String,
    /// The port that it listens on.
    pub port: u16,
    /// Whether it is switched off.
    pub disabled: bool,
    /// The name of the certificate bound to it.
    pub certificate: Option<String>,
    /// The networks from which it is reached; none does not limit it.
    pub available_from: Vec<String>,
}

impl ServiceRow {
    fn from_row(row: &Row) -> Self {
        Self {
            id: row.id().to_owned(),
            name: row.text("name").to_owned(),
            port: row.text("port").parse().unwrap_or_default(),
            disabled: row.is("disabled"),
            certificate: row.reference("certificate"),
            available_from: match row.list("available-from") {
                // Its name before 7.24.
                none if none.is_empty() => row.list("address"),
                networks => networks,
            },
        }
    }

    /// Tells whether somebody can log in there: it is on, and has the certificate that it needs.
    pub fn is_open(&self) -> bool {
        let needs_certificate = matches!(self.name.as_str(), "www-ssl" | "api-ssl");
        !self.disabled && (self.certificate.is_some() || !needs_certificate)
    }
}

/// Lists the services, without the rows of open connections that share their names.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn list(router: &mut dyn RouterTransport) -> Result<Vec<ServiceRow>, RouterError> {
    let reply = router.call(&Call::new(MENU, Command::Print)).await?;
    let fixed = reply
        .rows
        .iter()
        .filter(|row| !row.is("dynamic") && !row.is("connection"));
    Ok(fixed.map(ServiceRow::from_row).collect())
}

/// Binds a certificate to a service, or none, and switches the service on or off.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does; the service drops its connections when its certificate changes.
pub async fn set(
    router: &mut dyn RouterTransport,
    id: &str,
    certificate: Option<&str>,
    disabled: bool,
) -> Result<(), RouterError> {
    let call = Call::new(MENU, Command::Set)
        .item(id)
        .with("certificate", certificate.unwrap_or("none"))
        .with("disabled", if disabled { "yes" } else { "no" });
    router.call(&call).await?;
    Ok(())
}

const MENU: &str = "/ip/service";
