//! Menus that are plain tables or plain settings, driven by the fields they have.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Caller, World, found, item_argument, listed, not_here};
use crate::date;
use crate::row::{Reply, Request};
use crate::trap::Trap;
use crate::tree::{self, Field, FieldKind, Menu, Trait};

impl World {
    pub(super) fn rows(
        &mut self,
        caller: Caller<'_>,
        command: &str,
        request: &Request,
    ) -> Result<Reply, Trap> {
        let path = request.menu.as_str();
        match command {
            "print" => Ok(listed(self.table_rows(caller, path))),
            "find" => Ok(found(&self.table_rows(caller, path))),
            "add" => self.add_row(request),
            "set" => self.set_rows(request),
            "unset" => {
                let field = request
                    .argument("value-name")
                    .ok_or_else(|| Trap::missing("value-name"))?
                    .to_owned();
                let known = menu(path)?;
                let required = known
                    .fields
                    .get(&field)
                    .is_some_and(|own| own.is(Trait::Required));
                let can_go = known.fields.contains_key(&field) || field == "comment";
                if !can_go || required || known.name.as_ref() == Some(&field) {
                    return Err(Trap::no_match("value-name"));
                }
                self.change(request, |fields| {
                    fields.remove(&field);
                })
            }
            "reset" => {
                let named = self.named_fields(path, request)?;
                self.change(request, |fields| {
                    fields.retain(|name, _| !named.contains(name));
                })
            }
            "monitor" => self.monitor(request),
            // Nothing is counted, nobody asks whether a password is old, and no list is fetched.
            "reset-counters" | "reset-counters-all" | "pause" | "reload" => Ok(Reply::default()),
            "renew" | "expire-password" => self.items(request).map(|_| Reply::default()),
            "generate" => self.generate_psks(request),
            "clear" => self.clear_log(request),
            "move" => self.move_rows(request),
            "enable" | "disable" => {
                let value = (command == "disable").to_string();
                self.change(request, |fields| {
                    fields.insert("disabled".to_owned(), value.clone());
                })
            }
            "comment" => {
                let comment = request.argument("comment").unwrap_or_default().to_owned();
                self.change(request, |fields| {
                    fields.insert("comment".to_owned(), comment.clone());
                })
            }
            "remove" => self.remove_rows(request),
            _ => Err(not_here(path, command)),
        }
    }

    pub(super) fn settings(
        &mut self,
        caller: Caller<'_>,
        command: &str,
        request: &Request,
    ) -> Result<Reply, Trap> {
        let path = request.menu.as_str();
        match command {
            "print" => Ok(listed(vec![self.settings_row(caller, path)])),
            "set" => {
                let menu = menu(path)?;
                let mut changed = BTreeMap::new();
                for (name, value) in &request.arguments {
                    let field = menu.fields.get(name).ok_or_else(|| not_here(path, name))?;
                    changed.insert(name.clone(), self.accept(name, field, value)?);
                }
                self.state
                    .settings
                    .entry(path.to_owned())
                    .or_default()
                    .extend(changed);
                if path == NTP_CLIENT {
                    self.ask_for_the_time();
                }
                Ok(Reply::default())
            }
            "monitor" => self.monitor(request),
            "reset-freq-drift" | "reset-counters" => Ok(Reply::default()),
            "reset" => {
                let named = self.named_fields(path, request)?;
                if let Some(own) = self.state.settings.get_mut(path) {
                    own.retain(|name, _| !named.contains(name));
                }
                Ok(Reply::default())
            }
            _ => Err(not_here(path, command)),
        }
    }

    /// Takes the time of the machine, as from a server of NTP, when the client is on and knows one.
    fn ask_for_the_time(&mut self) {
        let set = |field| self.state.setting(NTP_CLIENT, field).unwrap_or_default();
        let knows_one = ["servers", "server-dns-names"]
            .iter()
            .any(|field| !set(field).is_empty());
        if set("enabled") == "true" && knows_one {
            self.state.clock_offset = -self.passed;
        }
    }

    /// The ids of the items that a command names, as a list of names or ids.
    pub(super) fn items(&self, request: &Request) -> Result<Vec<u32>, Trap> {
        let named = item_argument(request).ok_or_else(|| Trap::missing("numbers"))?;
        let names = self.names(&request.menu);
        named
            .split([',', ';'])
            .map(|one| {
                names
                    .iter()
                    .find(|(id, name)| name == one || print_id(*id) == one)
                    .map(|(id, _)| *id)
                    .ok_or_else(Trap::item)
            })
            .collect()
    }

    /// Ids and names of the rows of a menu.
    pub(crate) fn names(&self, path: &str) -> Vec<(u32, String)> {
        if path == "/certificate" {
            return self
                .state
                .certificates
                .iter()
                .map(|one| (one.id, one.name.clone()))
                .collect();
        }
        self.state
            .table(path)
            .iter()
            .map(|item| {
                (
                    item.id,
                    item.fields.get("name").cloned().unwrap_or_default(),
                )
            })
            .collect()
    }

