//! The calls of `Clock`.

use ca_proto::v1;
use ca_proto::v1::clock_client::ClockClient;
use ca_types::{RequestId, UnixTime};

use super::certificate_record::time;
use super::{Client, ClientError};

/// The clock of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerClock {
    /// What it says.
    pub clock: UnixTime,
    /// What the server takes for the time.
    pub taken: UnixTime,
    /// Why nothing is issued, if the clock is not trusted.
    pub distrust: Option<String>,
}

impl Client {
    /// Tells what the clock of the server says.
    ///
    /// # Errors
    /// Fails when the server refuses or is not reached.
    pub async fn clock(&self) -> Result<ServerClock, ClientError> {
        let mut client = ClockClient::new(self.channel.clone());
        let answer = self.read(client.get_clock(v1::GetClockRequest {}).await)?;
        Ok(ServerClock {
            clock: time("clock", answer.clock)?,
            taken: time("taken", answer.taken)?,
            distrust: Some(answer.distrust).filter(|distrust| !distrust.is_empty()),
        })
    }

    /// Vouches for the clock of the server; `now` is what the clock here says.
    ///
    /// # Errors
    /// Fails when the server refuses or is not reached.
    pub async fn confirm_clock(&self, id: RequestId, now: UnixTime) -> Result<(), ClientError> {
        let mut client = ClockClient::new(self.channel.clone());
        let request = v1::ConfirmClockRequest {
            request_id: id.to_string(),
            time: now.seconds(),
        };
        self.read(client.confirm_clock(request).await)?;
        Ok(())
    }
}
