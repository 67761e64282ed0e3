//! A running router: its console, its disk, and what the doors share.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Notify, oneshot, watch};

use crate::assumption::Assumptions;
use crate::console::{Caller, Connection, World, store_crl, wanted_crls};
use crate::download;
use crate::fault::{self, Chance, Fault, Faults, Strike};
use crate::flash::Flash;
use crate::model::Model;
use crate::row::{Reply, Request};
use crate::state::{State, StateFile};
use crate::trap::Trap;

/// A router that is switched on.
#[derive(Debug)]
pub struct Router {
    world: Mutex<World>,
    disk: StateFile,
    flash: Mutex<Flash>,
    record: Mutex<Record>,
    faults: Mutex<Faults>,
    /// Doors whose next connection to end is reset.
    resets: Mutex<BTreeSet<&'static str>>,
    /// Counts how often the connections of a service were cut.
    cuts: BTreeMap<&'static str, watch::Sender<u64>>,
    /// Counts the commands that may have changed rows.
    changes: watch::Sender<u64>,
    /// Wakes whoever waits for a time of the router.
    leaps: Notify,
}

/// Who logged in and what was executed through the doors.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Record {
    /// Logins that succeeded; REST logs in with each request.
    pub logins: u64,
    /// Commands in order.
    pub requests: Vec<Recorded>,
    /// Scripts of SSH sessions, without what stands in quotes, that have a word in them which the version lacks.
    pub unread: Vec<String>,
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
    /// End the connection without a word.
    Cut,
    /// The answer is so late that REST has given up.
    TooLate,
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
        }
        let flash = Flash::holding(disk.save(&world.state)?);
        let cuts = SERVICES
            .iter()
            .map(|&name| (name, watch::Sender::new(0)))
            .collect();
        Ok(Arc::new(Self {
            world: Mutex::new(world),
            disk,
            flash: Mutex::new(flash),
            record: Mutex::new(Record::default()),
            faults: Mutex::new(Faults::default()),
            resets: Mutex::new(BTreeSet::new()),
            cuts,
            changes: watch::Sender::new(0),
            leaps: Notify::new(),
        }))
    }

    /// Executes a command that came through a door of a service.
    pub async fn answer(&self, door: Door, user: &str, request: &Request) -> Answer {
        self.record().requests.push(Recorded {
            door: door.name.to_owned(),
            menu: request.menu.clone(),
            command: request.command.clone(),
            arguments: request
                .arguments
                .iter()
                .map(|(name, _)| name.clone())
                .collect(),
        });
        let strike = self.strike(door, request);
        let halved = match strike {
            Some(Strike::Reset) => {
                self.hang_up(door);
                return Answer::Cut;
            }
            Some(Strike::Half) => Some(fault::half(request)),
            Some(Strike::Cut | Strike::Late(_)) | None => None,
        };
        let before = {
            let mut world = self.world();
            world.halves = halved.is_some();
            world.passed
        };
        let request = halved.as_ref().unwrap_or(request);
        let (result, cut) = self.execute(Caller::User(user), request).await;
        let mut world = self.world();
        world.halves = false;
        if let Some(Strike::Late(seconds)) = strike {
            world.passed += seconds;
        }
        let late = world.passed - before >= LIMIT && door.service.starts_with("www");
        match strike {
            Some(Strike::Cut | Strike::Half) => {
                self.hang_up(door);
                Answer::Cut
            }
            _ if cut.contains(door.service) => Answer::Cut,
            _ if late => Answer::TooLate,
            _ if request.command == "export" && door.service != "ssh" => {
                let says_it = world.assumptions.is("api-export", "text");
                Answer::Send(result.map(|reply| Reply {
                    ret: reply.ret.filter(|_| says_it),
                    ..reply
                }))
            }
            _ => Answer::Send(result),
        }
    }

    /// Tells how a command, or an upload, is struck.
    pub(crate) fn strike(&self, door: Door, request: &Request) -> Option<Strike> {
        let strike = lock(&self.faults).strike(request)?;
        if strike == Strike::Reset {
            lock(&self.resets).insert(door.name);
        }
        Some(strike)
    }

    /// Ends the connection behind what struck it, where that is not in the hands of its session.
    pub(crate) fn hang_up(&self, door: Door) {
        if door.service == "ssh" {
            self.cut(&BTreeSet::from(["ssh".to_owned()]));
        }
    }

    /// True when the connection of a door that ends now is to be reset.
    pub(crate) fn resets(&self, door: Door) -> bool {
        lock(&self.resets).remove(door.name)
    }

    /// Lets a fault come.
    pub fn plan(&self, fault: Fault) {
        lock(&self.faults).plan(fault);
    }

    /// Leaves faults to chance.
    pub fn leave_to(&self, chance: Chance) {
        lock(&self.faults).leave_to(chance);
    }

    /// Shuts all services, or opens them again.
    pub fn lock_out(&self, on: bool) {
        self.world().is_locked_out = on;
        if on {
            self.cut(&SERVICES.map(str::to_owned).into());
        }
    }

    /// Ends all connections and starts anew: in order, or with what the flash has kept when the power goes.
    pub fn restart(&self, power_is_lost: bool) -> io::Result<()> {
        let mut world = self.world();
        if power_is_lost && world.assumptions.is("unsynced-writes", "lost") {
            let mut flash = lock(&self.flash);
            world.state = serde_json::from_slice(flash.after_power_loss(world.passed))?;
        }
        if power_is_lost {
            world.confirm_device_mode();
        }
        self.boot(&mut world);
        Ok(())
    }

    /// Installs another version over this one; what was set stays.
    pub fn upgrade(&self, model: Model) {
        let mut world = self.world();
        world.become_model(model);
        self.boot(&mut world);
    }

    /// Waits until the version has REST.
    pub(crate) async fn has_rest(&self) {
        let Some(mut boots) = self.cuts.get("www").map(watch::Sender::subscribe) else {
            return;
        };
        while !self.world().model.has_rest() {
            if boots.changed().await.is_err() {
                return;
            }
        }
    }

    fn boot(&self, world: &mut World) {
        world.boot();
        self.save(world);
        lock(&self.flash).sync();
        self.cut(&std::mem::take(&mut world.cut));
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
                self.changes.send_modify(|count| *count += 1);
            }
            if matches!(request.menu.as_str(), "/system" | "/system/package/update") {
                lock(&self.flash).sync();
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
                let fetched = download::fetch(&fetch.url, fetch.trust.clone()).await;
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
            let fetched = download::fetch(&url, None).await;
            let mut world = self.world();
            store_crl(&mut world, &url, fetched);
            self.save(&world);
        }
    }

    /// Fetches all CRLs each hour while `crl-download` is on.
    pub async fn refresh_crls(&self) {
        let mut due = self.world().machine_clock + HOUR;
        loop {
            let left = due - self.world().machine_clock;
            if let Ok(left @ 1..) = u64::try_from(left) {
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(left)) => {}
                    () = self.leaps.notified() => {}
                }
                continue;
            }
            let urls = {
                let world = self.world();
                due = world.machine_clock + HOUR;
                match world.state.setting("/certificate/settings", "crl-download") {
                    Some("true") => wanted_crls(&world),
                    _ => Vec::new(),
                }
            };
            self.download(urls).await;
        }
    }

    /// Lets time pass that nobody waits for.
    pub(crate) fn let_pass(&self, seconds: i64) {
        self.world().passed += seconds;
        self.leaps.notify_one();
    }

    /// Tells of every command that may have changed rows.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
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

    /// The version that it plays.
    pub fn model(&self) -> Model {
        self.world().model
    }

    /// What came through the doors so far.
    pub fn recorded(&self) -> Record {
        self.record().clone()
    }

    /// Remembers a script that could not be read.
    pub(crate) fn note_unread(&self, text: &str) {
        let outside = text.split('"').step_by(2).collect();
        self.record().unread.push(outside);
    }

    /// The console with the clock of now.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = lock(&self.world);
        world.look_at_the_clock();
        world
    }

    pub(crate) fn save(&self, world: &World) {
        match self.disk.save(&world.state) {
            Ok(octets) => lock(&self.flash).write(octets, world.passed),
            Err(error) => eprintln!("routeros-sim: state not saved: {error}"),
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
        if world.is_locked_out || !world.service_is_on(service) {
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
        lock(&self.record)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
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

/// After which REST gives up, in seconds.
const LIMIT: i64 = 60;
const HOUR: i64 = 3_600;
const SERVICES: [&str; 5] = ["www", "www-ssl", "api", "api-ssl", "ssh"];
