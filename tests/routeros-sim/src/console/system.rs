//! Menus that show what the router is, and the sessions of `IPsec` peers.

use super::table::print_id;
use super::{World, found, item_argument, listed, not_here};
use crate::date::{Moment, span};
use crate::row::{Reply, Request, Row};
use crate::trap::Trap;

impl World {
    pub(super) fn system(
        &mut self,
        menu: &str,
        command: &str,
        request: &Request,
    ) -> Result<Reply, Trap> {
        let pairs = match (menu, command) {
            ("/system/resource", "print") => self.resource(),
            ("/system/clock", "print") => self.clock(),
            ("/system/clock", "set") => return self.set_clock(request),
            ("/user/active", "print" | "find") => return Ok(Reply::default()),
            _ => return Err(not_here(menu, command)),
        };
        let row = pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Ok(listed(vec![row]))
    }

    pub(super) fn active_peers(&mut self, command: &str, request: &Request) -> Result<Reply, Trap> {
        let rows: Vec<Row> = self
            .active_peers
            .iter()
            .zip(1_u32..)
            .map(|(fields, number)| {
                let mut row = fields.clone();
                row.entry(".id".to_owned())
                    .or_insert_with(|| print_id(number));
                row
            })
            .collect();
        match command {
            "print" => Ok(listed(rows)),
            "find" => Ok(found(&rows)),
            "remove" => {
                let named = item_argument(request).ok_or_else(|| Trap::missing("numbers"))?;
                let place = rows
                    .iter()
                    .position(|row| row.get(".id").is_some_and(|id| id == named))
                    .ok_or_else(Trap::item)?;
                self.active_peers.remove(place);
                Ok(Reply::default())
            }
            "kill-connections" => {
                self.active_peers.clear();
                Ok(Reply::default())
            }
            _ => Err(not_here("/ip/ipsec/active-peers", command)),
        }
    }

    fn resource(&self) -> Vec<(&'static str, String)> {
        let text = |value: &str| value.to_owned();
        let mut row = vec![
            ("uptime", span(self.machine_clock - self.started)),
            ("version", text(self.model.version())),
            ("free-memory", text("823132160")),
            ("total-memory", text("1073741824")),
            ("cpu", text("QEMU")),
            ("cpu-count", text("1")),
            ("cpu-frequency", text("2400")),
            ("cpu-load", text("1")),
            ("free-hdd-space", self.room("").to_string()),
            ("total-hdd-space", text("134217728")),
            ("architecture-name", text("x86_64")),
            ("board-name", text("CHR")),
            ("platform", text("MikroTik")),
        ];
        if self.assumptions.is("build-times", "guessed") {
            row.push(("build-time", text(self.model.build_time())));
        }
        row
    }

    fn clock(&self) -> Vec<(&'static str, String)> {
        let now = Moment::at(self.now());
        vec![
            ("time", now.time()),
            ("date", now.date(self.model.date_form())),
            ("time-zone-autodetect", self.truth(true)),
            ("time-zone-name", "UTC".to_owned()),
            ("gmt-offset", "+00:00".to_owned()),
            ("dst-active", self.truth(false)),
        ]
    }

    fn set_clock(&mut self, request: &Request) -> Result<Reply, Trap> {
        let mut moment = Moment::at(self.now());
        for (name, value) in &request.arguments {
            moment = match name.as_str() {
                "date" => moment.on(value).ok_or_else(|| Trap::invalid("date"))?,
                "time" => moment.at_time(value).ok_or_else(|| Trap::invalid("time"))?,
                _ => return Err(not_here("/system/clock", name)),
            };
        }
        self.state.clock_offset = moment.unix() - self.machine_clock;
        Ok(Reply::default())
    }
}
