//! A running router: its console, its disk, and what the doors share.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{oneshot, watch};

use crate::assumption::Assumptions;
use crate::console::{Caller, Connection, World, store_crl, wanted_crls};
use crate::crl;
use crate::model::Model;
use crate::row::{Reply, Request};
use crate::state::{State, StateFile};
use crate::trap::Trap;

/// A router that is switched on.
#[derive(Debug)]
pub struct Router {
    world: Mutex<World>,
    disk: StateFile,
    record: Mutex<Record>,
    /// Counts how often the connections of a service were cut.
    cuts: BTreeMap<&'static str, watch::Sender<u64>>,
}

/// Who logged in and what was executed through the doors.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Record {
    /// Logins that succeeded; REST logs in with each request.
    pub logins: u64,
    /// Commands in order.
    pub requests: Vec<Recorded>,
    #[serde(skip)]
    drops: Vec<(String, String)>,
}

/// A command that was executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// `rest`, `rest-http`, `api`, `api-ssl` or `ssh`.
    pub door: String,
    /// Its menu.
    pub menu: String,
    /// Its name.
    pub command: String,
    /// The names of its arguments.
    pub arguments: Vec<String>,
}

/// What a door is to do after a command.
#[derive(Debug)]
pub enum Answer {
    /// Send this.
    Send(Result<Reply, Trap>),
    /// The command was executed; cut the connection without a word.
    Cut,
}

/// What the router is switched on with.
#[derive(Debug)]
pub struct Settings<'a> {
    /// The version.
    pub model: Model,
    /// The chosen answers to open questions.
    pub assumptions: Assumptions,
    /// The directory of the state.
    pub directory: &'a Path,
}

impl Router {
    /// Switches the router on; `first` sets up one that was never on before.
    pub fn start(
        settings: Settings<'_>,
        first: impl FnOnce(&mut World) -> Result<(), String>,
    ) -> io::Result<Arc<Self>> {
        let Settings {
            model,
            assumptions,
            directory,
        } = settings;
        let disk = StateFile::within(directory)?;
        let (state, fresh) = match disk.load()? {
            Some(state) if state.model == model.name() => (state, false),
            Some(state) => {
                return Err(io::Error::other(format!(
                    "state of model {}, not of {}",
                    state.model,
                    model.name()
                )));
            }
            None => (State::new(model), true),
        };
        let mut world = World::new(model, assumptions, state);
        if fresh {
            first(&mut world).map_err(io::Error::other)?;
            world.cut.clear();
            disk.save(&world.state)?;
        }
        let cuts = SERVICES
            .iter()
            .map(|&name| (name, watch::Sender::new(0)))
            .collect();
        Ok(Arc::new(Self {
            world: Mutex::new(world),
            disk,
            record: Mutex::new(Record::default()),
            cuts,
        }))
    }

    /// Executes a command that came through a door of a service.
    pub async fn answer(&self, door: Door, user: &str, request: &Request) -> Answer {
        let drops = {
            let mut record = self.record();
            record.requests.push(Recorded {
                door: door.name.to_owned(),
                menu: request.menu.clone(),
                command: request.command.clone(),
                arguments: request
                    .arguments
                    .iter()
                    .map(|(name, _)| name.clone())
                    .collect(),
            });
            let place = record
                .drops
                .iter()
                .position(|(menu, command)| *menu == request.menu && *command == request.command);
            place.map(|place| record.drops.remove(place)).is_some()
        };
        let (result, cut) = self.execute(Caller::User(user), request).await;
        if drops || cut.contains(door.service) {
            Answer::Cut
        } else {
            Answer::Send(result)
        }
    }

    /// Executes a command; tells whose connections it cut.
    pub async fn execute(
        &self,
        caller: Caller<'_>,
        request: &Request,
    ) -> (Result<Reply, Trap>, BTreeSet<String>) {
        let (result, cut, downloads, fetching) = {
            let mut world = self.world();
            let result = world.execute(caller, request);
            if !matches!(
                request.command.as_str(),
                "print" | "getall" | "get" | "find"
            ) {
                self.save(&world);
            }
            (
                result,
                std::mem::take(&mut world.cut),
                std::mem::take(&mut world.downloads),
                world.fetching.take(),
            )
        };
        self.cut(&cut);
        if !downloads.is_empty() {
            self.download(downloads).await;
        }
        let result = match fetching {
            Some(fetch) => {
                let fetched = crl::download(&fetch.url).await;
                let mut world = self.world();
                let result = world.fetched(&fetch, fetched);
                self.save(&world);
                result
            }
            None => result,
        };
        (result, cut)
    }

