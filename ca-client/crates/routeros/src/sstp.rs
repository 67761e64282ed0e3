//! `/interface/sstp-server/server` and `/interface/sstp-client`.

use crate::{Call, Command, RouterError, RouterTransport, Row};

/// The settings of the SSTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SstpServer {
    /// Whether it is switched on.
    pub enabled: bool,
    /// The port that it listens on.
    pub port: u16,
    /// The name of its certificate.
    pub certificate: Option<String>,
    /// Whether clients must show a certificate.
    pub verify_client_certificate: bool,
}

impl SstpServer {
    fn from_row(row: &Row) -> Self {
        Self {
            enabled: row.is("enabled"),
            port: row.text("port").parse().unwrap_or(443),
            certificate: row.reference("certificate"),
            verify_client_certificate: row.is("verify-client-certificate"),
        }
    }
}

/// An interface that dials an SSTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SstpClientRow {
    /// The id of the row.
    pub id: String,
    /// The name of the interface.
    pub name: String,
    /// Whether it is switched off.
    pub disabled: bool,
    /// Whether its connection is up.
    pub running: bool,
    /// The name of its certificate.
    pub certificate: Option<String>,
    /// Whether the server must show a good certificate.
    pub verify_server_certificate: bool,
}

impl SstpClientRow {
    fn from_row(row: &Row) -> Self {
        Self {
            id: row.id().to_owned(),
            name: row.text("name").to_owned(),
            disabled: row.is("disabled"),
            running: row.is("running"),
            certificate: row.reference("certificate"),
            verify_server_certificate: row.is("verify-server-certificate"),
        }
    }
}

/// Reads the settings of the server.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn server(router: &mut dyn RouterTransport) -> Result<SstpServer, RouterError> {
    let reply = router.call(&Call::new(SERVER, Command::Print)).await?;
    Ok(SstpServer::from_row(
        &reply.rows.into_iter().next().unwrap_or_default(),
    ))
}

/// Binds a certificate to the server; whether it is on stays as it is.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn set_server(
    router: &mut dyn RouterTransport,
    certificate: Option<&str>,
    verify_client_certificate: bool,
) -> Result<(), RouterError> {
    let call = Call::new(SERVER, Command::Set)
        .with("certificate", certificate.unwrap_or("none"))
        .with(
            "verify-client-certificate",
            if verify_client_certificate {
                "yes"
            } else {
                "no"
            },
        );
    router.call(&call).await?;
    Ok(())
}

/// Lists the interfaces that dial a server.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn clients(router: &mut dyn RouterTransport) -> Result<Vec<SstpClientRow>, RouterError> {
    let reply = router.call(&Call::new(CLIENT, Command::Print)).await?;
    Ok(reply.rows.iter().map(SstpClientRow::from_row).collect())
}

/// Binds a certificate to an interface that dials a server.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn set_client(
    router: &mut dyn RouterTransport,
    id: &str,
    certificate: Option<&str>,
    verify_server_certificate: bool,
) -> Result<(), RouterError> {
    let call = Call::new(CLIENT, Command::Set)
        .item(id)
        .with("certificate", certificate.unwrap_or("none"))
        .with(
            "verify-server-certificate",
            if verify_server_certificate {
                "yes"
            } else {
                "no"
            },
        );
    router.call(&call).await?;
    Ok(())
}

const SERVER: &str = "/interface/sstp-server/server";
const CLIENT: &str = "/interface/sstp-client";
