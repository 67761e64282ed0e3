//! Menus that show what the router is, and the sessions of `IPsec` peers.

use std::collections::BTreeMap;

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
            ("/system/clock", "reset") => return self.reset_clock(request),
            // No sessions are told apart here, and no name is looked up.
            ("/user/active" | "/ip/dns/cache" | "/ip/dns/cache/all", "print")
            | ("/ip/dns/cache", "flush") => return Ok(Reply::default()),
            ("/user/active" | "/ip/dns/cache" | "/ip/dns/cache/all", "find") => {
                return Ok(found(&[]));
            }
            ("/user/active", "request-logout" | "set" | "reset" | "remove" | "comment") => {
                return Err(Trap::item());
            }
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
        let place = |rows: &[Row]| {
            let named = item_argument(request).ok_or_else(|| Trap::missing("numbers"))?;
            rows.iter()
                .position(|row| row.get(".id").is_some_and(|id| id == named))
                .ok_or_else(Trap::item)
        };
        match command {
            "print" => Ok(listed(rows)),
            "find" => Ok(found(&rows)),
            "remove" => {
                self.active_peers.remove(place(&rows)?);
                Ok(Reply::default())
            }
            "set" | "comment" | "reset" => {
                let place = place(&rows)?;
                let row = self.active_peers.get_mut(place).ok_or_else(Trap::item)?;
                note_comment(row, command, request);
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
            ("free-memory", self.free_memory.to_string()),
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
        let now = self.local(self.now());
        let setting = |field: &str| self.state.setting("/system/clock", field);
        let minutes = self.zone() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        vec![
            ("time", now.time()),
            ("date", now.date(self.model.date_form())),
            (
                "time-zone-autodetect",
                self.truth(setting("time-zone-autodetect") != Some("false")),
            ),
            (
                "time-zone-name",
                setting("time-zone-name").unwrap_or("UTC").to_owned(),
            ),
            ("gmt-offset", format!("{sign}{hours:02}:{minutes:02}")),
            ("dst-active", self.truth(false)),
        ]
    }

    /// The time goes on; the zone is again that of a new router.
    fn reset_clock(&mut self, request: &Request) -> Result<Reply, Trap> {
        for (name, _) in &request.arguments {
            if matches!(name.as_str(), "date" | "time") {
                self.keep_required(name)?;
            }
            if let Some(own) = self.state.settings.get_mut("/system/clock") {
                own.remove(name);
            }
        }
        Ok(Reply::default())
    }

    fn set_clock(&mut self, request: &Request) -> Result<Reply, Trap> {
        let mut moment = self.local(self.now());
        let before = moment;
        let mut chosen = Vec::new();
        for (name, value) in &request.arguments {
            match name.as_str() {
                "date" => moment = moment.on(value).ok_or_else(|| Trap::invalid("date"))?,
                "time" => moment = moment.at_time(value).ok_or_else(|| Trap::invalid("time"))?,
                "time-zone-name" if ZONES.iter().any(|(zone, _)| zone == value) => {
                    chosen.push((name.clone(), value.clone()));
                }
                "time-zone-autodetect" => {
                    let on = Self::flag(name, value)?;
                    chosen.push((name.clone(), on.to_string()));
                }
                _ => return Err(Trap::no_match(name)),
            }
        }
        self.state.clock_offset += moment.unix() - before.unix();
        let own = self.state.settings.entry("/system/clock".to_owned());
        own.or_default().extend(chosen);
        Ok(Reply::default())
    }

    /// A moment as the router shows it: dates are in its time zone.
    pub(super) fn local(&self, unix: i64) -> Moment {
        Moment::at(unix + self.zone())
    }

    /// The seconds that the time zone is ahead of UTC.
    fn zone(&self) -> i64 {
        let name = self.state.setting("/system/clock", "time-zone-name");
        ZONES
            .iter()
            .find(|(zone, _)| Some(*zone) == name)
            .map_or(0, |(_, minutes)| minutes * 60)
    }
}

/// Writes or takes away the comment of a row that nobody added.
pub(super) fn note_comment(row: &mut BTreeMap<String, String>, command: &str, request: &Request) {
    match request.argument("comment") {
        Some(text) if command != "reset" => {
            row.insert("comment".to_owned(), text.to_owned());
        }
        Some(_) => {
            row.remove("comment");
        }
        None => {}
    }
}

/// Some time zones that know no summer time, and the minutes that they are ahead of UTC.
const ZONES: [(&str, i64); 8] = [
    ("UTC", 0),
    ("Africa/Lagos", 60),
    ("America/Phoenix", -420),
    ("America/Sao_Paulo", -180),
    ("Asia/Dubai", 240),
    ("Asia/Kolkata", 330),
    ("Asia/Tokyo", 540),
    ("Europe/Moscow", 180),
];
