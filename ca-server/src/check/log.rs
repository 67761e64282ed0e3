//! The log, the index behind it, and the clock against both.

use std::collections::BTreeMap;

use ca_store::{IndexStanding, LogReport, StoreError, inspect_index, read_log};
use ca_types::{Hinted as _, IssuerClass, IssuerId, IssuerState, UnixTime};
use ca_verify::{Certificate, Change, CrlSigned, Entry};

use super::Findings;
use crate::data_dir::DataDir;
use crate::scratch::scratch_dir;

/// What the log says of CAs and CRLs.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) issuers: BTreeMap<IssuerId, BookedIssuer>,
    pub(super) last_crls: BTreeMap<IssuerId, CrlSigned>,
}

/// A CA as the log has it.
#[derive(Debug)]
pub(super) struct BookedIssuer {
    pub(super) id: IssuerId,
    pub(super) class: IssuerClass,
    pub(super) certificate: Certificate,
    pub(super) state: IssuerState,
}

impl Books {
    fn note(&mut self, leaf: u64, entry: Entry, unread: &mut Vec<String>) {
        for change in entry.changes {
            match change {
                Change::IssuerAdded(added) => match Certificate::from_der(&added.certificate) {
                    Ok(certificate) => {
                        let issuer = BookedIssuer {
                            id: added.id.clone(),
                            class: added.class,
                            certificate,
                            state: IssuerState::of_new(added.class),
                        };
                        self.issuers.insert(added.id, issuer);
                    }
                    Err(error) => {
                        unread.push(format!("leaf {leaf}: certificate of {}: {error}", added.id));
                    }
                },
                Change::CrlSigned(crl) => {
                    self.last_crls.insert(crl.issuer.clone(), crl);
                }
                Change::Restored(restored) => {
                    let taken = restored.lists.into_iter().filter_map(|list| list.crl);
                    self.last_crls
                        .extend(taken.map(|crl| (crl.issuer.clone(), crl)));
                }
                Change::IssuerStateChanged(changed) => {
                    if let Some(issuer) = self.issuers.get_mut(&changed.issuer) {
                        issuer.state = changed.state;
                    }
                }
                Change::Issued(_)
                | Change::Recovered(_)
                | Change::Revoked(_)
                | Change::ActorAdded(_)
                | Change::ActorRemoved(_)
                | Change::SettingsChanged(_)
                | Change::KeyBlocked(_)
                | Change::KeyUnblocked(_)
                | Change::LogKeyAdded(_)
                | Change::ForkClaimed(_)
                | Change::ClockConfirmed(_)
                | Change::CeremonyRecorded(_)
                | Change::IssuerRequested(_) => {}
            }
        }
    }
}

/// Reads the whole log; without it there is nothing more to look at.
pub(super) fn look(data: &DataDir, now: UnixTime, findings: &mut Findings) -> Option<Books> {
    if data.is_unpacked_backup() {
        let hint = "put the tar back with `ca-server backup restore`, into another directory";
        findings.error(
            "log",
            "it was taken out of a backup and never restored",
            hint,
        );
    }
    let mut books = Books::default();
    let mut unread = Vec::new();
    let read = read_log(data.path(), &mut |leaf, entry| {
        books.note(leaf, entry, &mut unread);
        Ok(())
    });
    match read {
        Ok(report) => look_at_report(&report, now, findings),
        Err(error) => {
            findings.error(
                "log",
                message_of(&error),
                error
                    .hint()
                    .unwrap_or_else(|| "put a copy of the data directory back".to_owned()),
            );
            return None;
        }
    }
    for problem in unread {
        findings.error("log", problem, "put a copy of the data directory back");
    }
    look_at_index(data, findings);
    Some(books)
}

fn look_at_report(report: &LogReport, now: UnixTime, findings: &mut Findings) {
    let leaves = report.head.size;
    findings.ok(
        "log",
        format!(
            "{leaves} leaves, {} octets in {} segments",
            report.octets, report.segments
        ),
    );
    if let Some(torn) = &report.torn {
        findings.warn(
            "log",
            format!(
                "{} ends in a torn record of {} octets",
                torn.segment.display(),
                torn.octets
            ),
            "beside a running server it is a write under way; else the next start cuts it off",
        );
    }
    match report.last_time {
        Some(last) if last.since(now) > SKEW => findings.error(
            "clock",
            format!("now is {now}, the last leaf was written at {last}"),
            "set the clock of this machine, and keep it right with NTP",
        ),
        Some(_) | None => findings.ok("clock", format!("now is {now}, after the last leaf")),
    }
}

/// Opens a copy of the index: sled has no read-only mode, and a server may have the original open.
fn look_at_index(data: &DataDir, findings: &mut Findings) {
    match inspect_index(data.path(), &scratch_dir()) {
        Ok(IndexStanding::Sound { leaves }) => {
            findings.ok("index", format!("{leaves} leaves, as the log has them"));
        }
        Ok(IndexStanding::Missing) => {
            let hint = "nothing to do: the next start builds it from the log";
            findings.warn("index", "there is none", hint);
        }
        Ok(IndexStanding::Unusable(what)) => {
            let hint =
                "nothing to do: the next start builds it anew; beside a running server look again";
            findings.warn("index", what, hint);
        }
        Ok(IndexStanding::Contradicts(path)) => {
            let what = format!("{}: its rows are not those of the leaves", path.display());
            let hint =
                "somebody wrote it who is no server: ask who could; the next start builds it anew";
            findings.error("index", what, hint);
        }
        Err(error) => {
            let hint = error
                .hint()
                .unwrap_or_else(|| "look at the space in TMPDIR".to_owned());
            findings.error("index", message_of(&error), hint);
        }
    }
}

fn message_of(error: &StoreError) -> String {
    let cause = std::error::Error::source(error)
        .map(|cause| format!(": {cause}"))
        .unwrap_or_default();
    format!("{error}{cause}")
}

/// Two clocks of a cluster, or one that NTP sets right, may differ by so many seconds.
const SKEW: u64 = 60;
