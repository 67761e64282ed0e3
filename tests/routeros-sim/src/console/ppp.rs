//! `/ppp/active`: who has dialled in.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use tokio::sync::oneshot;

use super::system::note_comment;
use super::table::{parse_id, print_id};
use super::{World, found, item_argument, listed, not_here};
use crate::date::span;
use crate::row::{Reply, Request, Row};
use crate::trap::Trap;

/// A session that stands in `/ppp/active`.
#[derive(Debug)]
pub(crate) struct PppSession {
    fields: BTreeMap<String, String>,
    /// When it began, by the clock of the machine; nothing when its row says how long it lasts.
    since: Option<i64>,
    /// Dropped with the row: the call hears of it.
    _line: Option<oneshot::Sender<()>>,
}

impl World {
    pub(super) fn ppp_active(&mut self, command: &str, request: &Request) -> Result<Reply, Trap> {
        match command {
            "print" => Ok(listed(self.ppp_rows())),
            "find" => Ok(found(&self.ppp_rows())),
            "remove" => {
                let named = item_argument(request).ok_or_else(|| Trap::missing("numbers"))?;
                let ids: Vec<u32> = named
                    .split([',', ';'])
                    .map(|one| self.ppp_session(one).ok_or_else(Trap::item))
                    .collect::<Result<_, _>>()?;
                self.ppp_sessions.retain(|id, _| !ids.contains(id));
                Ok(Reply::default())
            }
            "set" | "comment" | "reset" => {
                let named = item_argument(request).ok_or_else(|| Trap::missing("numbers"))?;
                let id = self.ppp_session(named).ok_or_else(Trap::item)?;
                if let Some(session) = self.ppp_sessions.get_mut(&id) {
                    note_comment(&mut session.fields, command, request);
                }
                Ok(Reply::default())
            }
            _ => Err(not_here("/ppp/active", command)),
        }
    }

    /// The addresses of the router and of a caller who is in `/ppp/secret`.
    ///
    /// `0.0.0.0` stands for an address that neither the secret nor its profile names.
    pub(crate) fn ppp_login(
        &self,
        service: &str,
        name: &str,
        password: &str,
    ) -> Option<(Ipv4Addr, Ipv4Addr)> {
        let secret = self.state.table("/ppp/secret").iter().find(|item| {
            let field = |field: &str| item.fields.get(field).map_or("", String::as_str);
            field("name") == name
                && field("password") == password
                && field("disabled") != "true"
                && ["", "any", service].contains(&field("service"))
        })?;
        let profile = secret.fields.get("profile").map_or("*0", String::as_str);
        let profile = self
            .state
            .table("/ppp/profile")
            .iter()
            .find(|item| parse_id(profile) == Some(item.id));
        let address = |field: &str| {
            let own = secret.fields.get(field);
            let shared = || profile.and_then(|profile| profile.fields.get(field));
            own.or_else(shared)
                .and_then(|text| text.parse().ok())
                .unwrap_or(Ipv4Addr::UNSPECIFIED)
        };
        Some((address("local-address"), address("remote-address")))
    }

    /// Shows a session; returns its id, and what tells that its row was removed.
    pub(crate) fn begin_ppp(
        &mut self,
        service: &str,
        name: &str,
        caller: IpAddr,
        address: Ipv4Addr,
    ) -> (u32, oneshot::Receiver<()>) {
        let (line, removed) = oneshot::channel();
        let fields = [
            ("name", name.to_owned()),
            ("service", service.to_owned()),
            ("caller-id", caller.to_string()),
            ("address", address.to_string()),
            ("encoding", String::new()),
        ];
        let id = self.add_ppp(PppSession {
            fields: fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            since: Some(self.machine_clock),
            _line: Some(line),
        });
        (id, removed)
    }

    /// Shows the sessions of a daemon beside the router in place of those of before.
    pub(crate) fn feed_ppp(&mut self, rows: Vec<BTreeMap<String, String>>) {
        self.ppp_sessions
            .retain(|_, session| session.since.is_some());
        for fields in rows {
            self.add_ppp(PppSession {
                fields,
                since: None,
                _line: None,
            });
        }
    }

    fn add_ppp(&mut self, session: PppSession) -> u32 {
        self.next_ppp += 1;
        self.ppp_sessions.insert(self.next_ppp, session);
        self.next_ppp
    }

    fn ppp_session(&self, named: &str) -> Option<u32> {
        let is_named = |(id, session): &(&u32, &PppSession)| {
            print_id(**id) == named || session.fields.get("name").is_some_and(|own| own == named)
        };
        self.ppp_sessions.iter().find(is_named).map(|(id, _)| *id)
    }

    pub(super) fn ppp_rows(&self) -> Vec<Row> {
        let row = |(id, session): (&u32, &PppSession)| {
            let mut row = session.fields.clone();
            row.insert(".id".to_owned(), print_id(*id));
            if let Some(since) = session.since {
                row.insert("uptime".to_owned(), span(self.machine_clock - since));
            }
            for (field, value) in [
                ("session-id", id.to_string()),
                ("limit-bytes-in", "0".to_owned()),
                ("limit-bytes-out", "0".to_owned()),
                ("radius", self.truth(false)),
            ] {
                row.entry(field.to_owned()).or_insert(value);
            }
            row
        };
        self.ppp_sessions.iter().map(row).collect()
    }
}
