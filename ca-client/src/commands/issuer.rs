//! `issuer list|show`: the certificate authorities.

use super::Context;
use crate::arguments::value;
use crate::cli::IssuerCommand;
use crate::error::{CommandError, ExitStatus};
use crate::json::IssuerDocument;
use crate::report::{issuer_table, lines};

pub(super) async fn run(
    command: IssuerCommand,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    match command {
        IssuerCommand::List => {
            let issuers = context.client().await?.issuers().await?;
            let documents: Vec<_> = issuers.iter().map(IssuerDocument::new).collect();
            context
                .printer
                .data(&documents, || issuer_table(&issuers))?;
        }
        IssuerCommand::Show { issuer } => {
            let issuer_id = value("ISSUER", &issuer)?;
            let (issuer, _crl) = context.client().await?.issuer(&issuer_id).await?;
            let facts = [
                ("issuer", issuer.issuer_id.to_string()),
                ("class", issuer.class.clone()),
                ("state", issuer.state.clone()),
                ("domain", issuer.trust_domain.clone()),
                ("subject", issuer.subject.clone()),
                ("key", issuer.key_algorithm.clone()),
                ("not before", issuer.validity.not_before().to_string()),
                ("not after", issuer.validity.not_after().to_string()),
                ("fingerprint", issuer.fingerprint.to_string()),
                ("CRL", issuer.crl_url.clone()),
                ("CRL number", issuer.crl_number.to_string()),
                ("next CRL by", issuer.crl_next_update.to_string()),
            ];
            context
                .printer
                .data(&IssuerDocument::new(&issuer), || lines(&facts))?;
        }
    }
    Ok(ExitStatus::Success)
}
