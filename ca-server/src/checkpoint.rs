//! Signed checkpoints of the log: made every second while it grows, kept, and published.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ca_core::Signer;
use ca_store::{CaStore, LogId, StoreError, TreeHead};
use ca_types::{Clock, Code, Hinted, IssuerId, Passphrase, SettingsDigest, UnixTime};
use ca_verify::{
    Change, Checkpoint, Console, Entry, LogKey, LogKeyAdded, LogKeyStatement, NoteError, Origin,
    SignedNote,
};
use tokio_util::sync::CancellationToken;

use crate::atomic::{AtomicWriteError, atomic_write};
use crate::data_dir::DataDir;
use crate::keystore::{KeyStoreError, LogSigner, read_key, write_key};
use crate::publication::{Document, Publication};
use crate::settings::PublishUrl;

/// How often the log is looked at: what a crash leaves without a signature is never older.
const LOOK: Duration = Duration::from_secs(1);

/// Signs what the log has become.
#[derive(Debug)]
pub struct Checkpoints {
    store: Arc<dyn CaStore>,
    clock: Arc<dyn Clock>,
    signer: Arc<LogSigner>,
    key: LogKey,
    statement: String,
    file: PathBuf,
    publication: Arc<Publication>,
    newest: tokio::sync::Mutex<Option<Signed>>,
}

/// A checkpoint and its note.
#[derive(Debug, Clone)]
struct Signed {
    size: u64,
    note: String,
}

/// What a signer of checkpoints is made of.
#[derive(Debug)]
pub struct CheckpointParts<'a> {
    /// The log.
    pub store: Arc<dyn CaStore>,
    /// The identity of the log.
    pub log_id: LogId,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The data directory.
    pub data: &'a DataDir,
    /// The key of the log.
    pub key: OpenedLogKey,
    /// The control CA that vouches for it, and its key.
    pub control: (&'a IssuerId, &'a dyn Signer),
    /// Where the log is published, which is the beginning of its name.
    pub publish_url: &'a PublishUrl,
    /// The settings in force, for the log.
    pub settings: SettingsDigest,
    /// Where checkpoints are published.
    pub publication: Arc<Publication>,
}

/// Opens the key of the log; a data directory without one gets one.
///
/// # Errors
/// Fails when the passphrase does not open it, or a new one cannot be written.
pub fn open_log_key(
    data: &DataDir,
    passphrase: &Passphrase,
) -> Result<OpenedLogKey, KeyStoreError> {
    let path = data.log_key();
    let is_new = !path.exists();
    let key = if is_new {
        let key = LogSigner::generate()?;
        write_key(&path, &key, passphrase)?;
        key
    } else {
        read_key(&path, passphrase)?
    };
    Ok(OpenedLogKey {
        signer: Arc::new(LogSigner::new(&key).map_err(|error| error.in_file(&path))?),
        is_new,
    })
}

/// The key of a log, from its file.
#[derive(Debug)]
pub struct OpenedLogKey {
    /// Signs with it.
    pub signer: Arc<LogSigner>,
    /// Whether there was none before.
    pub is_new: bool,
}

/// The key of a log, and what a control CA says of it.
#[derive(Debug, Clone)]
pub struct StatedKey {
    /// The key.
    pub key: LogKey,
    /// The note of the statement.
    pub statement: String,
}

/// Lets a control CA vouch for the key of a log.
///
/// # Errors
/// Fails when the CA does not sign.
pub fn state_log_key(
    signer: &LogSigner,
    log_id: LogId,
    (issuer, control): (&IssuerId, &dyn Signer),
    publish_url: &PublishUrl,
    time: UnixTime,
) -> Result<StatedKey, CheckpointError> {
    let host = publish_url.to_string();
    let host = host.trim_start_matches("http://");
    let name = format!("{host}/log/{log_id}");
    let statement = LogKeyStatement {
        key: LogKey::new(name, signer.public_key()).ok_or(NoteError::Key)?,
        issuer: issuer.clone(),
        time,
    };
    let signature = control.sign(statement.to_string().as_bytes())?;
    let note = statement.signed(control.public_key(), signature);
    Ok(StatedKey {
        key: statement.key,
        statement: note.to_string(),
    })
}

/// Signs a checkpoint; returns its note.
pub fn sign_tree(signer: &LogSigner, key: &LogKey, head: TreeHead) -> String {
    let checkpoint = Checkpoint {
        origin: key.name().to_owned(),
        size: head.size,
        root: head.root,
    };
    let text = checkpoint.to_string();
    let signature = key.signature(signer.sign(text.as_bytes()));
    SignedNote::new(text, vec![signature]).to_string()
}

