//! `/user/ssh-keys`: the public keys that users log in with over SSH.

use super::system::note_comment;
use super::table::print_id;
use super::{World, found, item_argument, listed, not_here};
use crate::row::{Reply, Request, Row};
use crate::state::Item;
use crate::trap::Trap;
use crate::tree::Tree;
use crate::x509;

const MENU: &str = "/user/ssh-keys";
const PRIVATE: &str = "/user/ssh-keys/private";

impl World {
    /// The keys of a user, in base64.
    pub(crate) fn ssh_keys(&self, user: &str) -> Vec<String> {
        let rows = self.state.table(MENU).iter().map(|item| &item.fields);
        rows.filter(|fields| fields.get("user").is_some_and(|own| own == user))
            .filter_map(|fields| fields.get("key").cloned())
            .collect()
    }

    /// True when the user may come in with a password: with a key only where the router says so.
    pub(crate) fn takes_ssh_password(&self, user: &str) -> bool {
        let setting = |name| self.state.setting("/ip/ssh", name);
        let always = match Tree::of(self.model).has_field("/ip/ssh", "password-authentication") {
            true => match setting("password-authentication") {
                Some("no") => return false,
                word => word == Some("yes"),
            },
            false => setting("always-allow-password-login") == Some("true"),
        };
        always || self.ssh_keys(user).is_empty()
    }

    pub(super) fn ssh_key_rows(&mut self, command: &str, request: &Request) -> Result<Reply, Trap> {
        match command {
            "print" => Ok(listed(self.ssh_key_list())),
            "find" => Ok(found(&self.ssh_key_list())),
            "add" => {
                let text = request
                    .argument("key")
                    .ok_or_else(|| Trap::missing("key"))?;
                self.add_ssh_key(request, text)
            }
            "import" => {
                let name = request
                    .argument("public-key-file")
                    .ok_or_else(|| Trap::missing("public-key-file"))?;
                let file = self.file_named("public-key-file", name)?;
                let (name, octets) = (file.name.clone(), file.contents.0.clone());
                let reply = self.add_ssh_key(request, &String::from_utf8_lossy(&octets))?;
                self.delete_file(&name);
                Ok(Reply { ret: None, ..reply })
            }
            "reset" => {
                let ids = self.items(request)?;
                for field in ["key", "user"] {
                    if request.argument(field).is_some() {
                        self.keep_required(field)?;
                    }
                }
                let items = self.state.table_mut(MENU).items.iter_mut();
                for item in items.filter(|item| ids.contains(&item.id)) {
                    note_comment(&mut item.fields, command, request);
                }
                Ok(Reply::default())
            }
            "remove" => {
                let named = item_argument(request).ok_or_else(|| Trap::missing("numbers"))?;
                let table = self.state.table_mut(MENU);
                let before = table.items.len();
                table.items.retain(|item| print_id(item.id) != named);
                match table.items.len() == before {
                    true => Err(Trap::item()),
                    false => Ok(Reply::default()),
                }
            }
            _ => Err(not_here(MENU, command)),
        }
    }

    /// `/user/ssh-keys/private`: the keys that users of the router log in with elsewhere.
    pub(super) fn private_ssh_keys(
        &mut self,
        command: &str,
        request: &Request,
    ) -> Result<Reply, Trap> {
        let rows = || {
            let items = self.state.table(PRIVATE).iter();
            let row = |item: &Item| {
                let mut row = item.fields.clone();
                row.insert(".id".to_owned(), print_id(item.id));
                row
            };
            items.map(row).collect::<Vec<Row>>()
        };
        match command {
            "print" => Ok(listed(rows())),
            "find" => Ok(found(&rows())),
            "import" => {
                let user = request
                    .argument("user")
                    .ok_or_else(|| Trap::missing("user"))?;
                if self.names("/user").iter().all(|(_, name)| name != user) {
                    return Err(Trap::no_match("user"));
                }
                let der = self.key_in_file(request, "private-key-file")?;
                let bits = x509::key_size(&der).map_err(Trap::failure)?;
                let fields = [("user", user), ("bits", &bits), ("key-type", "rsa")]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()));
                let named = ["info", "key-owner"]
                    .into_iter()
                    .filter_map(|name| Some((name.to_owned(), request.argument(name)?.to_owned())));
                let fields = fields.into_iter().chain(named).collect();
                self.state.table_mut(PRIVATE).push(fields);
                Ok(Reply::default())
            }
            "reset" | "remove" => {
                let ids = self.items(request)?;
                let table = self.state.table_mut(PRIVATE);
                let chosen = table.items.iter_mut().filter(|item| ids.contains(&item.id));
                chosen.for_each(|item| note_comment(&mut item.fields, command, request));
                table
                    .items
                    .retain(|item| command != "remove" || !ids.contains(&item.id));
                Ok(Reply::default())
            }
            _ => Err(not_here(PRIVATE, command)),
        }
    }

    fn add_ssh_key(&mut self, request: &Request, text: &str) -> Result<Reply, Trap> {
        let user = request
            .argument("user")
            .ok_or_else(|| Trap::missing("user"))?;
        if self.names("/user").iter().all(|(_, name)| name != user) {
            return Err(Trap::no_match("user"));
        }
        let mut words = text.split_whitespace();
        let (Some(kind), Some(key)) = (words.next(), words.next()) else {
            return Err(Trap::failure(
                "unable to load key file (wrong format or bad passphrase)!",
            ));
        };
        if russh::keys::parse_public_key_base64(key).is_err() {
            return Err(Trap::failure(
                "unable to load key file (wrong format or bad passphrase)!",
            ));
        }
        let fields = [
            ("user", user),
            ("key", key),
            ("key-type", kind.trim_start_matches("ssh-")),
            ("key-owner", words.next().unwrap_or_default()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut fields = fields.into();
        note_comment(&mut fields, "add", request);
        let id = self.state.table_mut(MENU).push(fields);
        Ok(Reply {
            rows: Vec::new(),
            ret: Some(print_id(id)),
        })
    }

    fn ssh_key_list(&self) -> Vec<Row> {
        let items = self.state.table(MENU).iter();
        items
            .map(|item| {
                let mut row: Row = item.fields.clone();
                row.remove("key");
                row.insert(".id".to_owned(), print_id(item.id));
                row
            })
            .collect()
    }
}
