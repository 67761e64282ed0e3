//! Requests on their way to the offline root.

use std::path::Path;

use ca_types::{Code, Hinted as _};
use ca_verify::CeremonyRequest;

use crate::error::CommandError;
use crate::files::{self, Existing, Mode};

/// Writes a request in its armour; it is read first, as the root will read it.
pub(crate) fn write_request(out: &Path, der: &[u8], force: bool) -> Result<String, CommandError> {
    let request = CeremonyRequest::from_pem_or_der(der).map_err(|error| CommandError::Check {
        code: Code::Internal,
        hint: error.hint().unwrap_or_default(),
        what: format!("the server made an unsound request: {error}"),
    })?;
    let existing = Existing::forced(force);
    files::write(out, request.to_pem().as_bytes(), Mode::Public, existing)?;
    Ok(request.digest().to_string())
}
