//! `/tool/fetch`: files that the router takes from elsewhere.

use super::{World, listed, not_here};
use crate::row::{Reply, Request, Row};
use crate::trap::Trap;

/// A file that is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetch {
    pub(crate) url: String,
    file: Option<String>,
    shown: bool,
}

impl World {
    /// Checks the command; who holds the router does the fetching.
    pub(super) fn fetch(&mut self, request: &Request) -> Result<Reply, Trap> {
        let url = request
            .argument("url")
            .ok_or_else(|| Trap::missing("url"))?;
        let checked = request
            .argument("check-certificate")
            .is_some_and(|how| how != "no");
        if url.starts_with("https://") && checked {
            let text = "SSL: ssl: no trusted CA certificate found (6)";
            return Err(Trap::failure(text));
        }
        if request.argument("upload").is_some_and(|on| on == "yes") || !url.starts_with("http://") {
            return Err(not_here("/tool", "fetch of anything but http://"));
        }
        let output = request.argument("output").unwrap_or("file");
        let last = url.rsplit('/').next().unwrap_or_default();
        self.fetching = Some(Fetch {
            url: url.to_owned(),
            file: (output == "file")
                .then(|| request.argument("dst-path").unwrap_or(last).to_owned()),
            shown: output.starts_with("user"),
        });
        Ok(Reply::default())
    }

    /// Takes in what came, and answers the command.
    pub(crate) fn fetched(
        &mut self,
        fetch: &Fetch,
        result: Result<Vec<u8>, String>,
    ) -> Result<Reply, Trap> {
        let octets = result.map_err(Trap::failure)?;
        let mut row: Row = [
            ("status", "finished".to_owned()),
            ("downloaded", octets.len().div_ceil(1_024).to_string()),
            ("total", octets.len().div_ceil(1_024).to_string()),
            ("duration", "0s".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if fetch.shown {
            row.insert(
                "data".to_owned(),
                String::from_utf8_lossy(&octets).into_owned(),
            );
        }
        if let Some(name) = &fetch.file {
            self.write_file(name, octets, 0);
        }
        Ok(listed(vec![row]))
    }
}
