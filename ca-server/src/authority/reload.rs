//! Taking changed settings while the server runs: all of them, or none.

use std::sync::Arc;

use ca_types::SettingsDigest;
use ca_verify::{Change, Console, Entry, Origin, Request, SettingsChanged};
use tokio::sync::oneshot;

use super::{Authority, AuthorityError};
use crate::authz::Permit;
use crate::settings::{Settings, SettingsChange};

/// What reloading did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reloaded {
    /// The settings in force before.
    pub old: SettingsDigest,
    /// The settings in force now; the same when the file is as it was.
    pub new: SettingsDigest,
    /// What differs in the policy, one line each.
    pub lines: Vec<String>,
}

impl Authority {
    /// Reads the settings file again, at the request of an admin.
    ///
    /// # Errors
    /// Refuses a file that is wrong, that changes what takes effect at a start only, or that names a CA which does not
    /// issue; the settings in force stay then.
    pub async fn reload(
        self: &Arc<Self>,
        permit: Permit,
        request: Request,
    ) -> Result<Reloaded, AuthorityError> {
        if let Some(entry) = self.answered(request).await? {
            return reloaded_of(&entry).ok_or(AuthorityError::Interrupted);
        }
        self.reload_as(self.origin(&permit, request)).await
    }

    /// Reads the settings file again, at a signal from the console; what comes of it stands in the log of the process.
    pub async fn reload_at_signal(self: &Arc<Self>) {
        let origin = Origin {
            actor: None,
            address: Console::TYPED.to_owned(),
            request: None,
            settings: self.settings.digest(),
        };
        if let Err(error) = self.reload_as(origin).await {
            let hint = ca_types::Hinted::hint(&error).unwrap_or_default();
            tracing::error!(reason = %error, hint, "settings not reloaded: those in force stay");
        }
    }

    /// Runs to its end even when the caller hangs up: the log and the settings in force must not part.
    async fn reload_as(self: &Arc<Self>, origin: Origin) -> Result<Reloaded, AuthorityError> {
        let (done, reloaded) = oneshot::channel();
        let authority = Arc::clone(self);
        self.tasks.spawn(async move {
            let result = authority.take_settings(origin).await;
            // Nobody waits any more when the caller hung up.
            let _hung_up = done.send(result);
        });
        reloaded.await.unwrap_or(Err(AuthorityError::Interrupted))
    }

    async fn take_settings(&self, origin: Origin) -> Result<Reloaded, AuthorityError> {
        let _turn = self.reloading.lock().await;
        let old = self.settings.now();
        let file = old.file.clone();
        let new = tokio::task::spawn_blocking(move || Settings::read(&file))
            .await
            .map_err(|_lost| AuthorityError::Interrupted)??;
        let change = SettingsChange::between(&old, &new);
        if !change.needs_restart.is_empty() {
            return Err(AuthorityError::NeedsRestart(change.needs_restart));
        }
        self.prove_issuers(&new)?;
        if old.digest == new.digest {
            tracing::info!(settings = %old.digest, "settings are as they were");
            return Ok(Reloaded {
                old: old.digest,
                new: new.digest,
                lines: Vec::new(),
            });
        }
        let changed = SettingsChanged {
            old: old.digest,
            new: new.digest,
            difference: change.text(),
        };
        let entry = Entry {
            time: self.clock.now(),
            origin: Origin {
                settings: old.digest,
                ..origin
            },
            changes: vec![Change::SettingsChanged(changed)],
        };
        let entry = self.commit(entry).await?;
        self.settings.replace(new);
        let reloaded = reloaded_of(&entry).ok_or(AuthorityError::Interrupted)?;
        tracing::info!(old = %reloaded.old, new = %reloaded.new, "settings reloaded");
        for line in &change.lines {
            tracing::info!(change = line, "setting changed");
        }
        Ok(reloaded)
    }

    /// Refuses settings with a profile whose CA is not there, is of another class, or has no key here.
    ///
    /// # Errors
    /// Fails with the first such profile.
    pub fn prove_issuers(&self, settings: &Settings) -> Result<(), AuthorityError> {
        for profile in settings.policy.profiles.iter() {
            if let Some(id) = profile.issuer() {
                let ca = self.known_issuer(id)?;
                if ca.issuer.class != profile.class() || ca.signer.is_none() {
                    return Err(AuthorityError::IssuerOfProfile {
                        profile: profile.name().clone(),
                        issuer: id.clone(),
                        wanted: profile.class(),
                        class: ca.issuer.class,
                    });
                }
            }
        }
        Ok(())
    }
}

fn reloaded_of(entry: &Entry) -> Option<Reloaded> {
    entry.changes.iter().find_map(|change| {
        let Change::SettingsChanged(changed) = change else {
            return None;
        };
        Some(Reloaded {
            old: changed.old,
            new: changed.new,
            lines: changed.difference.lines().map(str::to_owned).collect(),
        })
    })
}
