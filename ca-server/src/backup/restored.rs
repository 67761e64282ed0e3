//! What a restore tells: what came back, what is lost, and what to do now.

use std::path::{Path, PathBuf};

use ca_types::UnixTime;
use serde::Serialize;

use super::lists::Plan;
use super::{LostIssuer, VerifiedBackup};
use crate::data_dir::DataDir;
use crate::recover::Recovered;

/// A backup that was put back.
#[derive(Debug, Clone, Serialize)]
pub struct RestoredBackup {
    /// Where it is now.
    pub data: PathBuf,
    /// What was in the backup.
    pub backup: VerifiedBackup,
    /// Certificates that were issued after this time are not in the store: those of the last leaf are the last.
    pub unseen_since: String,
    /// Since when revocations are lost, when CAs went without their CRL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_since: Option<String>,
    /// What became of the CRL of each CA.
    pub issuers: Vec<RestoredIssuer>,
    /// Actors that had been removed since.
    pub removed_actors: Vec<String>,
    /// CAs that their root had revoked since.
    pub revoked_issuers: Vec<String>,
    /// CAs that came after the backup, and are lost with their keys.
    pub lost_issuers: Vec<LostIssuer>,
    /// CAs that the root had been asked for: if it answered after the backup, they have signed what nobody here knows.
    pub withdrawn_issuers: Vec<String>,
    /// Serial numbers on the CRLs whose certificates the backup has not seen.
    pub unseen_serials: Vec<String>,
    /// The new admin.
    pub admin: Recovered,
    /// What somebody should know.
    pub warnings: Vec<String>,
}

/// What became of the CRL of a CA.
#[derive(Debug, Clone, Serialize)]
pub struct RestoredIssuer {
    /// Its identifier.
    pub issuer_id: String,
    /// Whether its current CRL was taken.
    pub has_crl: bool,
    /// No CRL up to this number is signed again.
    pub crl_number: u64,
    /// How many revocations the backup did not know.
    pub reapplied: usize,
}

/// What was done to the log.
pub(super) struct Done {
    pub(super) plan: Plan,
    pub(super) admin: Recovered,
    pub(super) removed_actors: Vec<String>,
    pub(super) withdrawn_issuers: Vec<String>,
    pub(super) unseen_since: UnixTime,
    pub(super) lost_since: Option<UnixTime>,
}

impl Done {
    /// Tells of it, as it stands in its place.
    pub(super) fn report(
        self,
        data: &DataDir,
        target: &DataDir,
        backup: VerifiedBackup,
        mut warnings: Vec<String>,
    ) -> RestoredBackup {
        let Self {
            plan,
            mut admin,
            removed_actors,
            withdrawn_issuers,
            unseen_since,
            lost_since,
        } = self;
        if let Ok(below) = admin.profile_file.strip_prefix(data.path()) {
            admin.profile_file = target.path().join(below);
        }
        warnings.extend(warnings_of(&plan, unseen_since));
        for id in &withdrawn_issuers {
            warnings.push(format!(
                "the root had been asked for {id}, and may have answered since: it is withdrawn; ask for another with \
                 `ca-client issuer create`"
            ));
        }
        let issuers = plan.lists.iter().map(|list| RestoredIssuer {
            issuer_id: list.issuer.to_string(),
            has_crl: !plan.missing.contains(&list.issuer),
            crl_number: list.number,
            reapplied: list.revoked.len(),
        });
        RestoredBackup {
            data: target.path().to_owned(),
            backup,
            unseen_since: unseen_since.to_string(),
            lost_since: lost_since.map(|time| time.to_string()),
            issuers: issuers.collect(),
            removed_actors,
            revoked_issuers: plan
                .revoked_issuers
                .iter()
                .map(ToString::to_string)
                .collect(),
            lost_issuers: plan.lost,
            withdrawn_issuers,
            unseen_serials: plan.unseen.iter().map(ToString::to_string).collect(),
            admin,
            warnings,
        }
    }
}

impl RestoredBackup {
    /// Writes it for a person.
    pub fn text(&self, passphrase_file: Option<&Path>) -> String {
        let mut text = format!(
            "Restored {} leaves, the last of {}, into {}.\n",
            self.backup.leaves,
            self.unseen_since,
            self.data.display()
        );
        for issuer in &self.issuers {
            let word = if issuer.has_crl { "current" } else { "lost" };
            text.push_str(&format!(
                "  {:<24} CRL {word}, goes on behind number {}, {} revocations applied again\n",
                issuer.issuer_id, issuer.crl_number, issuer.reapplied
            ));
        }
        for actor in &self.removed_actors {
            text.push_str(&format!("  actor {actor} had been removed, and is again\n"));
        }
        for issuer in &self.revoked_issuers {
            text.push_str(&format!("  CA {issuer} had been revoked, and is again\n"));
        }
        for lost in &self.lost_issuers {
            text.push_str(&format!("  CA {lost} is lost\n"));
        }
        for issuer in &self.withdrawn_issuers {
            text.push_str(&format!("  CA {issuer} was asked for, and is withdrawn\n"));
        }
        for serial in &self.unseen_serials {
            text.push_str(&format!(
                "  {serial} is revoked, and its certificate is not in the store\n"
            ));
        }
        let passphrase = passphrase_file
            .map(|file| format!(" --passphrase-file {}", file.display()))
            .unwrap_or_default();
        text.push_str(&format!(
            "Made the admin {}, until {}.\n\nNext:\n  ca-server serve --data {}{passphrase}\n  \
             ca-client --profile-file {} audit submit FILE…\n",
            self.admin.name,
            self.admin.not_after,
            self.data.display(),
            self.admin.profile_file.display()
        ));
        text
    }
}

fn warnings_of(plan: &Plan, since: UnixTime) -> Vec<String> {
    let mut warnings = vec![format!(
        "certificates issued after {since} are valid and not in this store: let their holders hand them in with \
         `ca-client audit submit`"
    )];
    if let Some(control) = &plan.last_control {
        warnings.push(format!(
            "the root has revoked {control}, the only control CA of the backup: make another at once with `ca-client \
             issuer create --class control`, activate it, and retire this one"
        ));
    }
    for lost in &plan.lost {
        warnings.push(format!(
            "{lost} came after the backup, and its key is lost: what it issued stays valid until it ends, and nobody can \
             revoke it; give the holders certificates of another CA"
        ));
    }
    if !plan.missing.is_empty() {
        let names: Vec<&str> = plan
            .missing
            .iter()
            .map(ca_types::IssuerId::as_str)
            .collect();
        warnings.push(format!(
            "what {} revoked after {since} is valid again, and actors that were removed since may call: revoke and \
             remove them again",
            names.join(", ")
        ));
    }
    warnings
}
