//! Backups: an ordinary tar without one plaintext secret, proved octet by octet, put back without reusing anything.

mod archive;
mod contents;
mod create;
mod error;
mod lists;
mod lost;
mod manifest;
mod notes;
mod read;
mod restore;
mod restored;
mod salvage;

pub use contents::{KeptIssuer, VerifiedBackup};
pub use create::{CreatedBackup, Destination, create};
pub use error::BackupError;
pub use lists::{PublishedList, fetch_lists};
pub use lost::LostIssuer;
pub use manifest::{BACKUP_VERSION, Manifest, Member};
pub use read::verify;
pub use restore::{RestoreOptions, restore};
pub use restored::{RestoredBackup, RestoredIssuer};
pub use salvage::{SalvagedBackup, salvage};
