//! Issuing a certificate from a certification request.

use ca_core::{Lifetime, Wanted};
use ca_types::{GeneralName, ProfileName, RevocationReason, SubjectName};
use ca_verify::target::Target;
use ca_verify::{CertificationRequest, Change, Entry, Issued, Request, Revoked};

use super::{Answer, Authority, AuthorityError, device_profile, origin_under};
use crate::authz::Permit;

/// What is asked for.
#[derive(Debug)]
pub struct IssueOrder {
    /// The request id, and what its answer depends on.
    pub request: Request,
    /// The profile.
    pub profile: ProfileName,
    /// The NAME.
    pub name: SubjectName,
    /// Further subject alternative names.
    pub sans: Vec<GeneralName>,
    /// How long it is valid.
    pub lifetime: Lifetime,
    /// The certification request; only its public key is taken.
    pub csr: CertificationRequest,
    /// Where it has to work.
    pub targets: Vec<Target>,
    /// Whether the former certificates of the NAME are revoked in the same step.
    pub former: Former,
}

/// What becomes of the valid certificates of the same profile and NAME.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Former {
    /// One is a reason to refuse.
    Refuse,
    /// They are revoked as superseded.
    Revoke,
}

impl Authority {
    /// Issues a certificate.
    ///
    /// # Errors
    /// Refuses what the names, the key, the scope, the policy or the lint do not allow; nothing changed then.
    pub async fn issue(&self, permit: Permit, order: IssueOrder) -> Result<Answer, AuthorityError> {
        let now = self.clock.now();
        if let Some(entry) = self.answered(order.request).await? {
            return self.answer(&entry, now).await;
        }
        self.trust_clock().await?;
        if order.former == Former::Revoke {
            permit.may_replace()?;
        }
        self.refuse_key(order.csr.public_key()).await?;
        let settings = self.settings.now();
        let profile = device_profile(&settings, &order.profile)?;
        permit.may_request(profile)?;
        let ca = self.issuer_of(profile)?;
        let name = order.name.to_string();
        let wanted = Wanted {
            profile,
            name: &name,
            sans: &order.sans,
            lifetime: order.lifetime,
        };
        let decision = ca_core::decide(&wanted, &order.csr, &ca.issuer, &settings.policy, now)?;
        let names: Vec<String> = decision.sans().iter().map(GeneralName::value).collect();
        permit.covers(
            &ca.issuer.id,
            profile.name(),
            names.iter().map(String::as_str),
        )?;
        let former = match order.former {
            Former::Refuse => Vec::new(),
            Former::Revoke => {
                self.store
                    .valid_for_name(&name, Some(&order.profile), now)
                    .await?
            }
        };
        for row in &former {
            permit.covers(
                &row.issuer,
                &row.profile,
                row.names().iter().map(String::as_str),
            )?;
        }
        let certificate = self.sign(&ca, &decision, &order.targets).await?;
        let mut changes: Vec<Change> = former
            .iter()
            .map(|row| {
                Change::Revoked(Revoked {
                    serial: row.serial,
                    reason: RevocationReason::Superseded,
                })
            })
            .collect();
        changes.push(Change::Issued(Issued {
            issuer: ca.issuer.id.clone(),
            profile: order.profile,
            name,
            succeeds: None,
            certificate: certificate.der().to_vec(),
        }));
        let entry = self
            .commit(Entry {
                time: now,
                origin: origin_under(&settings, &permit, order.request),
                changes,
            })
            .await?;
        self.counted(self.answer(&entry, now).await)
    }

    /// Counts an issue for the metrics.
    pub(super) fn counted(
        &self,
        answer: Result<Answer, AuthorityError>,
    ) -> Result<Answer, AuthorityError> {
        if let Ok(answer) = &answer {
            metrics::counter!("ca_certificates_issued_total", "profile" => answer.row.profile.to_string()).increment(1);
            tracing::info!(
                serial = %answer.row.serial,
                profile = %answer.row.profile,
                name = answer.row.name,
                issuer = %answer.row.issuer,
                "certificate issued"
            );
        }
        answer
    }
}