impl Checkpoints {
    /// Makes sure that the key is known to the log, that the log is the one of the last checkpoint, and signs what it
    /// is now.
    ///
    /// # Errors
    /// Fails when the log lacks or contradicts what the last checkpoint says, or cannot take the key.
    pub async fn start(parts: CheckpointParts<'_>) -> Result<Arc<Self>, CheckpointError> {
        let StatedKey { key, statement } = known_key(&parts).await?;
        let checkpoints = Self {
            store: parts.store,
            clock: parts.clock,
            key,
            signer: parts.key.signer,
            statement,
            file: parts.data.checkpoint(),
            publication: parts.publication,
            newest: tokio::sync::Mutex::default(),
        };
        checkpoints.follow_the_last().await?;
        let path = parts.data.log_key_statement();
        let is_kept =
            std::fs::read(&path).is_ok_and(|octets| octets == checkpoints.statement.as_bytes());
        if !is_kept && let Err(error) = atomic_write(&path, checkpoints.statement.as_bytes(), 0o644)
        {
            tracing::warn!(%error, "the statement about the log key is not kept as a file");
        }
        checkpoints.publish("/log/key", &checkpoints.statement);
        checkpoints.newest().await?;
        Ok(Arc::new(checkpoints))
    }

    /// Returns the key that verifies the checkpoints.
    pub fn key(&self) -> &LogKey {
        &self.key
    }

    /// Returns the statement of the control CA about the key.
    pub fn statement(&self) -> &str {
        &self.statement
    }

    /// Returns the note of a checkpoint over all durable leaves; signs one when the log has grown.
    ///
    /// # Errors
    /// Fails when the log cannot be read.
    pub async fn newest(&self) -> Result<String, StoreError> {
        let mut newest = self.newest.lock().await;
        let head = self.store.tree_head().await?;
        if let Some(signed) = newest.as_ref().filter(|signed| signed.size == head.size) {
            return Ok(signed.note.clone());
        }
        let note = sign_tree(&self.signer, &self.key, head);
        self.keep(&note).await;
        self.publish("/log/checkpoint", &note);
        *newest = Some(Signed {
            size: head.size,
            note: note.clone(),
        });
        Ok(note)
    }

    /// Signs until `stop`: at most a second after a change.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            if let Err(error) = self.newest().await {
                tracing::error!(%error, "checkpoint not signed");
            }
        }
    }

    /// Refuses a log that is not the one of the checkpoint that was kept last: its end was cut off or rewritten.
    async fn follow_the_last(&self) -> Result<(), CheckpointError> {
        let note = match std::fs::read_to_string(&self.file) {
            Ok(note) => note,
            Err(error) => {
                tracing::warn!(file = %self.file.display(), %error, "no checkpoint to follow");
                return Ok(());
            }
        };
        let last = match Checkpoint::verified(&note, &self.key) {
            Ok(last) => last,
            Err(error) => {
                tracing::warn!(file = %self.file.display(), %error, "the last checkpoint is not by the key of the log");
                return Ok(());
            }
        };
        match self.store.root_at(last.size).await? {
            Some(root) if root == last.root => {}
            found => {
                return Err(CheckpointError::Contradicted {
                    file: self.file.clone(),
                    size: last.size,
                    is_missing: found.is_none(),
                });
            }
        }
        let unsigned = self.store.tree_head().await?.size.saturating_sub(last.size);
        if unsigned > 0 {
            tracing::warn!(
                leaves = unsigned,
                "leaves without a checkpoint: the server did not stop in order"
            );
        }
        Ok(())
    }

    /// Keeps a checkpoint for the next start and for those who verify the directory; a full disk does not stop it.
    async fn keep(&self, note: &str) {
        let (file, octets) = (self.file.clone(), note.as_bytes().to_vec());
        let written = tokio::task::spawn_blocking(move || atomic_write(&file, &octets, 0o644));
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "checkpoint published and not kept as a file");
                metrics::counter!("ca_checkpoint_files_failed_total").increment(1);
            }
            Err(lost) => tracing::warn!(%lost, "checkpoint published and not kept as a file"),
        }
    }

    fn publish(&self, path: &str, note: &str) {
        let document = Document {
            octets: note.as_bytes().to_vec(),
            media_type: "text/plain; charset=utf-8",
            last_modified: self.clock.now(),
            expires: None,
        };
        self.publication.publish_changing(path, document);
    }
}

/// Finds the statement about the key in the log; a new key becomes a leaf.
async fn known_key(parts: &CheckpointParts<'_>) -> Result<StatedKey, CheckpointError> {
    let signer = &parts.key.signer;
    if let Some(statement) = parts.store.log_key().await? {
        let key = LogKeyStatement::from_note(&statement)?.key;
        let own = LogKey::new(key.name().to_owned(), signer.public_key());
        if own.as_ref() == Some(&key) {
            return Ok(StatedKey { key, statement });
        }
        // A flipped bit in the file can make another key of it.
        if !parts.key.is_new {
            return Err(CheckpointError::OtherKey {
                file: parts.data.log_key(),
            });
        }
    }
    let now = parts.clock.now();
    let stated = state_log_key(signer, parts.log_id, parts.control, parts.publish_url, now)?;
    let added = LogKeyAdded {
        statement: stated.statement.clone(),
    };
    let entry = Entry {
        time: now,
        origin: Origin {
            actor: None,
            address: Console::TASK.to_owned(),
            request: None,
            settings: parts.settings,
        },
        changes: vec![Change::LogKeyAdded(added)],
    };
    parts.store.commit(entry).await?;
    Ok(stated)
}

