//! The console: one core that every door leads to.

mod authority;
mod certificate;
mod configuration;
mod crl;
mod device_mode;
mod edit;
mod enrolment;
#[cfg(test)]
mod every_command;
mod export_certificate;
mod fetch;
mod file;
mod import;
mod ipsec;
mod log;
mod monitor;
mod online;
mod power;
mod ppp;
mod print;
mod scep_server;
mod service;
mod ssh_host_key;
mod ssh_keys;
mod system;
mod table;
mod upgrade;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

use crate::assumption::Assumptions;
use crate::model::Model;
use crate::query;
use crate::row::{Reply, Request, Row};
use crate::state::State;
use crate::trap::Trap;
use crate::tree::{self, Tree};

pub(crate) use crl::store as store_crl;
pub(crate) use crl::wanted as wanted_crls;
pub(crate) use fetch::Fetch;
pub(crate) use table::{parse_id, print_id};

/// A router that is switched on.
#[derive(Debug)]
pub struct World {
    pub(crate) model: Model,
    pub(crate) assumptions: Assumptions,
    pub(crate) state: State,
    /// The clock of the machine, in seconds since 1970.
    pub(crate) machine_clock: i64,
    pub(crate) started: i64,
    pub(crate) connections: BTreeMap<u32, Connection>,
    pub(crate) next_connection: u32,
    pub(crate) active_peers: Vec<BTreeMap<String, String>>,
    pub(crate) ppp_sessions: BTreeMap<u32, ppp::PppSession>,
    pub(crate) next_ppp: u32,
    /// The octets that files may take.
    pub(crate) storage: usize,
    /// The octets of memory that nothing uses.
    pub(crate) free_memory: usize,
    /// Services whose connections the last command cuts.
    pub(crate) cut: BTreeSet<String>,
    /// CRLs that the last command asked for.
    pub(crate) downloads: Vec<String>,
    /// The file that the last command asked for.
    pub(crate) fetching: Option<Fetch>,
    pub(crate) log: log::Log,
    /// Shut down: nobody is let in.
    pub(crate) is_off: bool,
    /// A rule of the firewall shuts all services.
    pub(crate) is_locked_out: bool,
    /// What its clock goes on with while it is off.
    pub(crate) battery: Battery,
    /// Seconds that passed by themselves, beyond those of the machine.
    pub(crate) passed: i64,
    /// The seconds that it takes to make a key.
    pub(crate) seconds_per_key: i64,
    /// The next command ends in the middle.
    pub(crate) halves: bool,
    /// A change of the device mode that waits for somebody at the power plug.
    pub(crate) mode_update: Option<device_mode::Update>,
}

/// Whether a board has a battery for its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Battery {
    Present,
    Absent,
}

/// An open connection of a service.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) service: &'static str,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
}

/// Who gives a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller<'a> {
    /// The person at the serial console.
    Console,
    /// A user who has logged in.
    User(&'a str),
}

impl World {
    /// A router as it comes from the box, without a user.
    pub fn fresh(model: Model) -> Self {
        Self::new(model, Assumptions::default(), State::new(model))
    }

    pub(crate) fn new(model: Model, assumptions: Assumptions, state: State) -> Self {
        let now = machine_clock();
        Self {
            model,
            assumptions,
            state,
            machine_clock: now,
            started: now,
            connections: BTreeMap::new(),
            next_connection: 0x100,
            active_peers: Vec::new(),
            ppp_sessions: BTreeMap::new(),
            next_ppp: 0,
            storage: STORAGE,
            free_memory: MEMORY,
            cut: BTreeSet::new(),
            downloads: Vec::new(),
            fetching: None,
            log: log::Log::default(),
            is_off: false,
            is_locked_out: false,
            battery: Battery::Present,
            passed: 0,
            seconds_per_key: 0,
            halves: false,
            mode_update: None,
        }
    }

    pub(crate) fn look_at_the_clock(&mut self) {
        self.machine_clock = machine_clock() + self.passed;
    }

