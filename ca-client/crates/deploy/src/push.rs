//! The push: look, plan, stage, bind, prove, and put back what does not work.

mod bound;
mod stage;

use std::fmt;

use ca_routeros::certificate::CertificateRow;
use ca_routeros::{RouterError, RouterTransport, crl};
use ca_types::{Clock, KeyId, UnixTime};
use tokio::time::sleep;

use crate::hierarchy::Hierarchy;
use crate::observe::{Observed, observe};
use crate::plan::{BindStep, Plan, plan, wish_at};
use crate::prove::{self, Expected, Outside, PAUSE};
use crate::report::{
    BindingReport, CertificateReport, FormerCertificate, Outcome, Report, Revocation,
};
use crate::{Binding, DeployError, Enroller, RouterEntry};

use bound::Bound;
use stage::Stage;

/// What a push works with.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The router.
    pub entry: &'a RouterEntry,
    /// The CAs.
    pub hierarchy: &'a Hierarchy,
    /// Gets certificates.
    pub enroller: &'a dyn Enroller,
    /// Sees the router as its clients do.
    pub outside: &'a dyn Outside,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// What is accepted.
    pub options: PushOptions,
    /// Is told what is done.
    pub progress: &'a (dyn Fn(&str) + Send + Sync),
}

impl fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("router", &self.entry.name)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// What is accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PushOptions {
    /// A binding that nobody has used yet is good enough, and is not waited for.
    pub accept_unproved: bool,
    /// The only open door may get another certificate.
    pub accept_lockout: bool,
}

/// The certificate of a wish, with its key on the router.
#[derive(Debug)]
struct Staged {
    row: CertificateRow,
    issuing_row: String,
    serial: String,
    not_after: UnixTime,
    /// The new key; nothing for a certificate that was there before.
    new_key: Option<KeyId>,
    former: Option<FormerCertificate>,
}

/// Makes a router as the fleet file wants it; `random` makes names of files.
///
/// # Errors
/// Fails when the router was left as it was; what became of single bindings stands in the report.
pub async fn push(
    router: &mut dyn RouterTransport,
    job: &Job<'_>,
    random: &mut (dyn FnMut() -> String + Send),
) -> Result<Report, DeployError> {
    let now = job.clock.now();
    (job.progress)("looking at the router");
    let observed = observe(router, now).await?;
    let plan = plan(job.entry, job.hierarchy, &observed, now)?;
    if plan.is_empty() {
        return Ok(kept(job.entry, &plan));
    }
    if let Some(service) = &plan.lockout
        && !job.options.accept_lockout
    {
        return Err(DeployError::Lockout {
            service: service.clone(),
        });
    }
    if plan.leaves.iter().any(|leaf| leaf.state.is_new()) && !observed.door.is_encrypted() {
        // Before the CA is asked: the certificate would be in vain.
        return Err(RouterError::SecretInTheClear {
            call: "/file add".to_owned(),
            door: observed.door,
        }
        .into());
    }
    let mut stage = Stage::new(router, job, observed.version, random);
    let staged = match stage.run(&plan).await {
        Ok(staged) => staged,
        Err(error) => return Err(stage.undo(error).await),
    };
    let new_pins = match pin_own_keys(job, observed.door.service(), &plan, &staged).await {
        Ok(keys) => keys,
        Err(error) => return Err(stage.undo(error).await),
    };
    for key in &new_pins {
        router.trust_also(*key);
    }
    let outcomes = bind_all(router, job, &plan, &staged, &observed).await;
    let revocation = match enforce(router, job, &plan, &observed).await {
        Ok(revocation) => revocation,
        // What was bound stays bound, and is reported.
        Err(error) => Revocation::NotSeenValid(error.to_string()),
    };
    Ok(report(job, &plan, staged, outcomes, (revocation, new_pins)))
}

