//! Backups: an ordinary tar without one plaintext secret, proved octet by octet, put back without reusing anything.

mod archive;
mod contents;
mod create;
mod error;
mod lists;
mod manifest;
mod notes;
mod read;
mod restore;
mod salvage;

pub use contents::{KeptIssuer, VerifiedBackup};
pub use create::{CreatedBackup, Destination, create};
pub use error::BackupError;
pub use lists::{PublishedList, fetch_lists};
pub use manifest::{BACKUP_VERSION, Manifest, Member};
pub use read::verify;
pub use restore::{RestoreOptions, RestoredBackup, RestoredIssuer, restore};
pub use salvage::{SalvagedBackup, salvage};