    /// Executes one command.
    pub fn execute(&mut self, caller: Caller<'_>, request: &Request) -> Result<Reply, Trap> {
        let command = match request.command.as_str() {
            "getall" => "print",
            other => other,
        };
        let menu = request.menu.as_str();
        let tree = Tree::of(self.model);
        if !tree.has_menu(menu) {
            return Err(Trap::menu(self.unknown_word(menu)));
        }
        let Some(known) = tree.arguments(menu, command) else {
            return Err(Trap::command(command));
        };
        self.permitted(caller, menu, command)?;
        for (name, _) in &request.arguments {
            if !self.accepts(known, menu, command, name) {
                return Err(Trap::parameter(name));
            }
        }
        self.device_mode_allows(menu, command)?;
        let mut reply = self.dispatch(caller, menu, command, request)?;
        if menu == "/certificate" && matches!(command, "sign" | "create-certificate-request") {
            self.passed += self.seconds_per_key;
        }
        if command == "print" {
            reply.rows = select(reply.rows, request)?;
            if request.argument("count-only").is_some() {
                let count = std::mem::take(&mut reply.rows).len();
                reply.ret = Some(count.to_string());
            }
        }
        Ok(reply)
    }

    /// The router's time in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.machine_clock + self.state.clock_offset
    }

    /// True when the password is the user's and the user may come in by this door.
    pub(crate) fn logs_in(&self, user: &str, password: &str, door_policy: &str) -> bool {
        let knows = self.state.table("/user").iter().any(|item| {
            let field = |name: &str| item.fields.get(name).map_or("", String::as_str);
            field("name") == user && field("password") == password
        });
        knows && self.may_enter(user, door_policy)
    }

    /// True when there is such a user, who may come in by this door.
    pub(crate) fn may_enter(&self, user: &str, door_policy: &str) -> bool {
        self.state.table("/user").iter().any(|item| {
            let field = |name: &str| item.fields.get(name).map_or("", String::as_str);
            field("name") == user && field("disabled") != "true"
        }) && self.has_policy(Caller::User(user), door_policy)
    }

    pub(crate) fn has_policy(&self, caller: Caller<'_>, policy: &str) -> bool {
        let Caller::User(user) = caller else {
            return true;
        };
        let group = self
            .state
            .table("/user")
            .iter()
            .find(|item| item.fields.get("name").is_some_and(|name| name == user))
            .and_then(|item| item.fields.get("group"))
            .and_then(|group| parse_id(group));
        self.state
            .table("/user/group")
            .iter()
            .find(|item| Some(item.id) == group)
            .and_then(|item| item.fields.get("policy"))
            .is_some_and(|all| all.split(',').any(|one| one == policy))
    }

    fn permitted(&self, caller: Caller<'_>, menu: &str, command: &str) -> Result<(), Trap> {
        let mut needed: Vec<&str> = Vec::new();
        match command {
            "print" | "get" | "find" | "read" | "head" | "tail" | "monitor" | "export" => {
                needed.push("read");
            }
            "export-certificate" => needed.extend(["read", "write", "sensitive"]),
            "reboot" | "shutdown" => needed.push("reboot"),
            // Adding a key asks for more since 7.15.
            "add" | "import" if menu == "/user/ssh-keys" && !self.model.since(15) => {
                needed.push("write");
            }
            _ if menu == "/user" || menu.starts_with("/user/") => needed.push("policy"),
            _ if menu == "/tool" || menu.starts_with("/tool/") => needed.push("test"),
            _ => needed.push("write"),
        }
        if needed.iter().all(|policy| self.has_policy(caller, policy)) {
            Ok(())
        } else {
            Err(Trap::permission())
        }
    }

    fn accepts(&self, known: &[String], menu: &str, command: &str, name: &str) -> bool {
        let item = name == ".id" && command == "print"
            || (name == ".id" || name == "number" || name == "numbers")
                && known.iter().any(|one| one == "numbers" || one == "number");
        let assumed_absent = self.model == Model::V6_49
            && menu == "/certificate"
            && command == "import"
            && name == "name"
            && self.assumptions.is("v6-import-name", "absent");
        (item || known.iter().any(|one| one == name)) && !assumed_absent
    }

    fn dispatch(
        &mut self,
        caller: Caller<'_>,
        menu: &str,
        command: &str,
        request: &Request,
    ) -> Result<Reply, Trap> {
        if command == "get" {
            return self.get(caller, request);
        }
        match command {
            "export" => return Ok(self.export(caller, request)),
            "edit" => return self.edit(caller, request),
            "recursive-print" => {
                let print = Request::new(menu, "print");
                return self.dispatch(caller, menu, "print", &print);
            }
            _ => {}
        }
        match menu {
            "/certificate" => self.certificate(command, request),
            "/certificate/crl" => self.crl(command, request),
            "/certificate/scep-server/otp" => self.scep_otp(command, request),
            "/certificate/scep-server/requests" => Self::scep_requests(command),
            "/file" => self.file(command, request),
            "/log" => self.logs(command, request),
            "/system" => self.power(command),
            "/system/backup" => self.backup(command, request),
            "/system/backup/cloud" => self.cloud_backups(command, request),
            "/system/license" => self.license(command),
            "/system/resource" if command == "monitor" => self.monitor(request),
            "/tool" if command == "fetch" => self.fetch(request),
            "/ip/service" => self.service(caller, command, request),
            "/ip/ssh" if command.ends_with("-host-key") => self.host_key(command, request),
            "/ip/ipsec/key" | "/ip/ipsec/key/rsa" => self.ipsec_keys(command, request),
            "/ip/ipsec/installed-sa" | "/ip/ipsec/statistics" => self.ipsec_kernel(menu, command),
            "/user/ssh-keys" => self.ssh_key_rows(command, request),
            "/user/ssh-keys/private" => self.private_ssh_keys(command, request),
            "/ip/ipsec/active-peers" => self.active_peers(command, request),
            "/ppp/active" => self.ppp_active(command, request),
            "/system/device-mode" => self.device_mode(command, request),
            "/system/package/update" if command == "install" => Ok(self.install_newest()),
            "/system/resource" | "/system/clock" | "/user/active" | "/ip/dns/cache"
            | "/ip/dns/cache/all" => self.system(menu, command, request),
            _ if !tree::menus().contains_key(menu) => {
                empty(menu, command, Tree::of(self.model).is_settings(menu))
            }
            _ if Tree::of(self.model).is_settings(menu) => self.settings(caller, command, request),
            _ => self.rows(caller, command, request),
        }
    }

    fn get(&mut self, caller: Caller<'_>, request: &Request) -> Result<Reply, Trap> {
        let rows = self.dispatch(
            caller,
            &request.menu,
            "print",
            &Request::new(&request.menu, "print"),
        )?;
        let row = match item_argument(request) {
            Some(wanted) => rows
                .rows
                .into_iter()
                .find(|row| is_row(row, wanted))
                .ok_or_else(Trap::item)?,
            None => rows.rows.into_iter().next().ok_or_else(Trap::item)?,
        };
        let ret = match request.argument("value-name") {
            Some(field) => row
                .get(field)
                .cloned()
                .ok_or_else(|| Trap::no_match("value-name"))?,
            None => row
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(";"),
        };
        Ok(Reply {
            rows: Vec::new(),
            ret: Some(ret),
        })
    }

    fn unknown_word<'m>(&self, menu: &'m str) -> &'m str {
        let tree = Tree::of(self.model);
        let mut end = 0;
        for word in menu.trim_start_matches('/').split('/') {
            end += word.len() + 1;
            if !menu.get(..end).is_some_and(|path| tree.has_menu(path)) {
                return word;
            }
        }
        menu
    }
}

