//! Vouching for the clock of the server.

use ca_types::{Code, Hinted, UnixTime};
use ca_verify::{Change, ClockConfirmed, Entry, Request};

use super::{Authority, AuthorityError};
use crate::authz::Permit;
use crate::clock_guard::ClockDistrust;

/// What the clock says and what is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockView {
    /// What it says.
    pub clock: UnixTime,
    /// What is taken for the time.
    pub taken: UnixTime,
    /// Why nothing is issued.
    pub distrust: Option<ClockDistrust>,
}

/// The clocks of admin and server are too far apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the clock of the server says {server}, that of the caller {caller}: wanted at most ten minutes between them"
)]
pub struct ClocksDiffer {
    /// What the server's clock says.
    pub server: UnixTime,
    /// What the caller's clock says.
    pub caller: UnixTime,
}

impl Hinted for ClocksDiffer {
    fn code(&self) -> Code {
        Code::FailedPrecondition
    }

    fn hint(&self) -> Option<String> {
        Some("set the one that is wrong".to_owned())
    }
}

const APART_SECONDS: u64 = 600;

impl Authority {
    /// Refuses to issue while the clock is not believed.
    ///
    /// # Errors
    /// Fails when the clock jumped or stands before the log.
    pub(super) async fn trust_clock(&self) -> Result<(), AuthorityError> {
        match self.clock_view().await?.distrust {
            Some(distrust) => Err(distrust.into()),
            None => Ok(()),
        }
    }

    /// Tells what the clock says.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    pub async fn clock(&self, _permit: &Permit) -> Result<ClockView, AuthorityError> {
        self.clock_view().await
    }

    async fn clock_view(&self) -> Result<ClockView, AuthorityError> {
        let latest = self.store.latest_time().await?;
        Ok(ClockView {
            clock: self.clock_guard.wall(),
            taken: self.clock.now(),
            distrust: self.clock_guard.distrust(latest),
        })
    }

    /// Believes the clock from now on: an admin, whose own clock agrees, vouches for it.
    ///
    /// # Errors
    /// Refuses when the clock of the caller says something else.
    pub async fn confirm_clock(
        &self,
        permit: Permit,
        request: Request,
        caller: UnixTime,
    ) -> Result<UnixTime, AuthorityError> {
        let confirmed = |entry: &Entry| entry.time;
        if let Some(entry) = self.answered(request).await? {
            return Ok(confirmed(&entry));
        }
        let server = self.clock_guard.wall();
        if server.since(caller).max(caller.since(server)) > APART_SECONDS {
            return Err(ClocksDiffer { server, caller }.into());
        }
        let expected = self.clock.now();
        let entry = self
            .commit(Entry {
                time: server,
                origin: self.origin(&permit, request),
                changes: vec![Change::ClockConfirmed(ClockConfirmed {
                    expected,
                    confirmed: server,
                })],
            })
            .await?;
        self.clock_guard.confirm();
        tracing::warn!(actor = %permit.key(), clock = %server, %expected, "clock confirmed");
        Ok(confirmed(&entry))
    }
}
