//! The place of a binding on a router, and what is set there.

use ca_routeros::ipsec::{self, IdentityRow, IdentitySettings};
use ca_routeros::service::{self, ServiceRow};
use ca_routeros::sstp::{self, SstpClientRow, SstpServer};
use ca_routeros::{RouterError, RouterTransport};

use crate::Binding;

/// The place of a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spot {
    /// A row of `/ip/service`.
    Service(&'static str),
    /// The identity of ours for a peer and its remote id.
    Identity { peer: String, remote_id: String },
    /// The SSTP server.
    SstpServer,
    /// An interface that dials an SSTP server.
    SstpClient(String),
}

/// What is set there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Setting {
    Service {
        certificate: Option<String>,
        disabled: bool,
    },
    /// The identity, or none.
    Identity(Option<IdentitySettings>),
    Sstp {
        certificate: Option<String>,
        verify: bool,
    },
}

impl Spot {
    pub(crate) fn of(binding: &Binding) -> Self {
        match binding {
            Binding::WwwSsl => Self::Service("www-ssl"),
            Binding::ApiSsl => Self::Service("api-ssl"),
            Binding::Ipsec(ipsec) => Self::Identity {
                peer: ipsec.peer.clone(),
                remote_id: ipsec.remote_id.clone(),
            },
            Binding::SstpServer => Self::SstpServer,
            Binding::SstpClient { interface } => Self::SstpClient(interface.clone()),
        }
    }

    pub(crate) fn is_service(&self, name: &str) -> bool {
        matches!(self, Self::Service(service) if *service == name)
    }

    /// Reads what is set; over a new connection when the old one is gone.
    pub(crate) async fn read_again(
        &self,
        router: &mut dyn RouterTransport,
    ) -> Result<Setting, RouterError> {
        match self.read(router).await {
            Err(error) if error.is_unsure() => {
                router.reconnect().await?;
                self.read(router).await
            }
            answer => answer,
        }
    }

    async fn read(&self, router: &mut dyn RouterTransport) -> Result<Setting, RouterError> {
        let gone = |menu: &str, name: &str| RouterError::NoSuchItem {
            call: format!("{menu} print where name={name}"),
            what: String::new(),
        };
        match self {
            Self::Service(name) => {
                let rows = service::list(router).await?;
                let row = rows.iter().find(|row| row.name == *name);
                row.map(Setting::from)
                    .ok_or_else(|| gone("/ip/service", name))
            }
            Self::Identity { .. } => {
                let rows = ipsec::identities(router).await?;
                Ok(Setting::Identity(
                    self.ours(&rows).map(|row| row.settings.clone()),
                ))
            }
            Self::SstpServer => Ok(Setting::from(&sstp::server(router).await?)),
            Self::SstpClient(name) => {
                let rows = sstp::clients(router).await?;
                let row = rows.iter().find(|row| row.name == *name);
                row.map(Setting::from)
                    .ok_or_else(|| gone("/interface/sstp-client", name))
            }
        }
    }

    /// Finds the identity of ours among others.
    pub(crate) fn ours<'a>(&self, rows: &'a [IdentityRow]) -> Option<&'a IdentityRow> {
        self.identities(rows).find(|row| is_marked(row))
    }

    /// Finds an identity that would fight with ours.
    pub(crate) fn foreign<'a>(&self, rows: &'a [IdentityRow]) -> Option<&'a IdentityRow> {
        self.identities(rows).find(|row| !is_marked(row))
    }

    fn identities<'a>(&self, rows: &'a [IdentityRow]) -> impl Iterator<Item = &'a IdentityRow> {
        rows.iter().filter(move |row| match self {
            Self::Identity { peer, remote_id } => {
                row.settings.auth_method == SIGNATURE
                    && row.settings.peer == *peer
                    && row.settings.remote_id == *remote_id
            }
            Self::Service(_) | Self::SstpServer | Self::SstpClient(_) => false,
        })
    }

    /// Sets what is wanted.
    pub(crate) async fn write(
        &self,
        router: &mut dyn RouterTransport,
        setting: &Setting,
    ) -> Result<(), RouterError> {
        match (self, setting) {
            (
                Self::Service(name),
                Setting::Service {
                    certificate,
                    disabled,
                },
            ) => {
                let rows = service::list(router).await?;
                let row = rows.iter().find(|row| row.name == *name);
                let id = row.map_or(*name, |row| row.id.as_str());
                service::set(router, id, certificate.as_deref(), *disabled).await
            }
            (Self::Identity { .. }, Setting::Identity(wanted)) => {
                let rows = ipsec::identities(router).await?;
                match (self.ours(&rows), wanted) {
                    (None, None) => Ok(()),
                    (None, Some(wanted)) => ipsec::add_identity(router, wanted, MARK).await,
                    (Some(row), Some(wanted)) => ipsec::set_identity(router, &row.id, wanted).await,
                    (Some(row), None) => ipsec::remove_identity(router, &row.id).await,
                }
            }
            (
                Self::SstpServer,
                Setting::Sstp {
                    certificate,
                    verify,
                },
            ) => sstp::set_server(router, certificate.as_deref(), *verify).await,
            (
                Self::SstpClient(name),
                Setting::Sstp {
                    certificate,
                    verify,
                },
            ) => {
                let rows = sstp::clients(router).await?;
                let row = rows.iter().find(|row| row.name == *name);
                let id = row.map_or(name.as_str(), |row| row.id.as_str());
                sstp::set_client(router, id, certificate.as_deref(), *verify).await
            }
            (Self::Service(_) | Self::Identity { .. }, _)
            | (Self::SstpServer | Self::SstpClient(_), _) => {
                unreachable!("a setting is made for its spot")
            }
        }
    }
}

