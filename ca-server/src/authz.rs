//! The one authorizer: every call passes it, and what it does not know it denies.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ca_core::Profile;
use ca_proto::status_from;
use ca_store::{CaStore, StoreError};
use ca_types::{Actor, Clock, Code, Hinted, IssuerId, KeyId, ProfileName, Role, Scope, UnixTime};
use ca_verify::{HolderError, HolderRequest, PublicKey};
use tonic::body::Body;
use tower::{Layer, Service};

use crate::tls::Peer;

mod rules;

pub use rules::Rule;

/// A call that passed the authorizer; only the authorizer makes one.
#[derive(Debug, Clone)]
pub struct Caller {
    method: &'static str,
    address: SocketAddr,
    actor: Option<Actor>,
}

impl Caller {
    /// Returns the method that is called, as its path.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// Gives leave to do what the method does, as the actor that calls.
    ///
    /// # Errors
    /// Fails when the method may be called without an actor, and none calls.
    pub fn permit(&self) -> Result<Permit, Denied> {
        let actor = self.actor.clone().ok_or(Denied::NoCertificate)?;
        Ok(Permit {
            key: actor.key,
            by: By::Actor(Box::new(actor)),
            address: self.address,
        })
    }

    /// Gives leave to the holder of a certificate, who signed the request with its key.
    ///
    /// # Errors
    /// Fails when the message is too old or not signed by the key.
    pub fn permit_holder(
        &self,
        message: &HolderRequest,
        signature: &[u8],
        key: &PublicKey,
        now: UnixTime,
    ) -> Result<Permit, HolderError> {
        message.verify(signature, key, now)?;
        Ok(Permit {
            key: key.key_id(),
            by: By::Holder,
            address: self.address,
        })
    }
}

/// Leave to do one thing; a use case cannot be called without it.
#[derive(Debug)]
pub struct Permit {
    key: KeyId,
    by: By,
    address: SocketAddr,
}

#[derive(Debug)]
enum By {
    Actor(Box<Actor>),
    /// The holder of a certificate: it gets the names that it has, and nothing else.
    Holder,
}

impl Permit {
    /// Returns the key of the actor or holder.
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// Returns the address that the call came from.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns what the caller may see; a holder is bound by its signature, not by a scope.
    pub fn scope(&self) -> Scope {
        match &self.by {
            By::Actor(actor) => actor.scope.clone(),
            By::Holder => Scope::default(),
        }
    }

    /// Tells whether a holder asks, and no actor.
    pub fn is_of_holder(&self) -> bool {
        matches!(self.by, By::Holder)
    }

    /// Refuses an agent, which may not revoke: neither by that name nor by replacing.
    ///
    /// # Errors
    /// Fails when the actor is an agent.
    pub fn may_replace(&self) -> Result<(), Denied> {
        match &self.by {
            By::Actor(actor) if actor.role == Role::Agent => Err(Denied::Role {
                actor: actor.name.to_string(),
                role: actor.role,
                method: "Issue with `replace`",
            }),
            By::Actor(_) | By::Holder => Ok(()),
        }
    }

    /// Refuses an actor whose role the profile does not serve; a holder asks for what it has.
    ///
    /// # Errors
    /// Fails when the role of the actor is none of the profile.
    pub fn may_request(&self, profile: &Profile) -> Result<(), Denied> {
        match &self.by {
            By::Actor(actor) if !profile.roles().contains(&actor.role) => {
                Err(Denied::RoleOfProfile {
                    actor: actor.name.to_string(),
                    role: actor.role,
                    profile: profile.name().clone(),
                })
            }
            By::Actor(_) | By::Holder => Ok(()),
        }
    }

    /// Refuses what lies outside the scope of the actor; all names must lie inside.
    ///
    /// # Errors
    /// Fails when the issuer, the profile or a name lies outside.
    pub fn covers<'a>(
        &self,
        issuer: &IssuerId,
        profile: &ProfileName,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<(), Denied> {
        match &self.by {
            By::Actor(actor) if !actor.scope.allows(issuer, profile, names) => Err(Denied::Scope {
                actor: actor.name.to_string(),
                issuer: issuer.clone(),
                profile: profile.clone(),
            }),
            By::Actor(_) | By::Holder => Ok(()),
        }
    }
}

/// Why a call is denied.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// The method needs an actor.
    #[error("the call came without a client certificate")]
    NoCertificate,
    /// The key is nobody's.
    #[error("no actor has the key of the client certificate")]
    UnknownActor,
    /// The client certificate ended, on this connection or before the session was resumed.
    #[error("the client certificate ended at {not_after}")]
    Expired {
        /// Its last second.
        not_after: UnixTime,
    },
    /// The role may not call the method.
    #[error("actor `{actor}` has role {role}, which may not call {method}")]
    Role {
        /// Who calls.
        actor: String,
        /// Its role.
        role: Role,
        /// What it calls.
        method: &'static str,
    },
    /// The settings keep the profile for other roles.
    #[error("actor `{actor}` has role {role}, which may not ask for profile {profile}")]
    RoleOfProfile {
        /// Who calls.
        actor: String,
        /// Its role.
        role: Role,
        /// The profile.
        profile: ProfileName,
    },
    /// The certificate lies outside the scope of the actor.
    #[error(
        "`{issuer}`, profile {profile} or one of the names lies outside the scope of actor `{actor}`"
    )]
    Scope {
        /// Who calls.
        actor: String,
        /// The CA.
        issuer: IssuerId,
        /// The profile.
        profile: ProfileName,
    },
    /// No rule knows the method.
    #[error("no rule allows this method")]
    UnknownMethod,
    /// The store could not be asked.
    #[error("the actors cannot be read")]
    Store(#[from] StoreError),
}