/// Why no checkpoints are signed.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The log cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key of the log.
    #[error(transparent)]
    Key(#[from] KeyStoreError),
    /// The control CA does not sign.
    #[error(transparent)]
    Sign(#[from] ca_core::SignError),
    /// A note that is not what it should be.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// No control CA is here to vouch for the key.
    #[error("no control CA is here to vouch for the key of the log")]
    NoControlCa,
    /// The key in the file is not the one that the log knows.
    #[error("{}: another key than the one that signed the log", file.display())]
    OtherKey {
        /// The file.
        file: PathBuf,
    },
    /// The log is not the one that was signed.
    #[error(
        "{}: the log {} what was signed as its first {size} leaves",
        file.display(),
        if *is_missing { "ends before" } else { "contradicts" }
    )]
    Contradicted {
        /// The file of the checkpoint.
        file: PathBuf,
        /// The number of leaves that was signed.
        size: u64,
        /// Whether leaves are missing, or others.
        is_missing: bool,
    },
    /// A file.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
}

impl Hinted for CheckpointError {
    fn code(&self) -> Code {
        match self {
            Self::Store(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Sign(error) => error.code(),
            Self::Note(error) => error.code(),
            Self::Write(error) => error.code(),
            Self::NoControlCa | Self::OtherKey { .. } | Self::Contradicted { .. } => {
                Code::FailedPrecondition
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Key(error) => error.hint(),
            Self::Sign(error) => error.hint(),
            Self::Write(error) => error.hint(),
            Self::Contradicted { .. } => Some(
                "someone cut or rewrote the log, or an old copy was put back: `ca-server audit verify` says more; \
                 restore the newest backup"
                    .to_owned(),
            ),
            Self::OtherKey { .. } => Some(
                "restore the file from a backup; without one remove it: the next start makes a key that the control \
                 CA vouches for"
                    .to_owned(),
            ),
            Self::Note(_) | Self::NoControlCa => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use ca_store::MemoryStore;
    use ca_types::FakeClock;
    use tokio::time::Instant;

    use super::*;
    use crate::atomic::create_private_dir;
    use crate::keystore::{KeyKind, PrivateKey};

    const MOST: Duration = Duration::from_secs(10);

    fn nothing(time: UnixTime) -> Entry {
        Entry {
            time,
            origin: Origin {
                actor: None,
                address: Console::TASK.to_owned(),
                request: None,
                settings: [0; 32].into(),
            },
            changes: Vec::new(),
        }
    }

    /// The clock of the tasks goes on by itself whenever all of them wait: forty seconds take no time.
    #[tokio::test(start_paused = true)]
    async fn under_load_no_leaf_is_without_a_checkpoint_for_longer_than_ten_seconds() {
        let home = tempfile::tempdir().unwrap();
        let data = DataDir::new(home.path());
        create_private_dir(&home.path().join("log")).unwrap();
        let store = Arc::new(MemoryStore::new());
        let time: UnixTime = "2026-11-29T08:00:00Z".parse().unwrap();
        let control = PrivateKey::generate(KeyKind::P256).unwrap();
        let signer = control.signer().unwrap();
        let checkpoints = Checkpoints::start(CheckpointParts {
            store: Arc::<MemoryStore>::clone(&store),
            log_id: [7; 16].into(),
            clock: Arc::new(FakeClock::at(time)),
            data: &data,
            key: OpenedLogKey {
                signer: Arc::new(LogSigner::new(&LogSigner::generate().unwrap()).unwrap()),
                is_new: true,
            },
            control: (&"control-2026-1".parse().unwrap(), &signer),
            publish_url: &"http://pki.example.net".parse().unwrap(),
            settings: [0; 32].into(),
            publication: Arc::new(Publication::new()),
        })
        .await
        .unwrap();
        let stop = CancellationToken::new();
        let signing = Arc::clone(&checkpoints).run(stop.clone());
        let load = async {
            let mut written: Vec<(Instant, u64)> = Vec::new();
            for _fifth in 0..200 {
                store.commit(nothing(time)).await.unwrap();
                let size = store.tree_head().await.unwrap().size;
                written.push((Instant::now(), size));
                tokio::time::sleep(Duration::from_millis(200)).await;
                let kept = std::fs::read_to_string(data.checkpoint()).unwrap();
                let signed = Checkpoint::verified(&kept, checkpoints.key()).unwrap().size;
                let old = written.iter().rfind(|(at, _size)| at.elapsed() >= MOST);
                let wanted = old.map_or(1, |(_at, size)| *size);
                assert!(signed >= wanted, "{signed} of {wanted} are signed");
            }
            stop.cancel();
        };
        tokio::join!(signing, load);
    }
}