impl Setting {
    /// Tells whether this is what is wanted; what is not sent may be as it likes.
    pub(crate) fn satisfies(&self, wanted: &Self) -> bool {
        let (Self::Identity(Some(found)), Self::Identity(Some(wanted))) = (self, wanted) else {
            return self == wanted;
        };
        let free =
            |found: &Option<String>, wanted: &Option<String>| wanted.is_none() || found == wanted;
        let fixed = |settings: &IdentitySettings| IdentitySettings {
            generate_policy: None,
            mode_config: None,
            policy_template_group: None,
            ..settings.clone()
        };
        fixed(found) == fixed(wanted)
            && free(&found.generate_policy, &wanted.generate_policy)
            && free(&found.mode_config, &wanted.mode_config)
            && free(&found.policy_template_group, &wanted.policy_template_group)
    }

    /// Returns what is set, field by field.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let name = |certificate: &Option<String>| match certificate {
            Some(name) => name.clone(),
            None => "none".to_owned(),
        };
        match self {
            Self::Service {
                certificate,
                disabled,
            } => vec![
                ("certificate", name(certificate)),
                ("disabled", yes_no(*disabled)),
            ],
            Self::Identity(None) => Vec::new(),
            Self::Identity(Some(settings)) => {
                let mut fields = vec![
                    ("auth-method", settings.auth_method.clone()),
                    ("certificate", settings.certificates.join(",")),
                    ("my-id", settings.my_id.clone()),
                    ("match-by", settings.match_by.clone()),
                ];
                for (field, value) in [
                    ("generate-policy", &settings.generate_policy),
                    ("mode-config", &settings.mode_config),
                    ("policy-template-group", &settings.policy_template_group),
                ] {
                    fields.extend(value.clone().map(|value| (field, value)));
                }
                fields
            }
            Self::Sstp {
                certificate,
                verify,
            } => vec![
                ("certificate", name(certificate)),
                ("verify", yes_no(*verify)),
            ],
        }
    }
}

impl From<&ServiceRow> for Setting {
    fn from(row: &ServiceRow) -> Self {
        Self::Service {
            certificate: row.certificate.clone(),
            disabled: row.disabled,
        }
    }
}

impl From<&SstpServer> for Setting {
    fn from(server: &SstpServer) -> Self {
        Self::Sstp {
            certificate: server.certificate.clone(),
            verify: server.verify_client_certificate,
        }
    }
}

impl From<&SstpClientRow> for Setting {
    fn from(row: &SstpClientRow) -> Self {
        Self::Sstp {
            certificate: row.certificate.clone(),
            verify: row.verify_server_certificate,
        }
    }
}

/// Tells whether a row is ours: its comment begins with our name.
fn is_marked(row: &IdentityRow) -> bool {
    row.comment.starts_with(MARK)
}

pub(crate) fn yes_no(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}

/// What the comment of a row of ours begins with.
const MARK: &str = "fleet-ca";
pub(crate) const SIGNATURE: &str = "digital-signature";
