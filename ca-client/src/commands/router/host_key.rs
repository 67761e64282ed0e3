//! The host key of a router that is reached over SSH for the first time.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ca_types::{Code, KeyId};

use super::Context;
use super::confirm::confirm_first;
use crate::arguments::value;
use crate::error::CommandError;

/// Returns the host key that the router shows, when it is the wanted one, or the person who typed the command accepts it.
pub(super) async fn first_host_key(
    (address, port): (&str, u16),
    option: &'static str,
    wanted: Option<&str>,
    context: &mut Context,
) -> Result<KeyId, CommandError> {
    let spinner = context
        .printer
        .spinner(format!("looking at {address}:{port}"));
    let shown = ca_routeros::host_key(address, port, FIRST_LOOK)
        .await?
        .key();
    drop(spinner);
    let Some(wanted) = wanted else {
        let what = format!("{address}:{port} has the host key {}", openssh(shown));
        confirm_first(&what, option, context)?;
        return Ok(shown);
    };
    let wanted: KeyId = match wanted.strip_prefix("SHA256:") {
        Some(text) => digest(text).ok_or_else(|| {
            let what = "wanted SHA256: and 43 letters of base64";
            CommandError::argument(option, Code::InvalidRequest, what)
        })?,
        None => value(option, wanted)?,
    };
    if wanted != shown {
        return Err(CommandError::Check {
            code: Code::Unauthenticated,
            what: format!("{address}:{port} shows the host key {}", openssh(shown)),
            hint: format!(
                "it is not the one of {option}: somebody else answers there, or the key was made anew. Nothing was sent"
            ),
        });
    }
    Ok(shown)
}

/// Writes a host key as OpenSSH does.
pub(super) fn openssh(key: KeyId) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(key.octets()))
}

fn digest(text: &str) -> Option<KeyId> {
    let octets = STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    <[u8; 32]>::try_from(octets).ok().map(KeyId::from)
}

/// How long a router may take to show its key.
const FIRST_LOOK: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_key_is_read_as_openssh_writes_it() {
        let key = KeyId::from([0xfb; 32]);
        let text = openssh(key);
        assert_eq!(text, "SHA256:+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s");
        assert_eq!(digest(text.strip_prefix("SHA256:").unwrap()), Some(key));
        assert_eq!(digest("+/v7"), None);
    }
}
