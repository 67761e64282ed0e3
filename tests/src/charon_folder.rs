//! What a daemon of strongSwan runs from.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder for [`Charon::start`](crate::Charon::start), written by hand and not by a router.
#[derive(Debug)]
pub struct CharonFolder {
    path: PathBuf,
}

impl CharonFolder {
    /// Makes the folder, with a `strongswan.conf` in it.
    ///
    /// No plugin fetches anything: revocation lists are what lies in the folder.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn new(path: &Path) -> Self {
        for part in ["x509", "x509ca", "x509crl", "private", "pkcs12"] {
            fs::create_dir_all(path.join(part)).expect("the directory is writable");
        }
        let path = path.canonicalize().expect("it was just made");
        let folder = Self { path };
        folder.write("strongswan.conf", &daemon(&folder.path));
        folder
    }

    /// Puts in what `ca-client issue` wrote into `issued`: certificate, key, issuing CA and root.
    ///
    /// # Panics
    /// When a file is missing.
    #[track_caller]
    pub fn put_issued(&self, issued: &Path, name: &str) {
        self.copy(&issued.join(format!("{name}.pem")), "x509/own.pem");
        self.copy(&issued.join(format!("{name}.key")), "private/own.pem");
        let chain = chain(&issued.join("chain.pem"));
        for (number, certificate) in chain.iter().enumerate() {
            self.write(&format!("x509ca/{number}.pem"), certificate);
        }
    }

    /// Puts in the root, the last certificate of a `chain.pem`.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn put_root(&self, file: &Path) {
        let chain = chain(file);
        let root = chain.last().expect("a chain has an end");
        self.write("x509ca/root.pem", root);
    }

    /// Puts in a `.p12` file.
    ///
    /// # Panics
    /// When it is missing.
    #[track_caller]
    pub fn put_p12(&self, file: &Path) {
        self.copy(file, "pkcs12/person.p12");
    }

    /// Writes `swanctl.conf`.
    ///
    /// # Panics
    /// When there is no room for it.
    #[track_caller]
    pub fn configure(&self, text: &str) {
        self.write("swanctl.conf", text);
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the folder of the revocation lists: one list per file.
    pub fn revocation_lists(&self) -> PathBuf {
        self.path.join("x509crl")
    }

    #[track_caller]
    fn copy(&self, from: &Path, to: &str) {
        fs::copy(from, self.path.join(to))
            .unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }

    #[track_caller]
    fn write(&self, name: &str, text: &str) {
        fs::write(self.path.join(name), text).expect("the directory is writable");
    }
}

/// Returns the certificates of a PEM file: the daemon reads the first of a file only.
#[track_caller]
fn chain(file: &Path) -> Vec<String> {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.split_inclusive("-----END CERTIFICATE-----\n")
        .map(str::to_owned)
        .collect()
}

fn daemon(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "charon-systemd {{
    load = random nonce openssl kdf hmac sha1 sha2 pem pkcs1 pkcs7 pkcs8 pkcs12 x509 pubkey revocation constraints \
kernel-libipsec kernel-netlink socket-default vici
    filelog {{
        log {{
            path = {folder}/charon.log
            default = 1
            cfg = 1
            flush_line = yes
        }}
    }}
    journal {{
        default = -1
    }}
    plugins {{
        vici {{
            socket = unix://{folder}/vici
        }}
    }}
}}
swanctl {{
    load = random openssl pem pkcs1 pkcs7 pkcs8 pkcs12 x509
}}
"
    )
}
