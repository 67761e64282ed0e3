//! The proofs of a push, without a change.

use ca_routeros::RouterTransport;
use ca_types::UnixTime;

use crate::hierarchy::Hierarchy;
use crate::observe::observe;
use crate::plan::{plan, wish_at};
use crate::prove::{self, Expected, Outside};
use crate::report::{BindingReport, CertificateReport, Outcome, Report, Revocation};
use crate::{DeployError, RouterEntry};

/// Looks whether a router is as the fleet file wants it and works, and changes nothing.
///
/// A tunnel counts as proved when it came up after the validity of its certificate began.
///
/// # Errors
/// Fails when the router cannot be looked at.
pub async fn verify(
    router: &mut dyn RouterTransport,
    entry: &RouterEntry,
    hierarchy: &Hierarchy,
    outside: &dyn Outside,
    now: UnixTime,
) -> Result<Report, DeployError> {
    let observed = observe(router, now).await?;
    let plan = plan(entry, hierarchy, &observed, now)?;
    let mut certificates = Vec::new();
    for (place, leaf) in plan.leaves.iter().enumerate() {
        let Some(wish) = wish_at(entry, place) else {
            continue;
        };
        let found = leaf.state.found();
        let mut bindings = Vec::new();
        for (number, binding) in wish.bindings.iter().enumerate() {
            let mut steps = plan.bindings.iter();
            let step = steps.find(|step| step.wish == place && step.place == number);
            let in_place = step.is_some_and(|step| match found {
                Some(found) => step.is_bound_to(&found.row.name),
                None => false,
            });
            let outcome = match found {
                Some(found) if in_place => {
                    let expected = Expected {
                        entry,
                        wish,
                        hierarchy,
                        fingerprint: &found.row.fingerprint,
                        now,
                    };
                    let since = found.validity.not_before();
                    prove::look(router, outside, binding, expected, since).await
                }
                Some(_) => Outcome::Failed("it is not bound as the fleet file wants it".to_owned()),
                None => Outcome::Failed("there is no valid certificate".to_owned()),
            };
            bindings.push(BindingReport {
                binding: binding.to_string(),
                outcome,
            });
        }
        certificates.push(CertificateReport::of(wish, leaf, bindings));
    }
    let revocation = match (&plan.enforce, plan.crl_use) {
        (_, true) => Revocation::InForce,
        (None, false) => Revocation::Off,
        (Some(urls), false) => Revocation::NotSeenValid(urls.first().cloned().unwrap_or_default()),
    };
    Ok(Report {
        router: entry.name.clone(),
        certificates,
        revocation,
        new_pins: Vec::new(),
        warnings: plan.warnings,
        changed: false,
    })
}