/// The item that a command is about, as it was named.
pub(crate) fn item_argument(request: &Request) -> Option<&str> {
    ["numbers", ".id", "number"]
        .iter()
        .find_map(|name| request.argument(name))
}

/// True when the row is the one that is named by id or name.
pub(crate) fn is_row(row: &Row, wanted: &str) -> bool {
    [".id", "name"]
        .iter()
        .any(|field| row.get(*field).is_some_and(|own| own == wanted))
}

pub(crate) fn listed(rows: Vec<Row>) -> Reply {
    Reply { rows, ret: None }
}

pub(crate) fn found(rows: &[Row]) -> Reply {
    let ids: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.get(".id"))
        .map(String::as_str)
        .collect();
    Reply {
        rows: Vec::new(),
        ret: Some(ids.join(";")),
    }
}

pub(crate) fn not_here(menu: &str, command: &str) -> Trap {
    eprintln!("routeros-sim: {menu} {command}: not in this simulator");
    Trap::failure("not in this simulator")
}

/// A menu that is not played: it has no rows. What would make one is refused, for its words have no types here.
fn empty(menu: &str, command: &str, settings: bool) -> Result<Reply, Trap> {
    let answer = match command {
        "print" | "find" => Ok(Reply::default()),
        "set" | "reset" | "remove" | "enable" | "disable" | "comment" | "move" | "unset"
            if !settings =>
        {
            Err(Trap::item())
        }
        _ => return Err(not_here(menu, command)),
    };
    eprintln!("routeros-sim: {menu} {command}: answered as an empty menu");
    answer
}

