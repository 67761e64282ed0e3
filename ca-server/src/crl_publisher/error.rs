//! Why a CRL is not published.

use std::path::PathBuf;

use ca_core::IssuanceError;
use ca_store::StoreError;
use ca_verify::{CertificateListError, IssuedByError};

/// Why a CRL is not published.
#[derive(Debug, thiserror::Error)]
pub enum CrlError {
    /// The store cannot record or read it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be made.
    #[error(transparent)]
    Issuance(#[from] IssuanceError),
    /// The kept file is no CRL.
    #[error("{}: not a CRL", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: CertificateListError,
    },
    /// The kept file is not by its CA.
    #[error("{}: not signed by its CA", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: IssuedByError,
    },
    /// The CRL of an offline CA is not there.
    #[error("{}: the CRL of the offline CA is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The log does not know a CRL that its CA has signed: it has lost its end.
    #[error(
        "{}: CRL number {number}, and the log knows none after {last}: an older log was put here",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its number.
        number: u64,
        /// The last that the log names.
        last: u64,
    },
    /// The server stops.
    #[error("the server stopped before the CRL was signed")]
    Interrupted,
    /// There is no later time.
    #[error("the clock stands at the end of time")]
    Clock,
}
