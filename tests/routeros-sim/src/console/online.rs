//! Commands that need a server of the vendor or another on the Internet: the simulator asks none.

use super::{World, found, listed, not_here};
use crate::row::{Reply, Request};
use crate::trap::Trap;

impl World {
    /// `/system/backup/cloud`, which never holds anything.
    pub(super) fn cloud_backups(&self, command: &str, request: &Request) -> Result<Reply, Trap> {
        match command {
            "print" => Ok(Reply::default()),
            "find" => Ok(found(&[])),
            "remove-file" => Err(Trap::item()),
            "download-file" if request.argument("number").is_some() => Err(Trap::item()),
            "upload-file" | "download-file" => self.no_network("status"),
            _ => Err(not_here("/system/backup/cloud", command)),
        }
    }

    /// What a command says whose server cannot be reached, in the field where it tells how far it is.
    pub(super) fn no_network(&self, field: &str) -> Result<Reply, Trap> {
        let failed = "could not connect";
        match self.assumptions.is("online-commands", "status") {
            true => {
                let row = [(field.to_owned(), format!("error: {failed}"))].into();
                Ok(listed(vec![row]))
            }
            false => Err(Trap::failure(failed)),
        }
    }
}