fn select(rows: Vec<Row>, request: &Request) -> Result<Vec<Row>, Trap> {
    let mut chosen = Vec::new();
    let wanted = request.argument(".id").or_else(|| request.argument("from"));
    for mut row in rows {
        if wanted.is_some_and(|list| !list.split([',', ';']).any(|one| is_row(&row, one))) {
            continue;
        }
        if !query::matches(&row, &request.query)? {
            continue;
        }
        if let Some(wanted) = &request.proplist {
            row.retain(|name, _| wanted.iter().any(|one| one == name));
        }
        chosen.push(row);
    }
    Ok(chosen)
}

/// What a new router has free.
const STORAGE: usize = 98_566_144;
const MEMORY: usize = 823_132_160;

/// Draws so many octets.
fn chance(size: usize) -> Result<Vec<u8>, Trap> {
    let mut octets = vec![0; size];
    SystemRandom::new()
        .fill(&mut octets)
        .map_err(|_| Trap::failure("no randomness"))?;
    Ok(octets)
}

fn machine_clock() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Caller, World};
    use crate::model::Model;
    use crate::row::{Request, Row};
    use crate::tree::{self, Field, FieldKind, Trait, Tree};

    /// Commands of a menu that take fields, each with the fields.
    fn commands(model: Model, menu: &str) -> Vec<(&'static str, &'static [String])> {
        ["add", "set"]
            .into_iter()
            .filter_map(|command| Some((command, Tree::of(model).arguments(menu, command)?)))
            .collect()
    }

    #[test]
    fn every_argument_of_a_menu_that_works_has_a_type() {
        for model in Model::ALL {
            for (path, menu) in tree::menus() {
                for (command, arguments) in commands(model, path) {
                    for name in arguments {
                        let known = menu.fields.contains_key(name)
                            || ["numbers", "comment", "copy-from", "place-before"]
                                .contains(&name.as_str());
                        assert!(known, "{} {path} {command} {name}", model.name());
                    }
                }
            }
        }
    }

    /// A value that fits the type; of a reference a row of the other menu, which is added when it has none.
    fn sample(world: &mut World, field: &Field) -> String {
        match field.kind {
            FieldKind::String => "x".to_owned(),
            FieldKind::Bool => "yes".to_owned(),
            FieldKind::Number => "7".to_owned(),
            FieldKind::Time => "7s".to_owned(),
            FieldKind::Address => "192.0.2.7".to_owned(),
            FieldKind::Reference if field.values.is_empty() => {
                let menu = field.menu.as_deref().expect("the menu of a reference");
                if world.names(menu).is_empty() {
                    add_row(world, menu);
                }
                let named = world.names(menu).pop();
                named.map(|(_, name)| name).expect("a row")
            }
            FieldKind::Enum | FieldKind::Words | FieldKind::Identity | FieldKind::Reference => {
                field.values.last().cloned().expect("a word")
            }
            FieldKind::Policy => "read".to_owned(),
        }
    }

    /// Adds a row with what it cannot be without.
    fn add_row(world: &mut World, path: &str) {
        let mut add = Request::new(path, "add");
        if path == "/certificate" {
            add = add.with("common-name", "x");
        }
        let fields = tree::menus().get(path).map(|menu| &menu.fields);
        for (name, field) in fields.into_iter().flatten() {
            if field.is(Trait::Required) {
                let value = sample(world, field);
                add = add.with(name, &value);
            }
        }
        let added = world.execute(Caller::Console, &add);
        added.unwrap_or_else(|trap| panic!("{} {path}: {trap}", world.model.name()));
    }

    fn printed(world: &mut World, path: &str) -> Vec<Row> {
        let print = Request::new(path, "print");
        world.execute(Caller::Console, &print).expect("rows").rows
    }

    #[test]
    fn every_field_is_kept_and_a_wrong_value_is_refused() {
        let mut held = 0;
        for model in Model::ALL {
            for (path, menu) in tree::menus() {
                let Some(arguments) = Tree::of(model).arguments(path, "set") else {
                    continue;
                };
                let mut world = World::fresh(model);
                if printed(&mut world, path).is_empty() {
                    add_row(&mut world, path);
                }
                for (name, field) in &menu.fields {
                    if arguments.contains(name) {
                        is_kept_or_refused(&mut world, path, name, field);
                        held += 1;
                    }
                }
            }
        }
        assert!(held > 1_000, "{held} fields");
    }

    fn is_kept_or_refused(world: &mut World, path: &str, name: &str, field: &Field) {
        let model = world.model;
        let value = sample(world, field);
        let id = printed(world, path)[0].get(".id").cloned();
        let mut set = |value: &str| {
            let request = Request::new(path, "set").with(name, value);
            let request = match &id {
                Some(id) => request.with(".id", id),
                None => request,
            };
            world.execute(Caller::Console, &request)
        };
        let shown = format!("{} {path} {name}={value}", model.name());
        set(&value).unwrap_or_else(|trap| panic!("{shown}: {trap}"));
        let trap = match field.kind {
            FieldKind::String => None,
            FieldKind::Number | FieldKind::Time | FieldKind::Address => {
                Some(format!("invalid value for argument {name}"))
            }
            _ => Some(format!("input does not match any value of {name}")),
        };
        if let Some(trap) = trap {
            let refused = set("~").expect_err("a wrong value");
            assert_eq!(refused.message(), trap, "{shown}");
        }
        let renamed = path == "/ip/service" && name == "address" && model == Model::V7_24;
        if field.is(Trait::WriteOnly) || renamed {
            return;
        }
        let rows = printed(world, path);
        let kept = rows[0].get(name).unwrap_or_else(|| panic!("{shown}"));
        let begins = kept.starts_with(&value);
        let is_true = value == "yes" && (kept == "true" || kept == "yes");
        assert!(begins || is_true, "{shown}: {kept}");
    }

    #[test]
    fn an_unknown_word_is_named_in_every_menu() {
        for model in Model::ALL {
            let mut world = World::fresh(model);
            for path in tree::menus()
                .keys()
                .filter(|path| Tree::of(model).has_menu(path))
            {
                let mut refused = |menu: &str, command: &str, argument: &str| {
                    let request = Request::new(menu, command).with(argument, "x");
                    let reply = world.execute(Caller::Console, &request);
                    reply.expect_err("an unknown word").message()
                };
                let directory = "no such command or directory";
                assert_eq!(
                    refused(&format!("{path}/zz"), "print", "a"),
                    format!("{directory} (zz)")
                );
                assert_eq!(refused(path, "zz", "a"), format!("{directory} (zz)"));
                assert_eq!(refused(path, "print", "zz"), "unknown parameter zz");
            }
        }
    }
}
