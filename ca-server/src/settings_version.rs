//! The version of the settings that the log is written under.

use ca_store::{CaStore, StoreError};
use ca_types::{SettingsDigest, UnixTime};
use ca_verify::{Change, Console, Entry, Origin, SettingsChanged};

use crate::settings::Settings;

/// Writes a leaf when the settings are not `last`, which the log was last written under: whoever starts with a changed
/// file changes the settings as a reload does.
///
/// # Errors
/// Fails when the log cannot be written.
pub async fn record_settings(
    store: &dyn CaStore,
    last: Option<SettingsDigest>,
    settings: &Settings,
    now: UnixTime,
) -> Result<(), StoreError> {
    let Some(old) = last.filter(|old| *old != settings.digest) else {
        return Ok(());
    };
    let changed = SettingsChanged {
        old,
        new: settings.digest,
        difference: "read at a start; the file before is not kept\n".to_owned(),
    };
    store
        .commit(Entry {
            time: now,
            origin: Origin {
                actor: None,
                address: Console::TYPED.to_owned(),
                request: None,
                settings: old,
            },
            changes: vec![Change::SettingsChanged(changed)],
        })
        .await?;
    tracing::info!(%old, new = %settings.digest, "settings changed since the log was last written");
    Ok(())
}

/// Finds the version that the last change of settings put in force; without one among the last leaves, the version that
/// the last leaf was written under.
///
/// A leaf of a request that began before a reload comes after it and names the version before. What a restore writes
/// names the file of the backup, which the log need not have seen.
///
/// # Errors
/// Fails when the log cannot be read.
pub async fn last_version(store: &dyn CaStore) -> Result<Option<SettingsDigest>, StoreError> {
    let size = store.tree_head().await?.size;
    let mut named = None;
    let leaves = store.leaves(size.saturating_sub(LAST_LEAVES), usize::MAX);
    for (_leaf, octets) in leaves.await?.iter().rev() {
        let entry = Entry::from_der(octets)?;
        let mut is_restored = false;
        for change in &entry.changes {
            if let Change::SettingsChanged(changed) = change {
                return Ok(Some(changed.new));
            }
            is_restored |= matches!(change, Change::Restored(_));
        }
        if !is_restored {
            named = named.or(Some(entry.origin.settings));
        }
    }
    Ok(named)
}

/// How far back a change of settings is looked for: more than are under way at once.
const LAST_LEAVES: u64 = 1000;

#[cfg(test)]
mod tests {
    use ca_store::MemoryStore;
    use ca_verify::Restored;

    use super::*;

    fn at() -> UnixTime {
        "2026-11-24T08:00:00Z".parse().unwrap()
    }

    fn settings(more: &str) -> Settings {
        let least = "organization = \"Example Fleet\"\npublish_url = \"http://pki.example.net\"\n";
        let text = format!("{least}{more}");
        Settings::parse(std::path::Path::new("f"), text.as_bytes()).unwrap()
    }

    async fn commit(store: &MemoryStore, settings: &Settings, changes: Vec<Change>) {
        let origin = Origin {
            actor: None,
            address: Console::TASK.to_owned(),
            request: None,
            settings: settings.digest,
        };
        let time = at();
        let entry = Entry {
            time,
            origin,
            changes,
        };
        store.commit(entry).await.unwrap();
    }

    async fn changes(store: &MemoryStore) -> Vec<(SettingsDigest, SettingsDigest)> {
        let leaves = store.leaves(0, usize::MAX).await.unwrap();
        let entries = leaves
            .iter()
            .map(|(_, octets)| Entry::from_der(octets).unwrap());
        entries
            .flat_map(|entry| entry.changes)
            .filter_map(|change| match change {
                Change::SettingsChanged(changed) => Some((changed.old, changed.new)),
                _ => None,
            })
            .collect()
    }

    async fn start(store: &MemoryStore, settings: &Settings) {
        let last = last_version(store).await.unwrap();
        record_settings(store, last, settings, at()).await.unwrap();
    }

    #[tokio::test]
    async fn each_change_of_the_file_is_one_leaf() {
        let (one, two) = (settings(""), settings("# two\n"));
        let store = MemoryStore::new();
        start(&store, &one).await;
        assert_eq!(changes(&store).await, []);
        commit(&store, &one, Vec::new()).await;
        for settings in [&one, &two, &two] {
            start(&store, settings).await;
        }
        // One that began under the former settings.
        commit(&store, &one, Vec::new()).await;
        start(&store, &two).await;
        start(&store, &one).await;
        let expected = [(one.digest, two.digest), (two.digest, one.digest)];
        assert_eq!(changes(&store).await, expected);
    }

    #[tokio::test]
    async fn what_a_restore_wrote_tells_nothing() {
        let (one, two) = (settings(""), settings("# two\n"));
        let store = MemoryStore::new();
        commit(&store, &one, Vec::new()).await;
        let restored = Restored {
            leaves: 1,
            root: store.tree_head().await.unwrap().root,
            lost_since: None,
            lists: Vec::new(),
            left_out: Vec::new(),
        };
        commit(&store, &two, vec![Change::Restored(restored)]).await;
        start(&store, &two).await;
        assert_eq!(changes(&store).await, [(one.digest, two.digest)]);
    }
}
