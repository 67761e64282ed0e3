//! A mixed load, what of it was acknowledged, and what was still under way.

use std::collections::{BTreeMap, BTreeSet};

use ca_proto::v1::{
    Actor, AddActorRequest, IssueRequest, RekeyRequest, RemoveActorRequest, RevokeRequest, Role,
    actors_client::ActorsClient, revoke_request,
};
use ca_tests::{Api, Key, request_id};

/// A change that is asked for; sent again it must give the same answer.
#[derive(Debug, Clone)]
pub(super) enum Order {
    Issue(IssueRequest),
    Rekey(RekeyRequest, String),
    Revoke(RevokeRequest, String),
    Add(AddActorRequest, String),
    Remove(RemoveActorRequest),
}

impl Order {
    /// Sends it; returns the serial number of the new certificate, or that of the revoked one, or nothing.
    pub(super) async fn send(&self, api: &Api) -> Result<String, tonic::Status> {
        let mut authority = api.authority();
        let mut actors = ActorsClient::new(api.channel());
        let certificate = match self.clone() {
            Self::Issue(request) => authority.issue(request).await?.into_inner().certificate,
            Self::Rekey(request, _name) => authority.rekey(request).await?.into_inner().certificate,
            Self::Add(request, _name) => actors.add_actor(request).await?.into_inner().certificate,
            Self::Revoke(request, serial) => {
                authority.revoke(request).await?;
                return Ok(serial);
            }
            Self::Remove(request) => {
                actors.remove_actor(request).await?;
                return Ok(String::new());
            }
        };
        Ok(certificate.expect("a certificate").serial)
    }
}

/// Everything that one CA was asked for.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Certificates of devices by serial number, with their names.
    pub(super) issued: BTreeMap<String, String>,
    pub(super) revoked: BTreeSet<String>,
    pub(super) actors: BTreeSet<String>,
    /// Actors that were removed, with the serial numbers of their certificates.
    pub(super) removed: BTreeMap<String, String>,
    /// Certificates of all actors by name.
    credentials: BTreeMap<String, String>,
    /// What was answered since the last kill.
    pub(super) answered: Vec<(Order, String)>,
    /// What was sent and not answered.
    pub(super) under_way: Vec<Order>,
    /// How many changes were acknowledged, by kind.
    pub(super) counts: BTreeMap<&'static str, u32>,
    /// Certificates that may be rekeyed or revoked next.
    free: Vec<(String, String)>,
    /// Actors that may be removed next.
    idle: Vec<String>,
    step: u32,
}

impl Ledger {
    /// Decides on the next change.
    pub(super) fn next(&mut self) -> Order {
        self.step += 1;
        match self.step % 8 {
            1 | 4 => self.rekey(),
            2 | 5 => self.revoke(),
            3 => Some(self.add()),
            7 => self.remove(),
            _ => None,
        }
        .unwrap_or_else(|| self.issue())
    }

    fn issue(&self) -> Order {
        let name = format!("router-{}.example.net", self.step);
        Order::Issue(Key::new().issue_request("router", &name))
    }

    fn rekey(&mut self) -> Option<Order> {
        let (serial, name) = self.free.pop()?;
        let request = RekeyRequest {
            request_id: request_id(),
            serial,
            certification_request: Key::new().certification_request(&name),
            days: 0,
            holder_proof: None,
            targets: Vec::new(),
        };
        Some(Order::Rekey(request, name))
    }

    fn revoke(&mut self) -> Option<Order> {
        let (serial, _name) = self.free.pop()?;
        let request = RevokeRequest {
            request_id: request_id(),
            target: Some(revoke_request::Target::Serial(serial.clone())),
            reason: 0,
        };
        Some(Order::Revoke(request, serial))
    }

    fn add(&self) -> Order {
        let name = format!("operator-{}", self.step);
        let request = AddActorRequest {
            request_id: request_id(),
            actor: Some(Actor {
                name: name.clone(),
                role: Role::Operator.into(),
                ..Actor::default()
            }),
            certification_request: Key::new().certification_request(&name),
        };
        Order::Add(request, name)
    }

    fn remove(&mut self) -> Option<Order> {
        let name = self.idle.pop()?;
        Some(Order::Remove(RemoveActorRequest {
            request_id: request_id(),
            name,
        }))
    }

    /// Books what the server acknowledged.
    pub(super) fn book(&mut self, order: Order, serial: String) {
        let kind = match &order {
            Order::Issue(request) => {
                self.hold(&serial, &request.name);
                "issued"
            }
            Order::Rekey(_, name) => {
                self.hold(&serial, name);
                "rekeyed"
            }
            Order::Revoke(_, _) => {
                self.revoked.insert(serial.clone());
                "revoked"
            }
            Order::Add(_, name) => {
                self.actors.insert(name.clone());
                self.credentials.insert(name.clone(), serial.clone());
                self.idle.push(name.clone());
                "added"
            }
            Order::Remove(request) => {
                self.actors.remove(&request.name);
                let credential = self.credentials[&request.name].clone();
                self.removed.insert(request.name.clone(), credential);
                "removed"
            }
        };
        *self.counts.entry(kind).or_default() += 1;
        self.answered.push((order, serial));
    }

    fn hold(&mut self, serial: &str, name: &str) {
        let is_new = self.issued.insert(serial.to_owned(), name.to_owned());
        assert_eq!(is_new, None, "one serial number for two requests");
        self.free.push((serial.to_owned(), name.to_owned()));
    }
}