/// Pins the keys that the service we come through is about to show, those too of certificates that were there before.
///
/// Not earlier: a push that fails while staging, again and again, would drive the key in use out of the pins.
async fn pin_own_keys(
    job: &Job<'_>,
    own: &str,
    plan: &Plan,
    staged: &[Staged],
) -> Result<Vec<KeyId>, DeployError> {
    let mut keys = Vec::new();
    for step in &plan.bindings {
        let Some(leaf) = staged.get(step.wish) else {
            continue;
        };
        if step.kept || !step.spot.is_service(own) {
            continue;
        }
        let key = match leaf.new_key {
            Some(key) => key,
            None => job.enroller.key_of(&leaf.serial).await?,
        };
        job.enroller.pin(key).await?;
        keys.push(key);
    }
    Ok(keys)
}

async fn bind_all(
    router: &mut dyn RouterTransport,
    job: &Job<'_>,
    plan: &Plan,
    staged: &[Staged],
    observed: &Observed,
) -> Vec<(usize, usize, Outcome)> {
    let own = observed.door.service();
    let mut outcomes = Vec::new();
    let mut tunnels: Vec<(&BindStep, &Staged, UnixTime)> = Vec::new();
    for step in &plan.bindings {
        let (Some(leaf), Some(wish)) = (staged.get(step.wish), wish_at(job.entry, step.wish))
        else {
            continue;
        };
        if step.kept {
            outcomes.push((step.wish, step.place, Outcome::Kept));
            continue;
        }
        (job.progress)(&format!("binding {}", step.binding));
        let bound = Bound::make(router, step, leaf, own).await;
        let since = job.clock.now();
        let bound = match bound {
            Ok(bound) => bound,
            Err(outcome) => {
                outcomes.push((step.wish, step.place, outcome));
                continue;
            }
        };
        if matches!(step.binding, Binding::Ipsec(_)) {
            tunnels.push((step, leaf, since));
            continue;
        }
        (job.progress)(&format!("proving {}", step.binding));
        let mut seen = Outcome::Failed(String::new());
        for turn in 0..TURNS {
            if turn > 0 {
                sleep(PAUSE).await;
            }
            let expected = Expected {
                entry: job.entry,
                wish,
                hierarchy: job.hierarchy,
                fingerprint: &leaf.row.fingerprint,
                now: job.clock.now(),
            };
            seen = prove::look(router, job.outside, &step.binding, expected, since).await;
            if !matches!(seen, Outcome::Failed(_)) {
                break;
            }
        }
        outcomes.push((step.wish, step.place, bound.settle(router, seen).await));
    }
    let seen = wait_for_tunnels(router, job, &tunnels).await;
    outcomes.extend(seen);
    outcomes
}

/// Waits until tunnels came up with what was bound.
async fn wait_for_tunnels(
    router: &mut dyn RouterTransport,
    job: &Job<'_>,
    tunnels: &[(&BindStep, &Staged, UnixTime)],
) -> Vec<(usize, usize, Outcome)> {
    let turns = if job.options.accept_unproved {
        ACCEPTING_TURNS
    } else {
        TUNNEL_TURNS
    };
    let mut outcomes = Vec::new();
    for turn in 0..turns {
        outcomes.clear();
        if turn > 0 {
            sleep(PAUSE).await;
        } else if !tunnels.is_empty() {
            (job.progress)("waiting for tunnels");
        }
        for (step, leaf, since) in tunnels {
            let Some(wish) = wish_at(job.entry, step.wish) else {
                continue;
            };
            let expected = Expected {
                entry: job.entry,
                wish,
                hierarchy: job.hierarchy,
                fingerprint: &leaf.row.fingerprint,
                now: job.clock.now(),
            };
            let seen = prove::look(router, job.outside, &step.binding, expected, *since).await;
            outcomes.push((step.wish, step.place, seen));
        }
        if outcomes.iter().all(|(_, _, seen)| *seen == Outcome::Proved) {
            break;
        }
    }
    outcomes
}

