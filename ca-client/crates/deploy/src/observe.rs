//! What a router is and has, before anything is changed.

use ca_routeros::certificate::{self, CertificateRow};
use ca_routeros::crl::{self, CrlRow, CrlSettings};
use ca_routeros::ipsec::{self, ActivePeerRow, AlgorithmsRow, IdentityRow, PeerRow};
use ca_routeros::service::{self, ServiceRow};
use ca_routeros::sstp::{self, SstpClientRow, SstpServer};
use ca_routeros::system::{self, DeviceMode, UtcOffset};
use ca_routeros::{Call, Command, Door, RouterError, RouterTransport, Row, Version};
use ca_types::{UnixTime, Validity};

use crate::DeployError;

/// What a router is and has.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The door that it was seen through.
    pub door: Door,
    /// Its release.
    pub version: Version,
    /// Its board.
    pub board: String,
    /// The name that it was given.
    pub identity: String,
    /// Its time.
    pub time: UnixTime,
    /// Its time zone.
    pub offset: UtcOffset,
    /// What it may do, where the release restricts that.
    pub device_mode: Option<DeviceMode>,
    /// Its services.
    pub services: Vec<ServiceRow>,
    /// Its certificates.
    pub certificates: Vec<CertificateRow>,
    /// How it treats CRLs.
    pub crl_settings: CrlSettings,
    /// The CRLs that it fetches.
    pub crls: Vec<CrlRow>,
    /// Its IPsec identities.
    pub identities: Vec<IdentityRow>,
    /// Its IPsec peers.
    pub peers: Vec<PeerRow>,
    /// Its IPsec profiles.
    pub profiles: Vec<AlgorithmsRow>,
    /// Its IPsec proposals.
    pub proposals: Vec<AlgorithmsRow>,
    /// The remote sides that IKE knows at the moment.
    pub active_peers: Vec<ActivePeerRow>,
    /// Its SSTP server, where the package is there.
    pub sstp_server: Option<SstpServer>,
    /// Its interfaces that dial an SSTP server.
    pub sstp_clients: Vec<SstpClientRow>,
}

impl Observed {
    /// Reads the validity of a certificate, whose times are in the time zone of the router.
    pub(crate) fn validity(&self, row: &CertificateRow) -> Option<Validity> {
        let from = self.offset.parse(&row.invalid_before)?;
        let to = self.offset.parse(&row.invalid_after)?;
        Validity::new(from, to).ok()
    }

    /// Tells whether the clock of the router is too far off for certificates.
    pub(crate) fn is_clock_off(&self, now: UnixTime) -> bool {
        self.time.since(now).max(now.since(self.time)) > MOST_SECONDS_OFF
    }
}

/// Looks at a router and changes nothing.
///
/// # Errors
/// Fails when the router is not reached, the user may not read, or the clock of the router is more than five minutes off.
pub async fn observe(
    router: &mut dyn RouterTransport,
    now: UnixTime,
) -> Result<Observed, DeployError> {
    let observed = look(router).await?;
    if observed.is_clock_off(now) {
        return Err(DeployError::Clock {
            router: observed.time,
            now,
            command: observed.version.ntp_command(),
        });
    }
    Ok(observed)
}

/// Looks at a router whatever its clock says, and changes nothing.
pub(crate) async fn look(router: &mut dyn RouterTransport) -> Result<Observed, DeployError> {
    let resource = system::resource(router).await?;
    let clock = system::clock(router).await?;
    Ok(Observed {
        door: router.door(),
        version: resource.version,
        board: resource.board,
        identity: system::identity(router).await?,
        time: clock.time,
        offset: clock.offset,
        device_mode: system::device_mode(router).await?,
        services: service::list(router).await?,
        certificates: certificate::list(router).await?,
        crl_settings: crl::settings(router).await?,
        crls: crl::list(router).await?,
        identities: where_there(ipsec::identities(router).await)?.unwrap_or_default(),
        peers: where_there(ipsec::peers(router).await)?.unwrap_or_default(),
        profiles: where_there(ipsec::profiles(router).await)?.unwrap_or_default(),
        proposals: where_there(ipsec::proposals(router).await)?.unwrap_or_default(),
        active_peers: where_there(ipsec::active_peers(router).await)?.unwrap_or_default(),
        sstp_server: where_there(sstp::server(router).await)?,
        sstp_clients: where_there(sstp::clients(router).await)?.unwrap_or_default(),
    })
}

/// Tells whether less than a third of a life is left: then a successor is due.
pub(crate) fn is_ending(validity: Validity, now: UnixTime) -> bool {
    validity.not_after().since(now).saturating_mul(3) < validity.seconds()
}

/// Lists the rows of a menu; a release without it, or without the package, has none.
pub(crate) async fn rows(
    router: &mut dyn RouterTransport,
    menu: &str,
) -> Result<Vec<Row>, DeployError> {
    let reply = router.call(&Call::new(menu, Command::Print)).await;
    Ok(where_there(reply)?
        .map(|reply| reply.rows)
        .unwrap_or_default())
}

/// A release without the package has nothing of it.
fn where_there<T>(answer: Result<T, RouterError>) -> Result<Option<T>, RouterError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(RouterError::UnknownCommand { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

const MOST_SECONDS_OFF: u64 = 300;
