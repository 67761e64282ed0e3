//! What an admin needs to call the API: a profile file for `ca-client`, certificate, key and trust anchor.

use std::path::PathBuf;

use ca_store::files::Files;
use ca_verify::Certificate;

use crate::atomic::{AtomicWriteError, write_new_by};
use crate::keystore::{KeyStoreError, PrivateKey, write_plain_key_by};
use crate::settings::Settings;

/// The four files of an admin in a directory of their own.
#[derive(Debug, Clone)]
pub struct AdminProfile(PathBuf);

impl AdminProfile {
    /// Names the directory; it must exist before anything is written.
    pub fn in_directory(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// Returns the profile file.
    pub fn file(&self) -> PathBuf {
        self.0.join("client.toml")
    }

    /// Writes the key, for its owner only, by way of these files.
    ///
    /// # Errors
    /// Fails when it cannot be written.
    pub fn write_key(&self, files: &dyn Files, key: &PrivateKey) -> Result<(), KeyStoreError> {
        write_plain_key_by(files, &self.0.join("admin.key"), key)
    }

    /// Writes certificate, trust anchor and profile file by way of these files.
    ///
    /// The trust anchor is the control CA and not the root: a router with a certificate for servers must never pass
    /// for the API.
    ///
    /// # Errors
    /// Fails when one is there already or cannot be written.
    pub fn write(
        &self,
        files: &dyn Files,
        certificate: &Certificate,
        control: &Certificate,
        settings: &Settings,
    ) -> Result<(), AtomicWriteError> {
        write_new_by(
            files,
            &self.0.join("admin.pem"),
            certificate.to_pem().as_bytes(),
            0o644,
        )?;
        write_new_by(
            files,
            &self.0.join("ca.pem"),
            control.to_pem().as_bytes(),
            0o644,
        )?;
        write_new_by(
            files,
            &self.file(),
            profile_text(settings).as_bytes(),
            0o644,
        )
    }
}

fn profile_text(settings: &Settings) -> String {
    let name = settings
        .server_names
        .first()
        .map_or("localhost", |name| name.as_str());
    let host = if name.contains(':') {
        format!("[{name}]")
    } else {
        name.to_owned()
    };
    format!(
        "# Profile of ca-client: where the API is, and who calls. Paths are relative to this file.\n\
         server = \"https://{host}:{}\"\nca = \"ca.pem\"\ncertificate = \"admin.pem\"\nkey = \"admin.key\"\n",
        settings.listen.port()
    )
}
