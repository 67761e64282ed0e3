//! The settings file that `init` writes.

use std::fmt;
use std::net::SocketAddr;

use ca_core::Organization;
use ca_types::{DnsName, SubjectName};

use crate::settings::PublishUrl;

/// What stands in the settings file of a new CA.
#[derive(Debug)]
pub(super) struct SettingsText<'a> {
    pub(super) organization: &'a Organization,
    pub(super) publish_url: &'a PublishUrl,
    pub(super) domains: &'a [DnsName],
    pub(super) server_names: &'a [SubjectName],
    pub(super) listen: SocketAddr,
    pub(super) http_listen: SocketAddr,
    pub(super) operations_listen: SocketAddr,
}

impl fmt::Display for SettingsText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domains: Vec<String> = self
            .domains
            .iter()
            .map(|domain| quoted(domain.as_str()))
            .collect();
        let names: Vec<String> = self
            .server_names
            .iter()
            .map(|name| quoted(name.as_str()))
            .collect();
        writeln!(
            f,
            "# Settings of ca-server. A change holds after a restart.\n"
        )?;
        writeln!(f, "# Stands in the names of the CAs.")?;
        writeln!(f, "organization = {}\n", quoted(self.organization.as_str()))?;
        writeln!(
            f,
            "# Where CRLs and CA certificates are found; baked into every certificate."
        )?;
        writeln!(
            f,
            "publish_url = {}\n",
            quoted(&self.publish_url.to_string())
        )?;
        writeln!(
            f,
            "# Names of certificates must lie below one of these; none allows every name."
        )?;
        writeln!(f, "domains = [{}]\n", domains.join(", "))?;
        writeln!(f, "# The names of this server in its own TLS certificate.")?;
        writeln!(f, "server_names = [{}]\n", names.join(", "))?;
        writeln!(
            f,
            "# The API, the published documents, and health with metrics."
        )?;
        writeln!(f, "listen = {}", quoted(&self.listen.to_string()))?;
        writeln!(f, "http_listen = {}", quoted(&self.http_listen.to_string()))?;
        writeln!(
            f,
            "operations_listen = {}",
            quoted(&self.operations_listen.to_string())
        )
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
