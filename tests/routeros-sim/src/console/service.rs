//! `/ip/service`: static rows, then a row per open connection.

use super::table::{parse_id, print_id};
use super::{Caller, World, found, item_argument, listed, not_here};
use crate::row::{Reply, Request, Row};
use crate::state::Item;
use crate::trap::Trap;

const MENU: &str = "/ip/service";

impl World {
    pub(super) fn service(
        &mut self,
        caller: Caller<'_>,
        command: &str,
        request: &Request,
    ) -> Result<Reply, Trap> {
        match command {
            "print" => Ok(listed(self.service_rows(caller))),
            "find" => Ok(found(&self.service_rows(caller))),
            "set" | "enable" | "disable" | "reset" | "unset" => {
                self.refuse_dynamic(request)?;
                let before = self.state.table(MENU).to_vec();
                let reply = self.rows(caller, command, &self.with_allow_list(request))?;
                self.note_cuts(&before);
                Ok(reply)
            }
            _ => Err(not_here(MENU, command)),
        }
    }

    /// The id of the certificate that a service is bound to.
    pub(crate) fn bound_certificate(&self, service: &str) -> Option<u32> {
        parse_id(self.state.service(service)?.get("certificate")?)
    }

    pub(crate) fn service_is_on(&self, service: &str) -> bool {
        !self.is_off
            && self
                .state
                .service(service)
                .is_some_and(|fields| fields.get("disabled").is_none_or(|off| off != "true"))
    }

    fn service_rows(&self, caller: Caller<'_>) -> Vec<Row> {
        let mut rows = self.table_rows(caller, MENU);
        for row in &mut rows {
            let unusable = row
                .get("certificate")
                .is_some_and(|name| name == "none" || name.starts_with('*'));
            row.insert("invalid".to_owned(), self.truth(unusable));
            if self.model.prints_available_from() {
                row.remove("address");
            }
            if self.model.service_connections() {
                row.insert("dynamic".to_owned(), self.truth(false));
                row.insert("proto".to_owned(), "tcp".to_owned());
            }
        }
        if self.model.service_connections() {
            for (id, connection) in &self.connections {
                rows.push(
                    [
                        (".id", print_id(*id)),
                        ("name", connection.service.to_owned()),
                        ("proto", "tcp".to_owned()),
                        ("port", connection.local.port().to_string()),
                        ("local", connection.local.ip().to_string()),
                        ("remote", connection.remote.to_string()),
                        ("dynamic", self.truth(true)),
                        ("connection", self.truth(true)),
                        ("disabled", self.truth(false)),
                        ("invalid", self.truth(false)),
                    ]
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect(),
                );
            }
        }
        rows
    }

    fn refuse_dynamic(&self, request: &Request) -> Result<(), Trap> {
        let named = item_argument(request).ok_or_else(|| Trap::missing("numbers"))?;
        let dynamic = named
            .split([',', ';'])
            .filter_map(parse_id)
            .find_map(|id| self.connections.get(&id));
        let Some(connection) = dynamic else {
            return Ok(());
        };
        let fixed = self
            .names(MENU)
            .into_iter()
            .find(|(_, name)| name == connection.service)
            .map_or_else(String::new, |(id, _)| print_id(id));
        let name = connection.service;
        Err(Trap::failure(format!(
            "this is configured elsewhere (/ip/service/set {fixed} = {name})"
        )))
    }

    /// From 7.24 `address` is the old word for `available-from`.
    fn with_allow_list(&self, request: &Request) -> Request {
        let mut request = request.clone();
        if self.model.prints_available_from() {
            for (name, _) in &mut request.arguments {
                if name == "address" {
                    "available-from".clone_into(name);
                }
            }
        }
        request
    }

    fn note_cuts(&mut self, before: &[Item]) {
        let cut: Vec<String> = self
            .state
            .table(MENU)
            .iter()
            .zip(before)
            .filter(|(now, then)| {
                ["certificate", "disabled", "port"]
                    .iter()
                    .any(|field| now.fields.get(*field) != then.fields.get(*field))
            })
            .filter_map(|(now, _)| now.fields.get("name").cloned())
            .collect();
        self.cut.extend(cut);
    }
}