/// Has the router refuse revoked peers, once every CRL that it needs was seen valid.
async fn enforce(
    router: &mut dyn RouterTransport,
    job: &Job<'_>,
    plan: &Plan,
    observed: &Observed,
) -> Result<Revocation, RouterError> {
    let Some(urls) = &plan.enforce else {
        return Ok(revocation(plan));
    };
    (job.progress)("waiting for CRLs");
    let mut missing = None;
    for turn in 0..CRL_TURNS {
        if turn > 0 {
            sleep(PAUSE).await;
        }
        let rows = crl::list(router).await?;
        let now = job.clock.now();
        let is_valid = |url: &&String| {
            let mut rows = rows.iter();
            rows.any(|row| row.url == **url && row.is_valid(observed.offset, now))
        };
        missing = urls.iter().find(|url| !is_valid(url));
        if missing.is_none() {
            if !plan.crl_use || !plan.crl_download {
                enforce_now(router).await?;
            }
            return Ok(Revocation::InForce);
        }
        if turn == 0 {
            download(router).await?;
        }
    }
    Ok(Revocation::NotSeenValid(
        missing.cloned().unwrap_or_default(),
    ))
}

/// Sets it; after a cut connection looks whether that happened.
async fn enforce_now(router: &mut dyn RouterTransport) -> Result<(), RouterError> {
    match crl::enforce(router).await {
        Err(error) if error.is_unsure() => {
            router.reconnect().await?;
            if crl::settings(router).await?.crl_use {
                Ok(())
            } else {
                Err(error)
            }
        }
        answer => answer,
    }
}

/// Asks for a download; a refusal shows in the rows.
async fn download(router: &mut dyn RouterTransport) -> Result<(), RouterError> {
    match crl::download(router).await {
        Err(error) if error.is_unsure() => router.reconnect().await,
        Ok(()) | Err(_) => Ok(()),
    }
}

fn revocation(plan: &Plan) -> Revocation {
    if plan.crl_use {
        Revocation::InForce
    } else {
        Revocation::Off
    }
}

fn report(
    job: &Job<'_>,
    plan: &Plan,
    staged: Vec<Staged>,
    mut outcomes: Vec<(usize, usize, Outcome)>,
    (revocation, new_pins): (Revocation, Vec<KeyId>),
) -> Report {
    outcomes.sort_by_key(|(wish, place, _)| (*wish, *place));
    let certificates = job.entry.certificates.iter().zip(staged).enumerate();
    let certificates = certificates.map(|(place, (wish, leaf))| {
        let of_it = outcomes.iter().filter(|(wish, _, _)| *wish == place);
        let bindings = of_it
            .zip(&wish.bindings)
            .map(|((_, _, outcome), binding)| BindingReport {
                binding: binding.to_string(),
                outcome: outcome.clone(),
            });
        CertificateReport {
            name: wish.name.clone(),
            row: leaf.row.name,
            serial: leaf.serial,
            fingerprint: leaf.row.fingerprint,
            not_after: Some(leaf.not_after),
            former: leaf.former,
            bindings: bindings.collect(),
        }
    });
    Report {
        router: job.entry.name.clone(),
        certificates: certificates.collect(),
        revocation,
        new_pins,
        warnings: plan.warnings.clone(),
        changed: true,
    }
}

/// The report about a router that is as it should be.
fn kept(entry: &RouterEntry, plan: &Plan) -> Report {
    let certificates = entry.certificates.iter().zip(&plan.leaves);
    let certificates = certificates.map(|(wish, leaf)| {
        let bindings = wish.bindings.iter().map(|binding| BindingReport {
            binding: binding.to_string(),
            outcome: Outcome::Kept,
        });
        CertificateReport::of(wish, leaf, bindings.collect())
    });
    Report {
        router: entry.name.clone(),
        certificates: certificates.collect(),
        revocation: revocation(plan),
        new_pins: Vec::new(),
        warnings: plan.warnings.clone(),
        changed: false,
    }
}

/// Writes a serial number with the 32 digits of ours.
pub(crate) fn padded(serial: &str) -> String {
    format!("{serial:0>32}")
}

/// How often something that was bound is looked at before it counts as broken.
const TURNS: u32 = 5;
/// How often tunnels are looked at.
const TUNNEL_TURNS: u32 = 15;
/// How often they are when nobody insists.
const ACCEPTING_TURNS: u32 = 2;
/// How often CRLs are looked at.
const CRL_TURNS: u32 = 20;
