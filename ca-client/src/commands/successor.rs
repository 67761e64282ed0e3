//! What `renew` and `rekey` share: the certificate that gets a successor, and the proof of its holder.

use std::path::{Path, PathBuf};

use ca_types::{ActorName, Clock as _, Code, RequestId, SerialNumber, SubjectName, SystemClock};
use ca_verify::target::Target;
use ca_verify::{Certificate, HolderMethod, HolderRequest};

use super::issue::targets_asked;
use crate::arguments::certificate;
use crate::client::HolderProof;
use crate::enrollment::{finish_switch, read_with_warning};
use crate::error::CommandError;
use crate::files;
use crate::keys::PrivateKey;
use crate::pending::Asked;
use crate::printer::Printer;
use crate::settings::ServerAddress;

/// A certificate that gets a successor.
#[derive(Debug)]
pub(super) struct Predecessor {
    pub(super) certificate: Certificate,
    pub(super) serial: SerialNumber,
    pub(super) name: String,
}

impl Predecessor {
    /// Reads it from a file.
    pub(super) fn read(file: &Path) -> Result<Self, CommandError> {
        let certificate = certificate(file)?;
        finish_switch(file, &certificate)?;
        let refuse = |what: String| CommandError::Check {
            code: Code::InvalidRequest,
            what: format!("{}: {what}", file.display()),
            hint: "only certificates of this CA can be renewed".to_owned(),
        };
        let serial = certificate
            .serial()
            .map_err(|error| refuse(error.to_string()))?;
        let name = certificate
            .subject()
            .common_name()
            .unwrap_or_default()
            .to_owned();
        // It becomes a part of file names, so it has to be one that this CA issues.
        if name.parse::<SubjectName>().is_err() && name.parse::<ActorName>().is_err() {
            return Err(refuse(
                "wanted one common name that this CA issues".to_owned(),
            ));
        }
        Ok(Self {
            certificate,
            serial,
            name,
        })
    }

    /// Writes down what is asked.
    pub(super) fn asked(
        &self,
        command: &str,
        server: &ServerAddress,
        days: Option<u32>,
        targets: &[Target],
    ) -> Asked {
        let mut asked: Asked = [
            ("command", command.to_owned()),
            ("server", server.to_string()),
            ("serial", self.serial.to_string()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        asked.extend(days.map(|days| ("--days".to_owned(), days.to_string())));
        asked.extend(targets_asked(targets));
        asked
    }
}

/// Returns where the key of a certificate is expected.
pub(super) fn key_file(certificate: &Path, given: Option<&PathBuf>) -> PathBuf {
    given
        .cloned()
        .unwrap_or_else(|| certificate.with_extension("key"))
}

/// The key of a certificate that gets a successor.
#[derive(Debug)]
pub(super) struct OldKey {
    pub(super) key: PrivateKey,
    /// Whether it is encrypted on disk.
    pub(super) is_encrypted: bool,
}

/// Reads the key of a certificate; `passphrase` comes with the option that names it.
pub(super) fn read_key(
    file: &Path,
    (passphrase_option, passphrase): (&'static str, Option<&PathBuf>),
    certificate: &Certificate,
    printer: &mut Printer,
) -> Result<OldKey, CommandError> {
    let passphrase = passphrase
        .map(|file| read_with_warning(file, printer))
        .transpose()?;
    if !files::exists(file) {
        return Err(CommandError::Usage {
            what: format!("no key of the certificate in {}", file.display()),
            hint: "name its key with --key".to_owned(),
        });
    }
    let pem = zeroize::Zeroizing::new(files::read(file)?);
    let key =
        PrivateKey::from_pem(&pem, passphrase.as_ref()).map_err(|source| CommandError::Key {
            file: file.to_owned(),
            source,
            passphrase_option,
        })?;
    if key.key_id() != certificate.public_key().key_id() {
        return Err(CommandError::Usage {
            what: format!("{} is not the key of the certificate", file.display()),
            hint: "name its key with --key".to_owned(),
        });
    }
    Ok(OldKey {
        key,
        is_encrypted: PrivateKey::is_encrypted(&pem),
    })
}

/// Signs a request as the holder of the certificate.
pub(super) fn holder_proof(
    method: HolderMethod,
    request_id: RequestId,
    serial: SerialNumber,
    certification_request: &[u8],
    key: &PrivateKey,
) -> Result<HolderProof, CommandError> {
    let time = SystemClock.now();
    let request = HolderRequest::new(method, request_id, time, serial, certification_request);
    let signature = key.sign(&request.octets()).map_err(CommandError::NewKey)?;
    Ok(HolderProof { time, signature })
}
