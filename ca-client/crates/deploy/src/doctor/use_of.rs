//! Where a router uses its certificates.

use ca_routeros::RouterTransport;

use crate::DeployError;
use crate::observe::rows;

/// One place that refers to a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    /// The menu.
    pub(super) menu: &'static str,
    /// What the row is called there; empty for a menu of settings.
    pub(super) row: String,
    /// The id of the row; empty for a menu of settings.
    pub(super) id: String,
    /// The field that names it.
    pub(super) field: &'static str,
    /// The name of the certificate; empty where there could be one.
    pub(super) certificate: String,
    /// What its key must be for there; empty where the release decides.
    pub(super) usage: &'static str,
    /// Whether the row is switched on.
    pub(super) enabled: bool,
}

impl Use {
    /// Tells whether it names a certificate of somebody else: its key is not here, and none of ours takes its place.
    pub(super) fn is_of_others(&self) -> bool {
        matches!(self.field, "remote-certificate" | "ca-certificate")
    }
}

/// Lists every use; menus that the release or its packages lack have none.
pub(super) async fn uses(router: &mut dyn RouterTransport) -> Result<Vec<Use>, DeployError> {
    let mut uses = Vec::new();
    for place in PLACES {
        for row in rows(router, place.menu).await? {
            // A row of an open connection repeats its service.
            if row.is("connection") {
                continue;
            }
            for field in place.fields {
                let mut certificates = row.list(field);
                if certificates.is_empty() {
                    certificates.push(String::new());
                }
                for certificate in certificates {
                    uses.push(Use {
                        menu: place.menu,
                        row: label(&row),
                        id: row.id().to_owned(),
                        field,
                        certificate,
                        usage: place.usage,
                        enabled: !row.is("disabled")
                            && row.get("enabled").is_none_or(|_| row.is("enabled")),
                    });
                }
            }
        }
    }
    Ok(uses)
}

fn label(row: &ca_routeros::Row) -> String {
    let named = ["name", "peer", "address", "comment"];
    let label = named.iter().map(|field| row.text(field));
    label
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default()
        .to_owned()
}

/// Fields of a menu that name certificates.
struct Place {
    menu: &'static str,
    fields: &'static [&'static str],
    usage: &'static str,
}

const fn place(menu: &'static str, fields: &'static [&'static str], usage: &'static str) -> Place {
    Place {
        menu,
        fields,
        usage,
    }
}

const CERTIFICATE: &[&str] = &["certificate"];

/// Every menu of the command trees 7.9 to 7.24 whose rows name certificates of the store.
const PLACES: [Place; 17] = [
    place("/ip/service", CERTIFICATE, "tls-server"),
    place(
        "/ip/ipsec/identity",
        &["certificate", "remote-certificate"],
        "",
    ),
    place("/interface/sstp-server/server", CERTIFICATE, "tls-server"),
    place("/interface/sstp-client", CERTIFICATE, "tls-client"),
    place("/interface/ovpn-server/server", CERTIFICATE, "tls-server"),
    place("/interface/ovpn-client", CERTIFICATE, "tls-client"),
    place("/interface/dot1x/client", CERTIFICATE, "tls-client"),
    place(
        "/interface/wifi/security",
        &["eap-tls-certificate"],
        "tls-client",
    ),
    place(
        "/interface/wifi/capsman",
        &["certificate", "ca-certificate"],
        "",
    ),
    place("/interface/wifi/cap", CERTIFICATE, ""),
    place(
        "/interface/wireless/security-profiles",
        &["tls-certificate"],
        "",
    ),
    place("/interface/wireless/cap", CERTIFICATE, ""),
    place("/caps-man/manager", &["certificate", "ca-certificate"], ""),
    place("/caps-man/security", &["tls-certificate"], ""),
    place("/ip/hotspot/profile", &["ssl-certificate"], "tls-server"),
    place("/radius", CERTIFICATE, "tls-client"),
    place(
        "/user-manager",
        &["certificate", "radsec-certificate"],
        "tls-server",
    ),
];
