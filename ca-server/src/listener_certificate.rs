//! Keeps the certificate of the gRPC listener fresh: a new key and certificate at two thirds of its life.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ca_types::{Clock, SubjectName, UnixTime};
use ca_verify::{Certificate, CertificateError};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_util::sync::CancellationToken;

use crate::atomic::{AtomicWriteError, atomic_write};
use crate::authority::{Authority, AuthorityError};
use crate::data_dir::DataDir;
use crate::keystore::{KeyStoreError, PrivateKey, read_plain_key, write_plain_key};
use crate::server_identity::ServerIdentity;
use crate::settings::Settings;

/// How often the age of the certificate is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// The certificate of the listener, its files, and who renews it.
#[derive(Debug)]
pub struct ListenerCertificate {
    maker: Maker,
    identity: Arc<ServerIdentity>,
    current: Certificate,
}

/// Makes certificates of the listener.
#[derive(Debug)]
struct Maker {
    authority: Arc<Authority>,
    clock: Arc<dyn Clock>,
    names: Vec<SubjectName>,
    certificate_file: PathBuf,
    key_file: PathBuf,
}

/// A certificate with its chain and key.
#[derive(Debug)]
struct Made {
    leaf: Certificate,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Why the listener has no certificate.
#[derive(Debug, thiserror::Error)]
pub enum ListenerCertificateError {
    /// The certificate file cannot be read.
    #[error("{}: cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file holds no certificate.
    #[error("{}: no certificate", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A flipped bit, or a certificate of somebody else: no client would take it.
    #[error("{}: not signed by a control CA of this server", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The key cannot be read, made or written.
    #[error(transparent)]
    Key(#[from] KeyStoreError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
    /// The CA does not issue it.
    #[error(transparent)]
    Issue(#[from] AuthorityError),
    /// A certificate does not parse.
    #[error("a certificate of the listener does not parse")]
    Certificate(#[from] CertificateError),
    /// Key and certificate do not fit together.
    #[error("the key and the certificate of the listener do not fit together")]
    Tls(#[from] rustls::Error),
}

impl ListenerCertificate {
    /// Loads the certificate, or makes a new one: when it is due, for other names than the settings say, or
    /// not usable, as after a crash between its two files.
    ///
    /// # Errors
    /// Fails when none can be made.
    pub async fn open(
        data: &DataDir,
        settings: &Settings,
        authority: Arc<Authority>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ListenerCertificateError> {
        let maker = Maker {
            authority,
            clock,
            names: settings.server_names.clone(),
            certificate_file: data.tls_certificate(),
            key_file: data.tls_key(),
        };
        let loaded = match maker.load() {
            Ok((current, identity)) => Some((current, Arc::new(identity))),
            Err(error) => {
                tracing::warn!(%error, "listener certificate not usable, a new one is made");
                None
            }
        };
        if let Some((current, identity)) = loaded {
            let opened = Self {
                maker,
                identity,
                current,
            };
            return opened.fresh().await;
        }
        let Made { leaf, chain, key } = maker.make().await?;
        let identity = Arc::new(ServerIdentity::new(chain, key)?);
        Ok(Self {
            maker,
            identity,
            current: leaf,
        })
    }

    /// Renews a certificate that is due or lacks a name; one that is still valid serves on when that cannot be done.
    async fn fresh(mut self) -> Result<Self, ListenerCertificateError> {
        if !self.maker.is_due(&self.current) && self.maker.has_all_names(&self.current) {
            return Ok(self);
        }
        match self.renew().await {
            Ok(()) => Ok(self),
            Err(error) if self.maker.is_valid(&self.current) => {
                tracing::error!(%error, "listener certificate not renewed, the former one serves on");
                Ok(self)
            }
            Err(error) => Err(error),
        }
    }

    /// Returns what the listener shows.
    pub fn identity(&self) -> Arc<ServerIdentity> {
        Arc::clone(&self.identity)
    }

    /// Renews until `stop`.
    pub async fn watch(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            if self.maker.is_due(&self.current)
                && let Err(error) = self.renew().await
            {
                tracing::error!(%error, not_after = %self.current.validity().not_after(), "listener certificate not renewed");
            }
        }
    }

    /// Shows a new certificate from the next handshake on.
    async fn renew(&mut self) -> Result<(), ListenerCertificateError> {
        let Made { leaf, chain, key } = self.maker.make().await?;
        self.identity.replace(chain, key)?;
        self.current = leaf;
        Ok(())
    }
}

impl Maker {
    fn is_due(&self, certificate: &Certificate) -> bool {
        due_at(certificate) <= self.clock.now()
    }

    fn is_valid(&self, certificate: &Certificate) -> bool {
        certificate.validity().contains(self.clock.now())
    }

    fn has_all_names(&self, certificate: &Certificate) -> bool {
        self.names
            .iter()
            .all(|name| certificate.sans().contains(&name.general_name()))
    }

    fn load(&self) -> Result<(Certificate, ServerIdentity), ListenerCertificateError> {
        let path = &self.certificate_file;
        let pem = std::fs::read(path).map_err(|source| ListenerCertificateError::Unreadable {
            path: path.clone(),
            source,
        })?;
        let chain = Certificate::chain_from_pem(&pem)?;
        let empty = || ListenerCertificateError::Empty { path: path.clone() };
        let leaf = chain.first().cloned().ok_or_else(empty)?;
        let mut links = chain.iter().zip(chain.iter().skip(1));
        let is_whole = links.all(|(below, above)| below.verify_signed_by(above).is_ok());
        let is_ours = chain
            .last()
            .is_some_and(|ca| self.authority.is_control_ca(ca.der()));
        if !is_whole || !is_ours {
            return Err(ListenerCertificateError::Foreign { path: path.clone() });
        }
        let identity =
            ServerIdentity::new(wire(&chain), wire_key(&read_plain_key(&self.key_file)?))?;
        Ok((leaf, identity))
    }

    /// Makes a key, gets a certificate for it, and keeps both as files.
    async fn make(&self) -> Result<Made, ListenerCertificateError> {
        let credential = self.authority.make_for_listener(&self.names).await?;
        let leaf = credential.certificate;
        let issuer = Certificate::from_der(&self.authority.control_certificate()?)?;
        let chain = [leaf.clone(), issuer];
        // The key before the record: a folder that cannot be written must not cost a certificate at every try.
        write_plain_key(&self.key_file, &credential.key)?;
        self.authority
            .record_for_listener(credential.issued)
            .await?;
        let pem: String = chain.iter().map(Certificate::to_pem).collect();
        atomic_write(&self.certificate_file, pem.as_bytes(), 0o644)?;
        tracing::info!(not_after = %leaf.validity().not_after(), "listener certificate made");
        Ok(Made {
            leaf,
            chain: wire(&chain),
            key: wire_key(&credential.key),
        })
    }
}

/// Returns when a certificate has lived two thirds of its life.
fn due_at(certificate: &Certificate) -> UnixTime {
    let validity = certificate.validity();
    let third = validity.seconds().div_euclid(3);
    validity.not_after().minus(third)
}

fn wire(chain: &[Certificate]) -> Vec<CertificateDer<'static>> {
    chain
        .iter()
        .map(|certificate| CertificateDer::from(certificate.der().to_vec()))
        .collect()
}

fn wire_key(key: &PrivateKey) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.expose_der().to_vec()).into()
}
