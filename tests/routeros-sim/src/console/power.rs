//! What turns a router off or turns it into another: reboot, shutdown, backup, license.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

use super::log::Log;
use super::{Battery, World, chance, listed, not_here};
use crate::row::{Reply, Request, Row};
use crate::state::State;
use crate::trap::Trap;

/// What a file of `/system/backup` holds here.
#[derive(Serialize, Deserialize)]
struct Backup {
    password: String,
    state: State,
}

impl World {
    /// `/system/reboot` and `/system/shutdown`: the session that said so is cut with the others.
    pub(super) fn power(&mut self, command: &str) -> Result<Reply, Trap> {
        match command {
            "reboot" => self.boot(),
            "shutdown" => {
                self.boot();
                self.is_off = true;
            }
            _ => return Err(not_here("/system", command)),
        }
        Ok(Reply::default())
    }

    pub(super) fn license(&mut self, command: &str) -> Result<Reply, Trap> {
        match command {
            "print" => {}
            "generate-new-id" => {
                let id = STANDARD_NO_PAD.encode(chance(8)?);
                let own = self.state.settings.entry(LICENSE.to_owned()).or_default();
                own.insert("system-id".to_owned(), id);
                return Ok(Reply::default());
            }
            "renew" => return self.no_network("status"),
            _ => return Err(not_here(LICENSE, command)),
        }
        let id = self.state.setting(LICENSE, "system-id");
        let row: Row = [
            ("level", "free"),
            ("system-id", id.unwrap_or("sFTG8mQvKzL")),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        Ok(listed(vec![row]))
    }

    pub(super) fn backup(&mut self, command: &str, request: &Request) -> Result<Reply, Trap> {
        let password = request.argument("password").unwrap_or_default();
        let named = request.argument("name");
        match command {
            "save" => {
                let mut state = self.state.clone();
                state.files.clear();
                let backup = Backup {
                    password: password.to_owned(),
                    state,
                };
                let octets = serde_json::to_vec(&backup).map_err(Trap::failure)?;
                let stem = named.unwrap_or("MikroTik").trim_end_matches(".backup");
                self.write_file(&format!("{stem}.backup"), octets, 0);
            }
            "load" => {
                let name = named.ok_or_else(|| Trap::missing("name"))?;
                let file = self.file_named("name", name)?;
                let backup: Backup = serde_json::from_slice(&file.contents.0)
                    .map_err(|_| self.backup_failure("not a backup file"))?;
                if backup.password != password {
                    return Err(self.backup_failure("wrong password"));
                }
                let files = std::mem::take(&mut self.state.files);
                let next_file = self.state.next_file;
                self.state = State {
                    files,
                    next_file,
                    ..backup.state
                };
                self.boot();
            }
            _ => return Err(not_here("/system/backup", command)),
        }
        Ok(Reply::default())
    }

    fn backup_failure(&self, why: &str) -> Trap {
        match self.assumptions.is("backup-texts", "long") {
            true => Trap::failure(why),
            false => Trap::failure("could not load backup"),
        }
    }

    /// Starts anew: sessions and what stands in memory only are gone.
    pub(crate) fn boot(&mut self) {
        if self.battery == Battery::Absent && self.assumptions.is("clock-at-boot", "1970") {
            self.state.clock_offset = DAY - self.machine_clock;
        }
        self.started = self.machine_clock;
        self.active_peers.clear();
        self.ppp_sessions.clear();
        self.log = Log::default();
        let services = self.names("/ip/service").into_iter();
        self.cut.extend(services.map(|(_, name)| name));
    }
}

const LICENSE: &str = "/system/license";

/// A board without a battery begins with the second day of 1970.
const DAY: i64 = 86_400;
