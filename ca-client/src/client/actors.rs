//! The calls of `Actors`.

use ca_proto::v1;
use ca_proto::v1::actors_client::ActorsClient;
use ca_types::{Actor, ActorName, RequestId, Role, Scope, SerialNumber, UnixTime};
use tonic::transport::Channel;

use super::certificate_record::{parsed, time};
use super::{Client, ClientError, Issued};

/// An actor, and when it was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorRecord {
    /// Who it is and what it may do.
    pub actor: Actor,
    /// When it was added.
    pub added: UnixTime,
}

impl Client {
    /// Adds an actor and issues its certificate from a PKCS#10 request in DER.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn add_actor(
        &self,
        request_id: RequestId,
        name: &ActorName,
        role: Role,
        scope: &Scope,
        certification_request: Vec<u8>,
    ) -> Result<(ActorRecord, Issued), ClientError> {
        let actor = v1::Actor {
            name: name.to_string(),
            role: ca_proto::wire_role(role).into(),
            issuers: scope.issuers.iter().map(ToString::to_string).collect(),
            profiles: scope.profiles.iter().map(ToString::to_string).collect(),
            names: scope.names.iter().map(ToString::to_string).collect(),
            key_id: String::new(),
            added: 0,
        };
        let request = v1::AddActorRequest {
            request_id: request_id.to_string(),
            actor: Some(actor),
            certification_request,
        };
        let answer = self.read(self.actor_calls().add_actor(request).await)?;
        let actor = answer.actor.ok_or_else(|| ClientError::absent("actor"))?;
        let issued = Issued::from_wire(answer.certificate, answer.chain)?;
        Ok((actor.try_into()?, issued))
    }

    /// Lists the actors by name.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn actors(&self) -> Result<Vec<ActorRecord>, ClientError> {
        let mut client = self.actor_calls();
        let answer = self.read(client.list_actors(v1::ListActorsRequest {}).await)?;
        answer
            .actors
            .into_iter()
            .map(ActorRecord::try_from)
            .collect()
    }

    /// Removes an actor and returns the serial numbers of the certificates that were revoked with it.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn remove_actor(
        &self,
        request_id: RequestId,
        name: &ActorName,
    ) -> Result<Vec<SerialNumber>, ClientError> {
        let request = v1::RemoveActorRequest {
            request_id: request_id.to_string(),
            name: name.to_string(),
        };
        let answer = self.read(self.actor_calls().remove_actor(request).await)?;
        let serials = answer.revoked_serials.iter();
        serials
            .map(|serial| parsed("revoked_serials", serial))
            .collect()
    }

    fn actor_calls(&self) -> ActorsClient<Channel> {
        ActorsClient::new(self.channel.clone())
    }
}

impl TryFrom<v1::Actor> for ActorRecord {
    type Error = ClientError;

    fn try_from(wire: v1::Actor) -> Result<Self, ClientError> {
        let role = ca_proto::role(wire.role).map_err(|error| ClientError::answer("role", error))?;
        let scope = Scope {
            issuers: all_parsed("issuers", &wire.issuers)?,
            profiles: all_parsed("profiles", &wire.profiles)?,
            names: all_parsed("names", &wire.names)?,
        };
        Ok(Self {
            actor: Actor {
                key: parsed("key_id", &wire.key_id)?,
                name: parsed("name", &wire.name)?,
                role,
                scope,
            },
            added: time("added", wire.added)?,
        })
    }
}

fn all_parsed<T>(field: &'static str, texts: &[String]) -> Result<Vec<T>, ClientError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    texts.iter().map(|text| parsed(field, text)).collect()
}