    /// Checks a value and returns it as it is stored.
    pub(super) fn accept(&self, name: &str, field: &Field, value: &str) -> Result<String, Trap> {
        let known = |word: &str| field.values.iter().any(|one| one == word);
        match field.kind {
            FieldKind::String => Ok(value.to_owned()),
            FieldKind::Bool => match value {
                "yes" | "true" => Ok("true".to_owned()),
                "no" | "false" => Ok("false".to_owned()),
                _ => Err(Trap::no_match(name)),
            },
            FieldKind::Number => match value.parse::<u64>() {
                Ok(number) => Ok(number.to_string()),
                Err(_) if known(value) => Ok(value.to_owned()),
                Err(_) => Err(Trap::invalid(name)),
            },
            FieldKind::Time => date::read_span(value).ok_or_else(|| Trap::invalid(name)),
            FieldKind::Address => match value.parse::<IpAddr>() {
                Ok(address) => Ok(address.to_string()),
                Err(_) => Err(Trap::invalid(name)),
            },
            FieldKind::Enum if known(value) => Ok(value.to_owned()),
            FieldKind::Enum => match value {
                "true" if known("yes") => Ok("yes".to_owned()),
                "false" if known("no") => Ok("no".to_owned()),
                _ => Err(Trap::no_match(name)),
            },
            FieldKind::Words => {
                if value.split(',').all(|word| word.is_empty() || known(word)) {
                    Ok(value.to_owned())
                } else {
                    Err(Trap::no_match(name))
                }
            }
            FieldKind::Identity => {
                let typed = ["fqdn:", "user-fqdn:", "address:", "key-id:"];
                if known(value) || typed.iter().any(|prefix| value.starts_with(prefix)) {
                    Ok(value.to_owned())
                } else {
                    Err(Trap::no_match(name))
                }
            }
            FieldKind::Reference => self.accept_reference(name, field, value),
            FieldKind::Policy => self.accept_policy(name, value),
        }
    }

    fn accept_reference(&self, name: &str, field: &Field, value: &str) -> Result<String, Trap> {
        let rows = self.names(field.menu.as_deref().unwrap_or_default());
        let one = |word: &str| {
            if field.values.iter().any(|known| known == word) {
                return Ok(word.to_owned());
            }
            rows.iter()
                .find(|(id, own)| own == word || print_id(*id) == word)
                .map(|(id, _)| print_id(*id))
                .ok_or_else(|| Trap::no_match(name))
        };
        if field.is(Trait::Many) {
            let words: Vec<String> = value
                .split(',')
                .filter(|word| !word.is_empty())
                .map(one)
                .collect::<Result<_, _>>()?;
            return Ok(words.join(","));
        }
        one(value)
    }

    fn accept_policy(&self, name: &str, value: &str) -> Result<String, Trap> {
        let all = self.model.policies();
        let mut held = Vec::new();
        for word in value.split(',').filter(|word| !word.is_empty()) {
            let plain = word.trim_start_matches('!');
            if !all.contains(&plain) {
                return Err(Trap::no_match(name));
            }
            if !word.starts_with('!') {
                held.push(plain);
            }
        }
        let with = all
            .iter()
            .filter(|one| held.contains(one))
            .map(|&one| one.to_owned());
        let without = all
            .iter()
            .filter(|one| !held.contains(one))
            .map(|one| format!("!{one}"));
        Ok(with.chain(without).collect::<Vec<_>>().join(","))
    }

    fn add_row(&mut self, request: &Request) -> Result<Reply, Trap> {
        let path = request.menu.as_str();
        let menu = menu(path)?;
        let mut fields = match request.argument("copy-from") {
            None => BTreeMap::new(),
            Some(source) => {
                let id = self.items(&Request::new(path, "add").with("numbers", source))?;
                let mut copied = self
                    .state
                    .table(path)
                    .iter()
                    .find(|item| id.contains(&item.id))
                    .map(|item| item.fields.clone())
                    .unwrap_or_default();
                copied.remove("default");
                copied.remove("name");
                copied
            }
        };
        self.fill(path, menu, request, &mut fields)?;
        for (name, field) in &menu.fields {
            if field.is(Trait::Required) && !fields.contains_key(name) {
                return Err(Trap::missing(name));
            }
        }
        if let (Some(name), Some(stem)) = (&menu.name, &menu.automatic)
            && !fields.contains_key(name)
        {
            let taken = self.names(path);
            let free = (1_u32..)
                .map(|number| format!("{stem}{number}"))
                .find(|candidate| taken.iter().all(|(_, own)| own != candidate))
                .unwrap_or_default();
            fields.insert(name.clone(), free);
        }
        self.unique(path, menu, &fields, None)?;
        let id = self.state.table_mut(path).push(fields);
        Ok(Reply {
            rows: Vec::new(),
            ret: Some(print_id(id)),
        })
    }

