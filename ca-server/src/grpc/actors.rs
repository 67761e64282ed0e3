//! The service `Actors`.

use std::sync::Arc;

use ca_proto::{ConvertError, role, v1, wire_role};
use ca_store::ActorRow;
use ca_types::{ActorName, Scope};
use tonic::{Request, Response, Status};

use super::certificates::answer_to_wire;
use super::{caller_of, csr_of, refuse, refuse_field, request_of};
use crate::authority::{AddActorOrder, Authority};

/// Administers who may call.
#[derive(Debug)]
pub struct ActorsService(Arc<Authority>);

impl ActorsService {
    /// Serves this authority.
    pub fn new(authority: Arc<Authority>) -> Self {
        Self(authority)
    }
}

#[tonic::async_trait]
impl v1::actors_server::Actors for ActorsService {
    async fn add_actor(
        &self,
        request: Request<v1::AddActorRequest>,
    ) -> Result<Response<v1::AddActorResponse>, Status> {
        let caller = caller_of(&request)?;
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        let mut wire = request.into_inner();
        let csr = csr_of(&std::mem::take(&mut wire.certification_request))?;
        let id = std::mem::take(&mut wire.request_id);
        let request = request_of(&id, &caller, Some(permit.key()), &wire, Some(&csr))?;
        let actor = wire
            .actor
            .ok_or_else(|| refuse_field(&ConvertError::new("actor", "wanted a name and a role")))?;
        let order = AddActorOrder {
            request,
            name: name_of(&actor.name)?,
            role: role(actor.role).map_err(|e| refuse_field(&e))?,
            scope: scope_of(&actor)?,
            csr,
        };
        let added = self
            .0
            .add_actor(permit, order)
            .await
            .map_err(|e| refuse(&e))?;
        let (certificate, chain) = answer_to_wire(added.answer);
        Ok(Response::new(v1::AddActorResponse {
            actor: Some(to_wire(&added.actor)),
            certificate,
            chain,
        }))
    }

    async fn list_actors(
        &self,
        request: Request<v1::ListActorsRequest>,
    ) -> Result<Response<v1::ListActorsResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let actors = self.0.actors(&permit).await.map_err(|e| refuse(&e))?;
        Ok(Response::new(v1::ListActorsResponse {
            actors: actors.iter().map(to_wire).collect(),
        }))
    }

    async fn remove_actor(
        &self,
        request: Request<v1::RemoveActorRequest>,
    ) -> Result<Response<v1::RemoveActorResponse>, Status> {
        let caller = caller_of(&request)?;
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        let mut wire = request.into_inner();
        let id = std::mem::take(&mut wire.request_id);
        let request = request_of(&id, &caller, Some(permit.key()), &wire, None)?;
        let name = name_of(&wire.name)?;
        let removed = self
            .0
            .remove_actor(permit, request, &name)
            .await
            .map_err(|e| refuse(&e))?;
        let revoked_serials = removed.revoked.iter().map(ToString::to_string).collect();
        Ok(Response::new(v1::RemoveActorResponse { revoked_serials }))
    }
}

fn name_of(text: &str) -> Result<ActorName, Status> {
    text.parse()
        .map_err(|e| refuse_field(&ConvertError::name("name", e)))
}

fn scope_of(actor: &v1::Actor) -> Result<Scope, Status> {
    fn all<T: std::str::FromStr<Err: ToString>>(
        field: &'static str,
        texts: &[String],
    ) -> Result<Vec<T>, Status> {
        let parse = |text: &String| {
            text.parse()
                .map_err(|e| refuse_field(&ConvertError::new(field, e)))
        };
        texts.iter().map(parse).collect()
    }
    Ok(Scope {
        issuers: all("issuers", &actor.issuers)?,
        profiles: all("profiles", &actor.profiles)?,
        names: all("names", &actor.names)?,
    })
}

fn to_wire(row: &ActorRow) -> v1::Actor {
    v1::Actor {
        name: row.actor.name.to_string(),
        role: wire_role(row.actor.role).into(),
        issuers: row
            .actor
            .scope
            .issuers
            .iter()
            .map(ToString::to_string)
            .collect(),
        profiles: row
            .actor
            .scope
            .profiles
            .iter()
            .map(ToString::to_string)
            .collect(),
        names: row
            .actor
            .scope
            .names
            .iter()
            .map(ToString::to_string)
            .collect(),
        key_id: row.actor.key.to_string(),
        added: row.added.seconds(),
    }
}
