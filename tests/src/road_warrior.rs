//! Somebody on the road, with a `.p12` file and nothing else.

use std::{net::Ipv4Addr, path::Path};

use crate::{Charon, CharonFolder, Namespace};

/// What a person types into the VPN client.
#[derive(Debug, Clone, Copy)]
pub struct RoadWarriorOptions<'a> {
    /// The file with key, certificate and chain.
    pub p12: &'a Path,
    /// Its passphrase.
    pub passphrase: &'a str,
    /// A PEM file that ends with the certificate of the root, such as `chain.pem`.
    pub root: &'a Path,
    /// Who the person is: the address in the certificate.
    pub id: &'a str,
    /// Where the gateway is.
    pub gateway: Ipv4Addr,
    /// Who the gateway has to be.
    pub gateway_id: &'a str,
    /// The networks behind the gateway.
    pub networks: &'a str,
}

/// A client that dials in.
#[derive(Debug)]
pub struct RoadWarrior {
    charon: Charon,
}

impl RoadWarrior {
    /// Writes its configuration into `folder`, and starts it.
    ///
    /// # Panics
    /// When a file is missing, the passphrase is wrong, or the daemon does not start.
    #[track_caller]
    pub fn start(host: &Namespace, folder: &Path, options: RoadWarriorOptions<'_>) -> Self {
        let folder = CharonFolder::new(folder);
        folder.put_p12(options.p12);
        folder.put_root(options.root);
        folder.configure(&connection(options));
        let charon = Charon::start(host, folder.path());
        Self { charon }
    }

    /// Calls the gateway.
    ///
    /// # Errors
    /// Returns what the daemon says when the gateway refuses.
    pub fn dial(&self) -> Result<(), String> {
        self.charon.initiate("office")
    }

    /// Ends the call.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn hang_up(&self) {
        self.charon.terminate("gateway");
    }

    /// Returns the address that the gateway gave.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn virtual_address(&self) -> Ipv4Addr {
        self.charon
            .sas()
            .iter()
            .flat_map(|sa| &sa.virtual_addresses)
            .find_map(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("no address came: {}", self.charon.log()))
    }

    /// Returns the daemon.
    pub fn charon(&self) -> &Charon {
        &self.charon
    }
}

fn connection(options: RoadWarriorOptions<'_>) -> String {
    let RoadWarriorOptions {
        passphrase,
        id,
        gateway,
        gateway_id,
        networks,
        ..
    } = options;
    format!(
        "connections {{
    gateway {{
        version = 2
        remote_addrs = {gateway}
        vips = 0.0.0.0
        local {{
            auth = pubkey
            id = {id}
        }}
        remote {{
            auth = pubkey
            id = {gateway_id}
        }}
        children {{
            office {{
                remote_ts = {networks}
            }}
        }}
    }}
}}
secrets {{
    pkcs12-person {{
        file = person.p12
        secret = \"{passphrase}\"
    }}
}}
"
    )
}
