//! `/ip/ssh`: the host key as a file, from a file, and anew.

use super::export_certificate::{locked, pem};
use super::{World, not_here};
use crate::row::{Reply, Request};
use crate::ssh::host_key;
use crate::state::Octets;
use crate::trap::Trap;

impl World {
    pub(super) fn host_key(&mut self, command: &str, request: &Request) -> Result<Reply, Trap> {
        match command {
            // The next connection has another one.
            "regenerate-host-key" => self.state.ssh_host_key = None,
            "import-host-key" => {
                let der = self.key_in_file(request, "private-key-file")?;
                self.state.ssh_host_key = Some(Octets(der));
            }
            "export-host-key" => {
                let prefix = request
                    .argument("key-file-prefix")
                    .ok_or_else(|| Trap::missing("key-file-prefix"))?;
                let der = host_key::kept(self).map_err(Trap::failure)?;
                let text = match request.argument("passphrase").unwrap_or_default() {
                    "" => pem("PRIVATE KEY", &der),
                    passphrase => pem("ENCRYPTED PRIVATE KEY", &locked(&der, passphrase)?),
                };
                let kind = self
                    .state
                    .setting("/ip/ssh", "host-key-type")
                    .unwrap_or("rsa");
                let ending = match self.assumptions.is("host-key-file-names", "pem") {
                    true => ".pem",
                    false => "",
                };
                self.write_file(&format!("{prefix}_{kind}{ending}"), text.into_bytes(), 0);
            }
            _ => return Err(not_here("/ip/ssh", command)),
        }
        Ok(Reply::default())
    }
}
