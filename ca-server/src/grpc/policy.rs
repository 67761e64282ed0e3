//! The service `Policy`.

use std::sync::Arc;

use ca_core::{Lifetime, Profile, purpose_word, usage_words};
use ca_proto::{ConvertError, v1};
use ca_types::{Days, Hinted as _};
use tonic::{Request, Response, Status};

use super::certificate_authority::targets_of;
use super::certificates::notices_to_wire;
use super::{caller_of, csr_of, refuse, refuse_field, request_of};
use crate::authority::{
    Authority, AuthorityError, ExplainOrder, Explained, Explanation, NameExplained,
};
use crate::settings::difference;

/// Shows what may be issued, and takes changed settings.
#[derive(Debug)]
pub struct PolicyService(Arc<Authority>);

impl PolicyService {
    /// Serves this authority.
    pub fn new(authority: Arc<Authority>) -> Self {
        Self(authority)
    }
}

#[tonic::async_trait]
impl v1::policy_server::Policy for PolicyService {
    async fn reload(
        &self,
        request: Request<v1::ReloadRequest>,
    ) -> Result<Response<v1::ReloadResponse>, Status> {
        let caller = caller_of(&request)?;
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        let mut wire = request.into_inner();
        let id = std::mem::take(&mut wire.request_id);
        let request = request_of(&id, &caller, Some(permit.key()), &wire, None)?;
        let reloaded = self
            .0
            .reload(permit, request)
            .await
            .map_err(|e| refuse(&e))?;
        Ok(Response::new(v1::ReloadResponse {
            old_settings: reloaded.old.to_string(),
            new_settings: reloaded.new.to_string(),
            changes: reloaded.lines,
        }))
    }

    async fn list_profiles(
        &self,
        request: Request<v1::ListProfilesRequest>,
    ) -> Result<Response<v1::ListProfilesResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let settings = self.0.settings(&permit);
        let domains = settings.policy.domains.iter();
        Ok(Response::new(v1::ListProfilesResponse {
            profiles: settings
                .policy
                .profiles
                .iter()
                .map(profile_to_wire)
                .collect(),
            domains: domains.map(ToString::to_string).collect(),
            settings: settings.digest.to_string(),
        }))
    }

    async fn explain(
        &self,
        request: Request<v1::ExplainRequest>,
    ) -> Result<Response<v1::ExplainResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let wire = request.into_inner();
        let profile = wire.profile.parse();
        let order = ExplainOrder {
            profile: profile.map_err(|e| refuse_field(&ConvertError::new("profile", e)))?,
            name: wire.name,
            sans: wire.sans,
            lifetime: match wire.days {
                0 => Lifetime::Default,
                days => Lifetime::Days(Days(days)),
            },
            csr: csr_of(&wire.certification_request)?,
            targets: targets_of(&wire.targets)?,
        };
        let explanation = self
            .0
            .explain(&permit, &order)
            .await
            .map_err(|e| refuse(&e))?;
        Ok(Response::new(explanation_to_wire(explanation)))
    }
}

fn profile_to_wire(profile: &Profile) -> v1::Profile {
    let parts = profile.parts();
    let names = profile.names();
    let ready_made = Profile::find(profile.name());
    let base = profile.base();
    let differences = base
        .map(|base| difference(base, profile))
        .unwrap_or_default();
    let origin = match ready_made {
        None => v1::ProfileOrigin::Settings,
        Some(_) if differences.is_empty() => v1::ProfileOrigin::ReadyMade,
        Some(_) => v1::ProfileOrigin::Changed,
    };
    let purposes = parts.extended_key_usage.iter();
    v1::Profile {
        name: profile.name().to_string(),
        origin: origin.into(),
        class: profile.class().to_string(),
        issuer_id: profile
            .issuer()
            .map(ToString::to_string)
            .unwrap_or_default(),
        default_days: profile.default_validity().0,
        maximum_days: profile.maximum_validity().0,
        backdating_seconds: parts.backdating_seconds,
        keys: texts(profile.keys()),
        key_usage: texts(&usage_words(parts.key_usage)),
        extended_key_usage: purposes.map(|oid| purpose_word(*oid)).collect(),
        san_types: texts(&names.forms),
        san_patterns: texts(&names.patterns),
        san_addresses: texts(&names.ranges),
        san_maximum: u32::try_from(names.maximum).unwrap_or(u32::MAX),
        san_required: texts(&names.required),
        targets: texts(profile.targets()),
        roles: texts(profile.roles()),
        renewal_after_expiry_days: profile.renewal_after_expiry().0,
        differences,
    }
}

fn texts(values: &[impl ToString]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn explanation_to_wire(explanation: Explanation) -> v1::ExplainResponse {
    let (certificate, refusal) = match explanation.verdict {
        Ok(explained) => (Some(explained_to_wire(explained)), None),
        Err(error) => (None, Some(refusal_to_wire(&error))),
    };
    v1::ExplainResponse {
        certificate,
        refusal,
        names: explanation.names.into_iter().map(name_to_wire).collect(),
        settings: explanation.settings.to_string(),
    }
}

fn explained_to_wire(explained: Explained) -> v1::Explained {
    let Explained {
        decision,
        notices,
        misfits,
    } = explained;
    let profile = decision.profile();
    let key = decision.public_key().algorithm();
    let purposes = profile.extended_key_usage().iter();
    v1::Explained {
        issuer_id: decision.issuer().to_string(),
        not_before: decision.validity().not_before().seconds(),
        not_after: decision.validity().not_after().seconds(),
        key_algorithm: key.to_string(),
        key_usage: texts(&usage_words(profile.key_usage(key))),
        extended_key_usage: purposes.map(|oid| purpose_word(*oid)).collect(),
        notices,
        target_notices: notices_to_wire(&misfits),
    }
}

fn refusal_to_wire(error: &AuthorityError) -> v1::Refusal {
    v1::Refusal {
        code: error.code().to_string(),
        message: error.to_string(),
        hint: error.hint().unwrap_or_default(),
    }
}

fn name_to_wire(explained: NameExplained) -> v1::ExplainedName {
    let allowed = explained.rule.is_ok();
    let (Ok(reason) | Err(reason)) = explained.rule;
    v1::ExplainedName {
        name: explained.name,
        allowed,
        reason,
    }
}
