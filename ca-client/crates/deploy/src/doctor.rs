//! What is wrong with the certificates of a router, why, and what mends it.

mod machine;
mod mend;
mod reach;
mod service;
mod store;
mod tunnel;
mod tunnel_end;
mod use_of;

use ca_routeros::RouterTransport;
use ca_types::UnixTime;

use crate::observe::{Observed, look};
use crate::{DeployError, RouterEntry};
use use_of::Use;

/// What a look at one router found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// What is wrong, in the order in which it should be mended; empty for a healthy router.
    pub complaints: Vec<Complaint>,
    /// Certificates that nothing refers to, by name: expired ones, and former ones of ours.
    pub unused: Vec<UnusedCertificate>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What kind it is: `clock`, `expired`, `no-key`; a word for programs.
    pub what: &'static str,
    /// Whether something does not work because of it.
    pub gravity: Gravity,
    /// What is wrong, for people.
    pub message: String,
    /// The command that mends it, on the router or here.
    pub mend: Option<String>,
    /// Lines of the router's log that speak of it.
    pub evidence: Vec<String>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// Something does not work.
    Error,
    /// It works, and should not stay so.
    Warning,
}

/// A certificate that nothing refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedCertificate {
    /// The id of its row.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether a push of ours brought it.
    pub ours: bool,
    /// Why it is of no more use: `expired`, `superseded`.
    pub why: &'static str,
}

/// Looks at everything that certificates on this router depend on; changes nothing.
///
/// # Errors
/// Fails when the router is not reached, or the user may not read.
pub async fn examine(
    router: &mut dyn RouterTransport,
    entry: &RouterEntry,
    now: UnixTime,
) -> Result<Diagnosis, DeployError> {
    let observed = look(router).await?;
    let uses = use_of::uses(router).await?;
    let mut complaints = Vec::new();
    let look = Look {
        observed: &observed,
        uses: &uses,
        entry,
        now,
    };
    machine::examine(&observed, now, &mut complaints);
    store::examine(&look, &mut complaints);
    service::examine(&observed, entry, &mut complaints);
    tunnel_end::examine(&look, &mut complaints);
    tunnel::examine(&look, &mut complaints);
    reach::examine(router, &observed, &mut complaints).await?;
    let log = machine::log(router).await?;
    for complaint in &mut complaints {
        complaint.evidence = log.about(complaint.what);
    }
    complaints.sort_by_key(|complaint| complaint.gravity);
    Ok(Diagnosis {
        complaints,
        unused: store::unused(&look),
    })
}

/// What was seen of a router, and what it shall be.
#[derive(Debug, Clone, Copy)]
struct Look<'a> {
    observed: &'a Observed,
    uses: &'a [Use],
    entry: &'a RouterEntry,
    now: UnixTime,
}

/// The complaints of one look.
type Complaints = Vec<Complaint>;

fn complain(
    complaints: &mut Complaints,
    what: &'static str,
    gravity: Gravity,
    message: String,
    mend: Option<String>,
) {
    complaints.push(Complaint {
        what,
        gravity,
        message,
        mend,
        evidence: Vec::new(),
    });
}

/// Returns the command that brings a new certificate.
fn push(entry: &RouterEntry) -> Option<String> {
    Some(format!("ca-client router push {}", entry.name))
}
