//! A binding that was made, until it is proved or put back.

use ca_routeros::{RouterError, RouterTransport};

use super::Staged;
use crate::DeployError;
use crate::plan::{BindStep, wanted};
use crate::report::Outcome;
use crate::spot::{Setting, Spot};

/// A binding that was made; it is settled exactly once.
#[derive(Debug)]
pub(super) struct Bound {
    spot: Spot,
    /// What is put back.
    former: Setting,
    /// Whether it is the service that we come through.
    is_own: bool,
}

impl Bound {
    /// Makes a binding; says what became of it when that fails.
    pub(super) async fn make(
        router: &mut dyn RouterTransport,
        step: &BindStep,
        leaf: &Staged,
        own: &str,
    ) -> Result<Self, Outcome> {
        let bound = Self {
            spot: step.spot.clone(),
            former: step.former.clone(),
            is_own: step.spot.is_service(own),
        };
        let wanted = wanted(&step.binding, &leaf.row.name, &leaf.issuing_row);
        match bound.ensure(router, &wanted).await {
            Ok(()) => Ok(bound),
            Err(cause) => Err(bound
                .put_back(router, DeployError::from(cause).to_string())
                .await),
        }
    }

    /// Keeps what works, and puts back what was there before what does not.
    pub(super) async fn settle(self, router: &mut dyn RouterTransport, seen: Outcome) -> Outcome {
        match seen {
            Outcome::Failed(cause) => self.put_back(router, cause).await,
            Outcome::Proved | Outcome::Unproved(_) | Outcome::Kept | Outcome::RolledBack(_) => seen,
        }
    }

    async fn put_back(self, router: &mut dyn RouterTransport, cause: String) -> Outcome {
        match self.ensure(router, &self.former).await {
            Ok(()) => Outcome::RolledBack(cause),
            Err(error) => Outcome::Failed(format!(
                "{cause}; and the former binding could not be put back: {error}"
            )),
        }
    }

    /// Sets what is wanted; after a cut connection looks whether it happened, and tries once more if it did not.
    async fn ensure(
        &self,
        router: &mut dyn RouterTransport,
        wanted: &Setting,
    ) -> Result<(), RouterError> {
        for turn in 0..2 {
            match self.spot.write(router, wanted).await {
                Ok(()) if self.is_own => {
                    // The service drops its connections.
                    router.reconnect().await?;
                    return Ok(());
                }
                Ok(()) => return Ok(()),
                Err(error) if error.is_unsure() => {
                    router.reconnect().await?;
                    if self.spot.read_again(router).await?.satisfies(wanted) {
                        return Ok(());
                    }
                    if turn > 0 {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