    /// Fetches CRLs and keeps them.
    pub async fn download(&self, urls: Vec<String>) {
        for url in urls {
            let fetched = crl::download(&url).await;
            let mut world = self.world();
            store_crl(&mut world, &url, fetched);
            self.save(&world);
        }
    }

    /// Fetches all CRLs each hour while `crl-download` is on.
    pub async fn refresh_crls(&self) {
        loop {
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            let urls = {
                let world = self.world();
                match world.state.setting("/certificate/settings", "crl-download") {
                    Some("true") => wanted_crls(&world),
                    _ => Vec::new(),
                }
            };
            self.download(urls).await;
        }
    }

    /// True when the password is right and the user may come in by this door.
    pub fn logs_in(&self, user: &str, password: &str, policy: &str) -> bool {
        let good = {
            let mut world = self.world();
            let good = world.logs_in(user, password, policy);
            if good {
                let line = format!("user {user} logged in via {policy}");
                world.note("system,info,account", &line);
            } else {
                let line = format!("login failure for user {user} via {policy}");
                world.note("system,error,critical", &line);
            }
            good
        };
        if good {
            self.record().logins += 1;
        }
        good
    }

    /// What came through the doors so far.
    pub fn recorded(&self) -> Record {
        self.record().clone()
    }

    /// Executes the next such command and then cuts the connection.
    pub fn drop_next(&self, menu: &str, command: &str) {
        self.record()
            .drops
            .push((menu.to_owned(), command.to_owned()));
    }

    /// The console with the clock of now.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.look_at_the_clock();
        world
    }

    pub(crate) fn save(&self, world: &World) {
        if let Err(error) = self.disk.save(&world.state) {
            eprintln!("routeros-sim: state not saved: {error}");
        }
    }

    pub(crate) fn cut(&self, services: &BTreeSet<String>) {
        for name in services {
            if let Some(sender) = self.cuts.get(name.as_str()) {
                sender.send_modify(|count| *count += 1);
            }
        }
    }

    /// Registers a connection while its service is on.
    pub(crate) fn connect(
        self: &Arc<Self>,
        service: &'static str,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Option<Connected> {
        let mut cuts = self.cuts.get(service)?.subscribe();
        cuts.mark_unchanged();
        let mut world = self.world();
        if !world.service_is_on(service) {
            return None;
        }
        let id = world.next_connection;
        world.next_connection += 1;
        world.connections.insert(
            id,
            Connection {
                service,
                local,
                remote,
            },
        );
        Some(Connected {
            router: Arc::clone(self),
            id,
            cuts,
        })
    }

    /// Shows somebody who has dialled in, until what is returned is dropped.
    pub(crate) fn dialled(
        self: &Arc<Self>,
        service: &str,
        name: &str,
        caller: IpAddr,
        address: Ipv4Addr,
    ) -> Dialled {
        let (id, removed) = self.world().begin_ppp(service, name, caller, address);
        Dialled {
            router: Arc::clone(self),
            id,
            removed,
        }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A door, and the service that it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Door {
    /// `rest`, `rest-http`, `api`, `api-ssl`, `ssh` or `sstp`.
    pub name: &'static str,
    /// The row of `/ip/service`; `sstp` has none.
    pub service: &'static str,
}

/// A connection that stands in `/ip/service` until it is dropped.
#[derive(Debug)]
pub(crate) struct Connected {
    router: Arc<Router>,
    id: u32,
    cuts: watch::Receiver<u64>,
}

impl Connected {
    /// Waits until the router cuts the connection.
    pub(crate) async fn cut(&mut self) {
        if self.cuts.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.router.world().connections.remove(&self.id);
    }
}

/// A session that stands in `/ppp/active` until it is dropped.
#[derive(Debug)]
pub(crate) struct Dialled {
    router: Arc<Router>,
    id: u32,
    removed: oneshot::Receiver<()>,
}

impl Dialled {
    /// Waits until its row is removed.
    pub(crate) async fn removed(&mut self) {
        // The sender is dropped with the row and never used.
        drop((&mut self.removed).await);
    }
}

impl Drop for Dialled {
    fn drop(&mut self) {
        self.router.world().ppp_sessions.remove(&self.id);
    }
}

const SERVICES: [&str; 5] = ["www", "www-ssl", "api", "api-ssl", "ssh"];
