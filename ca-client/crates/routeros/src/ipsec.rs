//! `/ip/ipsec`: who may build tunnels, and which are up.

use crate::{Call, Command, RouterError, RouterTransport, Row, system::duration_of};

/// How one remote side proves who it is; the secret of a pre-shared key is not read into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRow {
    /// The id of the row.
    pub id: String,
    /// What somebody wrote beside it.
    pub comment: String,
    /// Whether it is switched off.
    pub disabled: bool,
    /// Whether the router made it by itself.
    pub dynamic: bool,
    /// What can be set.
    pub settings: IdentitySettings,
}

/// The settings of an identity that this program knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentitySettings {
    /// The name of the peer.
    pub peer: String,
    /// `digital-signature`, `pre-shared-key`, …
    pub auth_method: String,
    /// The own certificate and the chain that is sent with it, by name.
    pub certificates: Vec<String>,
    /// What this side says it is: `fqdn:gw1.example.net`.
    pub my_id: String,
    /// What the other side must be.
    pub remote_id: String,
    /// How the responder finds the identity: `remote-id` or `certificate`.
    pub match_by: String,
    /// Whether policies are made from what the other side asks for; none is not sent.
    pub generate_policy: Option<String>,
    /// What addresses are handed out; none is not sent.
    pub mode_config: Option<String>,
    /// The templates of made policies; none is not sent.
    pub policy_template_group: Option<String>,
}

impl IdentityRow {
    fn from_row(row: &Row) -> Self {
        Self {
            id: row.id().to_owned(),
            comment: row.text("comment").to_owned(),
            disabled: row.is("disabled"),
            dynamic: row.is("dynamic"),
            settings: IdentitySettings {
                peer: row.text("peer").to_owned(),
                auth_method: row.text_or("auth-method", "pre-shared-key"),
                certificates: row.list("certificate"),
                my_id: row.text_or("my-id", "auto"),
                remote_id: row.text_or("remote-id", "auto"),
                match_by: row.text_or("match-by", "remote-id"),
                generate_policy: Some(row.text_or("generate-policy", "no")),
                mode_config: Some(row.text_or("mode-config", "none")),
                policy_template_group: Some(row.text_or("policy-template-group", "default")),
            },
        }
    }
}

/// The other end of a tunnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRow {
    /// Its name.
    pub name: String,
    /// Its address or network: `192.0.2.1/32`.
    pub address: String,
    /// `ike2`, or a mode of IKEv1.
    pub exchange_mode: String,
    /// The name of the profile.
    pub profile: String,
    /// Whether it is switched off.
    pub disabled: bool,
}

impl PeerRow {
    fn from_row(row: &Row) -> Self {
        Self {
            name: row.text("name").to_owned(),
            address: row.text("address").to_owned(),
            exchange_mode: row.text_or("exchange-mode", "main"),
            profile: row.text_or("profile", "default"),
            disabled: row.is("disabled"),
        }
    }
}

/// A set of algorithms: a profile (for IKE itself) or a proposal (for what it protects).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlgorithmsRow {
    /// Its name.
    pub name: String,
    /// Whether it is switched off.
    pub disabled: bool,
    /// All algorithms and groups in it.
    pub algorithms: Vec<String>,
}

impl AlgorithmsRow {
    fn from_row(row: &Row, fields: &[&str]) -> Self {
        let algorithms = fields.iter().flat_map(|field| row.list(field));
        Self {
            name: row.text("name").to_owned(),
            disabled: row.is("disabled"),
            algorithms: algorithms.collect(),
        }
    }
}

/// A remote side that IKE knows at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivePeerRow {
    /// What the other side says it is, with or without the form before it.
    pub id: String,
    /// Where it is.
    pub remote_address: String,
    /// `established`, or how far it came.
    pub state: String,
    /// For how many seconds it has been up.
    pub uptime: Option<u64>,
}

impl ActivePeerRow {
    fn from_row(row: &Row) -> Self {
        Self {
            id: row.text("id").to_owned(),
            remote_address: row.text("remote-address").to_owned(),
            state: row.text("state").to_owned(),
            uptime: duration_of(row.text("uptime")),
        }
    }

