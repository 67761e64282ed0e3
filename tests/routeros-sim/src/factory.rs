//! A router as the bootstrap script leaves it.

use std::collections::BTreeMap;

use crate::console::World;
use crate::console::print_id;
use crate::signing::{Digest, Template};

/// What a router that was never on before is given.
#[derive(Debug)]
pub struct Factory<'a> {
    /// The user, in group `full`.
    pub user: &'a str,
    /// The user's password.
    pub password: &'a str,
    /// The name of the router.
    pub identity: &'a str,
    /// The services that have a door, so are on.
    pub services: &'a [&'a str],
    /// The certificate that the bootstrap script makes.
    pub certificate: FactoryCertificate,
}

/// Whether the services with TLS have a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactoryCertificate {
    /// A self-signed one.
    SelfSigned,
    /// `none`: no TLS client gets through.
    Absent,
}

impl Factory<'_> {
    /// Sets the router up.
    pub fn set_up(&self, world: &mut World) -> Result<(), String> {
        let full = world
            .names("/user/group")
            .into_iter()
            .find(|(_, name)| name == "full")
            .map_or_else(String::new, |(id, _)| print_id(id));
        let user: BTreeMap<String, String> = [
            ("name", self.user.to_owned()),
            ("password", self.password.to_owned()),
            ("group", full),
            ("disabled", "false".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        world.state.table_mut("/user").push(user);
        let identity = world
            .state
            .settings
            .entry("/system/identity".to_owned())
            .or_default();
        identity.insert("name".to_owned(), self.identity.to_owned());
        let bound = match self.certificate {
            FactoryCertificate::Absent => None,
            FactoryCertificate::SelfSigned => {
                let template = Template {
                    common_name: self.identity.to_owned(),
                    san: Vec::new(),
                    key_usage: ["digital-signature", "key-encipherment", "tls-server"]
                        .map(ToOwned::to_owned)
                        .to_vec(),
                    days: 3_650,
                    key_size: 2_048,
                    digest: Digest::Sha256,
                    organization: None,
                    is_ca: false,
                };
                Some(print_id(
                    world.make_self_signed("fleet-ca-bootstrap", &template)?,
                ))
            }
        };
        let has_rest = world.model.has_rest();
        for item in &mut world.state.table_mut("/ip/service").items {
            let name = item.fields.get("name").cloned().unwrap_or_default();
            if self.services.contains(&name.as_str()) {
                item.fields
                    .insert("disabled".to_owned(), "false".to_owned());
            }
            if let Some(id) = &bound
                && (name == "api-ssl" || name == "www-ssl" && has_rest)
            {
                item.fields.insert("certificate".to_owned(), id.clone());
            }
        }
        Ok(())
    }
}
