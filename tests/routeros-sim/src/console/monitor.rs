//! `monitor`: one look at what a menu counts or at how a link stands.

use super::{World, listed};
use crate::row::{Reply, Request, Row};
use crate::trap::Trap;

impl World {
    /// Looks once: whoever asks for a duration gets the same, as nothing changes meanwhile.
    pub(super) fn monitor(&mut self, request: &Request) -> Result<Reply, Trap> {
        let menu = request.menu.as_str();
        let row = match menu {
            "/radius" => {
                self.items(request)?;
                zeros(&[
                    "pending",
                    "requests",
                    "accepts",
                    "rejects",
                    "resends",
                    "timeouts",
                    "bad-replies",
                ])
            }
            "/radius/incoming" => zeros(&["requests", "bad-requests", "acks", "naks"]),
            "/system/resource" => [
                ("cpu-used".to_owned(), "1".to_owned()),
                ("free-memory".to_owned(), self.free_memory.to_string()),
            ]
            .into(),
            _ => return self.monitor_links(request),
        };
        Ok(listed(vec![row]))
    }

    /// Links of clients and of static bindings of servers: up when `/ppp/active` has the caller.
    fn monitor_links(&self, request: &Request) -> Result<Reply, Trap> {
        let ids = self.items(request)?;
        let table = self.state.table(&request.menu).iter();
        let rows = table.filter(|item| ids.contains(&item.id)).map(|item| {
            let field = |name: &str| item.fields.get(name).map_or("", String::as_str);
            let is_client = request.menu.ends_with("-client");
            let session = self.ppp_rows().into_iter().find(|row| {
                !is_client && row.get("name").is_some_and(|name| name == field("user"))
            });
            let status = |text: &str| ("status".to_owned(), text.to_owned());
            match session {
                Some(session) => {
                    let shown = [("user", "name"), ("caller-id", "caller-id")];
                    let shown = shown
                        .into_iter()
                        .chain([("uptime", "uptime"), ("encoding", "encoding")]);
                    shown
                        .filter_map(|(own, theirs)| {
                            Some((own.to_owned(), session.get(theirs)?.clone()))
                        })
                        .chain([status("connected")])
                        .collect()
                }
                None => [status(self.assumptions.value("link-status"))].into(),
            }
        });
        Ok(listed(rows.collect()))
    }
}

/// Makes a row of counters that nothing has counted.
pub(super) fn zeros(names: &[&str]) -> Row {
    let zero = |name: &&str| ((*name).to_owned(), "0".to_owned());
    names.iter().map(zero).collect()
}
