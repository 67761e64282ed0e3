//! `/certificate/scep-server`: its passwords for one use, its requests and its registration authorities.

use super::table::print_id;
use super::{World, chance, found, listed, not_here};
use crate::date::span;
use crate::row::{Reply, Request, Row};
use crate::trap::Trap;
use crate::x509;

const OTP: &str = "/certificate/scep-server/otp";

impl World {
    pub(super) fn scep_otp(&mut self, command: &str, request: &Request) -> Result<Reply, Trap> {
        match command {
            "print" => Ok(listed(self.otp_rows())),
            "find" => Ok(found(&self.otp_rows())),
            "generate" => self.generate_otp(request),
            "remove" => {
                let ids = self.items(request)?;
                let table = self.state.table_mut(OTP);
                table.items.retain(|item| !ids.contains(&item.id));
                Ok(Reply::default())
            }
            _ => Err(not_here(OTP, command)),
        }
    }

    /// Requests come over http from clients, and none does here: the list is empty.
    pub(super) fn scep_requests(command: &str) -> Result<Reply, Trap> {
        match command {
            "print" => Ok(Reply::default()),
            "find" => Ok(found(&[])),
            "grant" | "remove" => Err(Trap::item()),
            _ => Err(not_here("/certificate/scep-server/requests", command)),
        }
    }

    fn generate_otp(&mut self, request: &Request) -> Result<Reply, Trap> {
        let minutes: i64 = match request.argument("minutes-valid") {
            None => USUAL_MINUTES,
            Some(text) => text.parse().map_err(|_| Trap::invalid("minutes-valid"))?,
        };
        let password = x509::hex(&chance(10)?);
        let until = self.now().saturating_add(minutes.saturating_mul(60));
        let fields = [("password", password.clone()), ("until", until.to_string())]
            .map(|(name, value)| (name.to_owned(), value));
        self.state.table_mut(OTP).push(fields.into());
        let row: Row = [("password".to_owned(), password)].into();
        Ok(listed(vec![row]))
    }

    fn otp_rows(&self) -> Vec<Row> {
        let items = self.state.table(OTP).iter();
        items
            .map(|item| {
                let until = item.fields.get("until").and_then(|text| text.parse().ok());
                let left = until.unwrap_or(0_i64) - self.now();
                [
                    (".id", print_id(item.id)),
                    (
                        "password",
                        item.fields.get("password").cloned().unwrap_or_default(),
                    ),
                    ("used", self.truth(false)),
                    ("expired", self.truth(left <= 0)),
                    ("expires", span(left.max(0))),
                ]
                .map(|(name, value)| (name.to_owned(), value))
                .into()
            })
            .collect()
    }
}

/// How long a password is good for when nobody says it.
const USUAL_MINUTES: i64 = 60;