    fn set_rows(&mut self, request: &Request) -> Result<Reply, Trap> {
        let path = request.menu.as_str();
        let menu = menu(path)?;
        let ids = self.items(request)?;
        let mut changed = BTreeMap::new();
        self.fill(path, menu, request, &mut changed)?;
        for &id in &ids {
            self.unique(path, menu, &changed, Some(id))?;
        }
        self.change(request, |fields| fields.extend(changed.clone()))
    }

    fn fill(
        &self,
        path: &str,
        menu: &Menu,
        request: &Request,
        fields: &mut BTreeMap<String, String>,
    ) -> Result<(), Trap> {
        for (name, value) in &request.arguments {
            if matches!(
                name.as_str(),
                ".id" | "numbers" | "number" | "copy-from" | "place-before"
            ) {
                continue;
            }
            if name == "comment" {
                fields.insert(name.clone(), value.clone());
                continue;
            }
            let field = menu.fields.get(name).ok_or_else(|| not_here(path, name))?;
            fields.insert(name.clone(), self.accept(name, field, value)?);
        }
        Ok(())
    }

    fn unique(
        &self,
        path: &str,
        menu: &Menu,
        fields: &BTreeMap<String, String>,
        own: Option<u32>,
    ) -> Result<(), Trap> {
        let Some(name) = menu.name.as_ref().and_then(|name| fields.get(name)) else {
            return Ok(());
        };
        let taken = self
            .names(path)
            .iter()
            .any(|(id, other)| other == name && Some(*id) != own);
        if taken {
            Err(Trap::taken(menu.what.as_deref().unwrap_or("item")))
        } else {
            Ok(())
        }
    }

    fn change(
        &mut self,
        request: &Request,
        mut with: impl FnMut(&mut BTreeMap<String, String>),
    ) -> Result<Reply, Trap> {
        let ids = self.items(request)?;
        for item in &mut self.state.table_mut(&request.menu).items {
            if ids.contains(&item.id) {
                with(&mut item.fields);
            }
        }
        Ok(Reply::default())
    }

    /// The fields that a `reset` names, each by an argument of its name.
    fn named_fields(&self, path: &str, request: &Request) -> Result<Vec<String>, Trap> {
        let menu = menu(path)?;
        let mut named = Vec::new();
        for (name, _) in &request.arguments {
            let field = menu.fields.get(name);
            if matches!(name.as_str(), ".id" | "numbers" | "number") {
                continue;
            }
            if menu.name.as_ref() == Some(name) || field.is_some_and(|own| own.is(Trait::Required))
            {
                self.keep_required(name)?;
            } else {
                named.push(name.clone());
            }
        }
        Ok(named)
    }

    /// Puts rows before another one, or to the end.
    fn move_rows(&mut self, request: &Request) -> Result<Reply, Trap> {
        let ids = self.items(request)?;
        let before = match request.argument("destination") {
            None => None,
            Some(row) => self
                .items(&Request::new(&request.menu, "move").with("numbers", row))?
                .first()
                .copied(),
        };
        let table = self.state.table_mut(&request.menu);
        let (moved, mut rest): (Vec<_>, Vec<_>) = std::mem::take(&mut table.items)
            .into_iter()
            .partition(|item| ids.contains(&item.id));
        let place = rest
            .iter()
            .position(|item| Some(item.id) == before)
            .unwrap_or(rest.len());
        rest.splice(place..place, moved);
        table.items = rest;
        Ok(Reply::default())
    }

    fn remove_rows(&mut self, request: &Request) -> Result<Reply, Trap> {
        let ids = self.items(request)?;
        let path = request.menu.as_str();
        let referred = tree::menus().iter().any(|(menu, known)| {
            known.fields.iter().any(|(name, field)| {
                field.menu.as_deref() == Some(path)
                    && field.kind == FieldKind::Reference
                    && self.state.table(menu).iter().any(|item| {
                        item.fields.get(name).is_some_and(|value| {
                            value
                                .split(',')
                                .any(|one| ids.iter().any(|id| print_id(*id) == one))
                        })
                    })
            })
        });
        let table = self.state.table_mut(path);
        if table.items.iter().any(|item| {
            ids.contains(&item.id) && item.fields.get("default").is_some_and(|on| on == "true")
        }) {
            return Err(Trap::failure("can not remove default item"));
        }
        if referred && matches!(path, "/user/group" | "/ip/pool") {
            return Err(Trap::failure("item is in use"));
        }
        table.items.retain(|item| !ids.contains(&item.id));
        Ok(Reply::default())
    }
}

const NTP_CLIENT: &str = "/system/ntp/client";

/// An id as the console prints it.
pub(crate) fn print_id(id: u32) -> String {
    format!("*{id:X}")
}

/// The number in an id.
pub(crate) fn parse_id(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix('*')?, 16).ok()
}

fn menu(path: &str) -> Result<&'static Menu, Trap> {
    tree::menus().get(path).ok_or_else(|| Trap::menu(path))
}