impl Hinted for Denied {
    fn code(&self) -> Code {
        match self {
            Self::NoCertificate | Self::UnknownActor | Self::Expired { .. } => {
                Code::Unauthenticated
            }
            Self::Role { .. }
            | Self::RoleOfProfile { .. }
            | Self::Scope { .. }
            | Self::UnknownMethod => Code::PermissionDenied,
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoCertificate => Some("name a profile file with certificate and key".to_owned()),
            Self::UnknownActor => {
                Some("ask an admin for `actor add`, or recover on the server with `ca-server admin recover`".to_owned())
            }
            Self::Expired { .. } => {
                Some("renew it before it ends; now: `actor add`, or `ca-server admin recover` on the server".to_owned())
            }
            Self::Role { .. } | Self::Scope { .. } => {
                Some("an admin can see the role and scope with `actor list`".to_owned())
            }
            Self::RoleOfProfile { profile, .. } => Some(format!(
                "`roles` under [profiles.{profile}] in the settings of the server names who may"
            )),
            Self::UnknownMethod => Some("the server may be older than the client".to_owned()),
            Self::Store(error) => error.hint(),
        }
    }
}

/// Looks at every call: its method, its peer, the actor record, and the time.
#[derive(Debug)]
pub struct Authorizer {
    store: Arc<dyn CaStore>,
    clock: Arc<dyn Clock>,
}

impl Authorizer {
    /// Asks `store` for actors and `clock` for the time, on every call.
    pub fn new(store: Arc<dyn CaStore>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { store, clock })
    }

    /// Decides on one call.
    ///
    /// A resumed TLS session skips the verifier of client certificates, so neither the end of the
    /// certificate nor the removal of the actor may rest on the handshake.
    async fn decide(&self, path: &str, peer: &Peer) -> Result<Caller, Denied> {
        let (method, rule) = Rule::of(path).ok_or(Denied::UnknownMethod)?;
        let actor = match peer.credential {
            None => None,
            Some(credential) if credential.not_after < self.clock.now() => {
                return Err(Denied::Expired {
                    not_after: credential.not_after,
                });
            }
            Some(credential) => Some(
                self.store
                    .actor(&credential.key)
                    .await?
                    .ok_or(Denied::UnknownActor)?,
            ),
        };
        match (rule, &actor) {
            (Rule::Open | Rule::RolesOrHolder(_), None) => {}
            (Rule::Open, Some(_)) => {}
            (Rule::Roles(_), None) => return Err(Denied::NoCertificate),
            (Rule::Roles(roles) | Rule::RolesOrHolder(roles), Some(actor)) => {
                if !roles.contains(&actor.role) {
                    return Err(Denied::Role {
                        actor: actor.name.to_string(),
                        role: actor.role,
                        method,
                    });
                }
            }
        }
        Ok(Caller {
            method,
            address: peer.address,
            actor,
        })
    }
}

/// Puts the authorizer in front of all services.
#[derive(Debug, Clone)]
pub struct AuthorizeLayer(Arc<Authorizer>);

impl AuthorizeLayer {
    /// Asks this authorizer.
    pub fn new(authorizer: Arc<Authorizer>) -> Self {
        Self(authorizer)
    }
}

impl<S> Layer<S> for AuthorizeLayer {
    type Service = Authorize<S>;

    fn layer(&self, inner: S) -> Authorize<S> {
        Authorize {
            inner,
            authorizer: Arc::clone(&self.0),
        }
    }
}

/// A service behind the authorizer.
#[derive(Debug, Clone)]
pub struct Authorize<S> {
    inner: S,
    authorizer: Arc<Authorizer>,
}

impl<S> Service<http::Request<Body>> for Authorize<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let authorizer = Arc::clone(&self.authorizer);
        Box::pin(async move {
            let decision = match request.extensions().get::<Peer>() {
                Some(peer) => authorizer.decide(request.uri().path(), peer).await,
                None => Err(Denied::UnknownMethod),
            };
            match decision {
                Ok(caller) => {
                    request.extensions_mut().insert(caller);
                    inner.call(request).await
                }
                Err(denied) => {
                    metrics::counter!("ca_refusals_total", "code" => denied.code().as_str())
                        .increment(1);
                    tracing::info!(method = request.uri().path(), code = %denied.code(), reason = %denied, "call denied");
                    Ok(status_from(&denied).into_http())
                }
            }
        })
    }
}