    /// Tells whether it is the side that an identity calls `remote_id`: `fqdn:gw2.example.net`.
    pub fn is_of(&self, remote_id: &str) -> bool {
        fn bare(id: &str) -> &str {
            id.split_once(':')
                .filter(|(form, _)| {
                    matches!(*form, "fqdn" | "user-fqdn" | "address" | "key-id" | "dn")
                })
                .map_or(id, |(_, value)| value)
        }
        bare(&self.id).eq_ignore_ascii_case(bare(remote_id))
    }
}

async fn print(
    router: &mut dyn RouterTransport,
    menu: &'static str,
) -> Result<Vec<Row>, RouterError> {
    Ok(router.call(&Call::new(menu, Command::Print)).await?.rows)
}

/// Lists the identities.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn identities(router: &mut dyn RouterTransport) -> Result<Vec<IdentityRow>, RouterError> {
    let rows = print(router, IDENTITY).await?;
    Ok(rows.iter().map(IdentityRow::from_row).collect())
}

/// Lists the peers.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn peers(router: &mut dyn RouterTransport) -> Result<Vec<PeerRow>, RouterError> {
    let rows = print(router, "/ip/ipsec/peer").await?;
    Ok(rows.iter().map(PeerRow::from_row).collect())
}

/// Lists the profiles.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn profiles(router: &mut dyn RouterTransport) -> Result<Vec<AlgorithmsRow>, RouterError> {
    let rows = print(router, "/ip/ipsec/profile").await?;
    let fields = ["enc-algorithm", "hash-algorithm", "dh-group"];
    Ok(rows
        .iter()
        .map(|row| AlgorithmsRow::from_row(row, &fields))
        .collect())
}

/// Lists the proposals.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn proposals(
    router: &mut dyn RouterTransport,
) -> Result<Vec<AlgorithmsRow>, RouterError> {
    let rows = print(router, "/ip/ipsec/proposal").await?;
    let fields = ["enc-algorithms", "auth-algorithms", "pfs-group"];
    Ok(rows
        .iter()
        .map(|row| AlgorithmsRow::from_row(row, &fields))
        .collect())
}

/// Lists the remote sides that IKE knows at the moment.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn active_peers(
    router: &mut dyn RouterTransport,
) -> Result<Vec<ActivePeerRow>, RouterError> {
    let rows = print(router, "/ip/ipsec/active-peers").await?;
    Ok(rows.iter().map(ActivePeerRow::from_row).collect())
}

fn with_settings<'a>(call: Call<'a>, settings: &IdentitySettings) -> Call<'a> {
    let mut call = call
        .with("auth-method", settings.auth_method.as_str())
        .with("certificate", settings.certificates.join(","))
        .with("my-id", settings.my_id.as_str())
        .with("remote-id", settings.remote_id.as_str())
        .with("match-by", settings.match_by.as_str());
    for (field, value) in [
        ("generate-policy", &settings.generate_policy),
        ("mode-config", &settings.mode_config),
        ("policy-template-group", &settings.policy_template_group),
    ] {
        if let Some(value) = value {
            call = call.with(field, value.as_str());
        }
    }
    call
}

/// Adds an identity.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn add_identity(
    router: &mut dyn RouterTransport,
    settings: &IdentitySettings,
    comment: &str,
) -> Result<(), RouterError> {
    let call = Call::new(IDENTITY, Command::Add).with("peer", settings.peer.as_str());
    let call = with_settings(call, settings).with("comment", comment);
    router.call(&call).await?;
    Ok(())
}

/// Changes an identity; what is not in `settings` stays.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn set_identity(
    router: &mut dyn RouterTransport,
    id: &str,
    settings: &IdentitySettings,
) -> Result<(), RouterError> {
    let call = Call::new(IDENTITY, Command::Set).item(id);
    router.call(&with_settings(call, settings)).await?;
    Ok(())
}

/// Removes an identity.
///
/// # Errors
/// Fails as [`RouterTransport::call`] does.
pub async fn remove_identity(
    router: &mut dyn RouterTransport,
    id: &str,
) -> Result<(), RouterError> {
    let call = Call::new(IDENTITY, Command::Remove).item(id);
    router.call(&call).await?;
    Ok(())
}

const IDENTITY: &str = "/ip/ipsec/identity";
