//! The console: one core that every door leads to.

mod authority;
mod certificate;
mod configuration;
mod crl;
mod device_mode;
mod export_certificate;
mod fetch;
mod file;
mod import;
mod log;
mod power;
mod ppp;
mod print;
mod service;
mod ssh_keys;
mod system;
mod table;
mod upgrade;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

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
        if command == "export" {
            return Ok(self.export(caller, request));
        }
        match menu {
            "/certificate" => self.certificate(command, request),
            "/certificate/crl" => self.crl(command, request),
            "/file" => self.file(command, request),
            "/log" => self.logs(command, request),
            "/system" => self.power(command),
            "/system/backup" => self.backup(command, request),
            "/system/license" => self.license(command),
            "/tool" if command == "fetch" => self.fetch(request),
            "/ip/service" => self.service(caller, command, request),
            "/user/ssh-keys" => self.ssh_key_rows(command, request),
            "/ip/ipsec/active-peers" => self.active_peers(command, request),
            "/ppp/active" => self.ppp_active(command, request),
            "/system/device-mode" => self.device_mode(command),
            "/system/resource" | "/system/clock" | "/user/active" => {
                self.system(menu, command, request)
            }
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

fn empty(menu: &str, command: &str, settings: bool) -> Result<Reply, Trap> {
    match command {
        "print" | "find" => {
            eprintln!("routeros-sim: {menu} {command}: answered as an empty menu");
            Ok(Reply::default())
        }
        "set" | "reset" | "remove" | "enable" | "disable" | "comment" | "move" | "unset"
            if !settings =>
        {
            Err(Trap::item())
        }
        _ => Err(not_here(menu, command)),
    }
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
    use crate::row::Request;
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

    fn sample(field: &Field) -> String {
        match field.kind {
            FieldKind::String => "x".to_owned(),
            FieldKind::Bool => "yes".to_owned(),
            FieldKind::Number => "7".to_owned(),
            FieldKind::Time => "7s".to_owned(),
            FieldKind::Address => "192.0.2.7".to_owned(),
            FieldKind::Enum | FieldKind::Words | FieldKind::Identity | FieldKind::Reference => {
                field.values.last().cloned().unwrap_or_default()
            }
            FieldKind::Policy => "read".to_owned(),
        }
    }

    #[test]
    fn every_field_is_kept_and_a_wrong_value_is_refused() {
        for model in Model::ALL {
            for (path, menu) in tree::menus() {
                if !Tree::of(model).has_menu(path) {
                    continue;
                }
                let mut world = World::fresh(model);
                let mut execute = |request: &Request| world.execute(Caller::Console, request);
                let Some(&(_, arguments)) = commands(model, path).last() else {
                    continue;
                };
                let rows = execute(&Request::new(path, "print")).expect("rows").rows;
                if rows.is_empty() {
                    continue;
                }
                let id = rows[0].get(".id").cloned();
                for (name, field) in &menu.fields {
                    let value = sample(field);
                    if !arguments.contains(name) || value.is_empty() {
                        continue;
                    }
                    let set = |value: &str| {
                        let request = Request::new(path, "set").with(name, value);
                        match &id {
                            Some(id) => request.with(".id", id),
                            None => request,
                        }
                    };
                    let shown = format!("{} {path} {name}={value}", model.name());
                    execute(&set(&value)).unwrap_or_else(|trap| panic!("{shown}: {trap}"));
                    let rows = execute(&Request::new(path, "print")).expect("rows").rows;
                    let renamed = path == "/ip/service" && name == "address";
                    let hidden = field.is(Trait::WriteOnly) || renamed && model == Model::V7_24;
                    if !hidden {
                        let kept = rows[0].get(name).unwrap_or_else(|| panic!("{shown}"));
                        let begins = kept.starts_with(&value);
                        assert!(
                            begins || value == "yes" && kept == "true",
                            "{shown}: {kept}"
                        );
                    }
                    let trap = match field.kind {
                        FieldKind::String => continue,
                        FieldKind::Number | FieldKind::Time | FieldKind::Address => {
                            format!("invalid value for argument {name}")
                        }
                        _ => format!("input does not match any value of {name}"),
                    };
                    let refused = execute(&set("~")).expect_err("a wrong value");
                    assert_eq!(refused.message(), trap, "{shown}");
                }
            }
        }
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
