//! `/tool/fetch`: files that the router takes from elsewhere.

use super::{World, listed, not_here};
use crate::download::Trust;
use crate::row::{Reply, Request, Row};
use crate::trap::Trap;
use crate::x509;

/// A file that is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetch {
    pub(crate) url: String,
    /// Over https: the CAs that the server may come from; any server without them.
    pub(crate) trust: Option<Trust>,
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
        let secure = url.starts_with("https://");
        let uploads = request.argument("upload").is_some_and(|on| on == "yes");
        if uploads || !secure && !url.starts_with("http://") {
            return Err(not_here(
                "/tool",
                "fetch of anything but http:// and https://",
            ));
        }
        let uses_crls = self.state.setting("/certificate/settings", "crl-use") == Some("true")
            && request.argument("check-certificate") == Some("yes");
        let trust = secure.then(|| Trust {
            authorities: checked.then(|| self.trusted_for("fetch")),
            crls: uses_crls.then(|| self.crls()),
            now: self.now(),
        });
        let output = request.argument("output").unwrap_or("file");
        let last = url.rsplit('/').next().unwrap_or_default();
        self.fetching = Some(Fetch {
            url: url.to_owned(),
            trust,
            file: (output == "file")
                .then(|| request.argument("dst-path").unwrap_or(last).to_owned()),
            shown: output.starts_with("user"),
        });
        Ok(Reply::default())
    }

    /// The CRLs that were downloaded, in DER.
    fn crls(&self) -> Vec<Vec<u8>> {
        let rows = self.state.crls.iter();
        rows.filter_map(|row| Some(row.der.as_ref()?.0.clone()))
            .collect()
    }

    /// The certificates that are trusted for a purpose, in DER.
    fn trusted_for(&self, purpose: &str) -> Vec<Vec<u8>> {
        let all = self.state.certificates.iter();
        let trusted = all
            .filter(|one| self.trusts(one, purpose))
            .filter_map(|one| one.der.as_ref())
            .map(|der| der.0.clone());
        x509::first_of_each_name(trusted, |der| der)
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
