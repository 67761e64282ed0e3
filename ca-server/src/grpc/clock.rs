//! The service `Clock`.

use std::sync::Arc;

use ca_proto::{ConvertError, v1};
use ca_types::UnixTime;
use tonic::{Request, Response, Status};

use super::{caller_of, refuse, refuse_field, request_of};
use crate::authority::Authority;

/// Shows and confirms the clock of the server.
#[derive(Debug)]
pub struct ClockService(Arc<Authority>);

impl ClockService {
    /// Serves this authority.
    pub fn new(authority: Arc<Authority>) -> Self {
        Self(authority)
    }
}

#[tonic::async_trait]
impl v1::clock_server::Clock for ClockService {
    async fn get_clock(
        &self,
        request: Request<v1::GetClockRequest>,
    ) -> Result<Response<v1::GetClockResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let view = self.0.clock(&permit).await.map_err(|e| refuse(&e))?;
        Ok(Response::new(v1::GetClockResponse {
            clock: view.clock.seconds(),
            taken: view.taken.seconds(),
            distrust: view
                .distrust
                .map(|distrust| distrust.to_string())
                .unwrap_or_default(),
        }))
    }

    async fn confirm_clock(
        &self,
        request: Request<v1::ConfirmClockRequest>,
    ) -> Result<Response<v1::ConfirmClockResponse>, Status> {
        let caller = caller_of(&request)?;
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        let mut wire = request.into_inner();
        let id = std::mem::take(&mut wire.request_id);
        // Two attempts of one request differ in it.
        let time = std::mem::take(&mut wire.time);
        let request = request_of(&id, &caller, Some(permit.key()), &wire, None)?;
        let time = UnixTime::from_seconds(time)
            .map_err(|e| refuse_field(&ConvertError::new("time", e)))?;
        let confirmed = self
            .0
            .confirm_clock(permit, request, time)
            .await
            .map_err(|e| refuse(&e))?;
        Ok(Response::new(v1::ConfirmClockResponse {
            time: confirmed.seconds(),
        }))
    }
}
