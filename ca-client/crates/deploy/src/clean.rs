//! Takes certificates out of a router that nothing refers to.

use ca_routeros::{RouterTransport, certificate};
use ca_types::UnixTime;

use crate::doctor::{UnusedCertificate, examine};
use crate::{DeployError, RouterEntry};

/// Lists what a clean would remove: unused certificates of ours, and others that are named.
///
/// # Errors
/// Fails when the router cannot be looked at, and for a name that is not among its unused certificates.
pub async fn removable(
    router: &mut dyn RouterTransport,
    entry: &RouterEntry,
    named: &[String],
    now: UnixTime,
) -> Result<Vec<UnusedCertificate>, DeployError> {
    let unused = examine(router, entry, now).await?.unused;
    if let Some(absent) = named
        .iter()
        .find(|name| !unused.iter().any(|one| one.name == **name))
    {
        return Err(DeployError::InUse(absent.clone()));
    }
    Ok(unused
        .into_iter()
        .filter(|one| one.ours || named.contains(&one.name))
        .collect())
}

/// Removes them, each by the id of its row.
///
/// # Errors
/// Fails at the first one that the router keeps; those before it are gone.
pub async fn clean(
    router: &mut dyn RouterTransport,
    entry: &RouterEntry,
    named: &[String],
    now: UnixTime,
) -> Result<Vec<UnusedCertificate>, DeployError> {
    let removed = removable(router, entry, named, now).await?;
    for one in &removed {
        certificate::remove(router, &one.id).await?;
    }
    Ok(removed)
}
