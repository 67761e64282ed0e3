//! The calls of `Policy`.

use ca_proto::v1;
use ca_proto::v1::policy_client::PolicyClient;
use ca_types::{Days, IssuerId, ProfileName, RequestId, SettingsDigest, UnixTime};
use ca_verify::target::Target;
use tonic::transport::Channel;

use super::certificate_record::{parsed, time};
use super::{Client, ClientError, TargetNotice};

/// What may be issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRecord {
    /// The profiles for devices and people by name.
    pub profiles: Vec<ProfileRecord>,
    /// The domains under which names must lie; empty for no limit.
    pub domains: Vec<String>,
    /// The settings that it stands in.
    pub settings: SettingsDigest,
}

/// What certificates of one kind are like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRecord {
    /// Its name.
    pub name: ProfileName,
    /// `ready-made`, `changed`, or `settings` for one that stands in the settings alone.
    pub origin: &'static str,
    /// The class of the CA that issues.
    pub class: String,
    /// The CA that issues, when the profile names one.
    pub issuer_id: Option<IssuerId>,
    /// The validity when none is asked for.
    pub default_days: Days,
    /// The longest validity.
    pub maximum_days: Days,
    /// By how many seconds a certificate is valid before it is made.
    pub backdating_seconds: u32,
    /// The kinds of keys that are certified.
    pub keys: Vec<String>,
    /// The key usage.
    pub key_usage: Vec<String>,
    /// The extended key usage.
    pub extended_key_usage: Vec<String>,
    /// The forms of names that are certified.
    pub san_types: Vec<String>,
    /// The patterns that DNS names and e-mail addresses must match.
    pub san_patterns: Vec<String>,
    /// The ranges that IP addresses must lie in.
    pub san_addresses: Vec<String>,
    /// How many names a certificate may have.
    pub san_maximum: u32,
    /// The forms of which there must be a name.
    pub san_required: Vec<String>,
    /// Where the certificates are to work.
    pub targets: Vec<String>,
    /// The roles of the actors who may ask.
    pub roles: Vec<String>,
    /// For how many days past its end a certificate may still be renewed or rekeyed.
    pub renewal_after_expiry_days: Days,
    /// What differs from the ready-made profile, one line each.
    pub differences: Vec<String>,
}

/// What to explain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainParameters {
    /// The profile.
    pub profile: ProfileName,
    /// The NAME, as it was written: a wrong one is explained too.
    pub name: String,
    /// Further names, as they were written.
    pub sans: Vec<String>,
    /// The validity; none for the default of the profile.
    pub days: Option<Days>,
    /// The PKCS#10 `CertificationRequest` in DER.
    pub certification_request: Vec<u8>,
    /// Where it has to work.
    pub targets: Vec<Target>,
}

/// What issuing would say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplanationRecord {
    /// What would be certified, or why nothing would.
    pub verdict: Result<WouldIssue, RefusalRecord>,
    /// Every name that was asked for.
    pub names: Vec<NameVerdict>,
    /// The settings that it rests on.
    pub settings: SettingsDigest,
}

/// What would be certified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WouldIssue {
    /// The CA that would sign.
    pub issuer_id: IssuerId,
    /// The first second of the validity.
    pub not_before: UnixTime,
    /// The last second of the validity.
    pub not_after: UnixTime,
    /// The kind of the key.
    pub key_algorithm: String,
    /// The key usage.
    pub key_usage: Vec<String>,
    /// The extended key usage.
    pub extended_key_usage: Vec<String>,
    /// What is worth knowing, and no error.
    pub notices: Vec<String>,
    /// What is worth knowing before it is installed.
    pub target_notices: Vec<TargetNotice>,
}

/// Why nothing would be issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalRecord {
    /// The code that issuing would give.
    pub code: String,
    /// What was wanted and what came.
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

/// What the rules say of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameVerdict {
    /// The name.
    pub name: String,
    /// Whether a rule allows it.
    pub allowed: bool,
    /// The rule that allows it, or why it is refused.
    pub reason: String,
}

/// What reloading the settings did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReloadRecord {
    /// The settings in force before.
    pub old: SettingsDigest,
    /// The settings in force now.
    pub new: SettingsDigest,
    /// What differs in the policy, one line each.
    pub changes: Vec<String>,
}

impl Client {
    /// Shows what may be issued.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn policy(&self) -> Result<PolicyRecord, ClientError> {
        let request = v1::ListProfilesRequest {};
        let answer = self.read(self.policy_calls().list_profiles(request).await)?;
        let profiles = answer.profiles.into_iter().map(ProfileRecord::try_from);
        Ok(PolicyRecord {
            profiles: profiles.collect::<Result<_, _>>()?,
            domains: answer.domains,
            settings: parsed("settings", &answer.settings)?,
        })
    }

    /// Asks what issuing would say, without issuing.
    ///
    /// # Errors
    /// Fails when the server refuses to look at it, is not reached, or its answer cannot be read.
    pub async fn explain(
        &self,
        parameters: &ExplainParameters,
    ) -> Result<ExplanationRecord, ClientError> {
        let request = v1::ExplainRequest {
            profile: parameters.profile.to_string(),
            name: parameters.name.clone(),
            sans: parameters.sans.clone(),
            days: parameters.days.map_or(0, |days| days.0),
            certification_request: parameters.certification_request.clone(),
            targets: parameters.targets.iter().map(ToString::to_string).collect(),
        };
        self.read(self.policy_calls().explain(request).await)?
            .try_into()
    }

    /// Lets the server read its settings again.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn reload(&self, request_id: RequestId) -> Result<ReloadRecord, ClientError> {
        let request = v1::ReloadRequest {
            request_id: request_id.to_string(),
        };
        let answer = self.read(self.policy_calls().reload(request).await)?;
        Ok(ReloadRecord {
            old: parsed("old_settings", &answer.old_settings)?,
            new: parsed("new_settings", &answer.new_settings)?,
            changes: answer.changes,
        })
    }

    fn policy_calls(&self) -> PolicyClient<Channel> {
        PolicyClient::new(self.channel.clone())
    }
}

impl TryFrom<v1::Profile> for ProfileRecord {
    type Error = ClientError;

    fn try_from(wire: v1::Profile) -> Result<Self, ClientError> {
        let origin = match wire.origin() {
            v1::ProfileOrigin::ReadyMade => "ready-made",
            v1::ProfileOrigin::Changed => "changed",
            v1::ProfileOrigin::Settings => "settings",
            v1::ProfileOrigin::Unspecified => return Err(ClientError::absent("origin")),
        };
        let issuer = Some(wire.issuer_id.as_str()).filter(|id| !id.is_empty());
        Ok(Self {
            name: parsed("name", &wire.name)?,
            origin,
            issuer_id: issuer.map(|id| parsed("issuer_id", id)).transpose()?,
            class: wire.class,
            default_days: Days(wire.default_days),
            maximum_days: Days(wire.maximum_days),
            backdating_seconds: wire.backdating_seconds,
            keys: wire.keys,
            key_usage: wire.key_usage,
            extended_key_usage: wire.extended_key_usage,
            san_types: wire.san_types,
            san_patterns: wire.san_patterns,
            san_addresses: wire.san_addresses,
            san_maximum: wire.san_maximum,
            san_required: wire.san_required,
            targets: wire.targets,
            roles: wire.roles,
            renewal_after_expiry_days: Days(wire.renewal_after_expiry_days),
            differences: wire.differences,
        })
    }
}

impl TryFrom<v1::ExplainResponse> for ExplanationRecord {
    type Error = ClientError;

    fn try_from(wire: v1::ExplainResponse) -> Result<Self, ClientError> {
        let verdict = match (wire.certificate, wire.refusal) {
            (Some(certificate), None) => Ok(WouldIssue {
                issuer_id: parsed("issuer_id", &certificate.issuer_id)?,
                not_before: time("not_before", certificate.not_before)?,
                not_after: time("not_after", certificate.not_after)?,
                key_algorithm: certificate.key_algorithm,
                key_usage: certificate.key_usage,
                extended_key_usage: certificate.extended_key_usage,
                notices: certificate.notices,
                target_notices: certificate
                    .target_notices
                    .into_iter()
                    .map(TargetNotice::from)
                    .collect(),
            }),
            (None, Some(refusal)) => Err(RefusalRecord {
                code: refusal.code,
                message: refusal.message,
                hint: refusal.hint,
            }),
            (Some(_), Some(_)) | (None, None) => return Err(ClientError::absent("certificate")),
        };
        let names = wire.names.into_iter().map(|name| NameVerdict {
            name: name.name,
            allowed: name.allowed,
            reason: name.reason,
        });
        Ok(Self {
            verdict,
            names: names.collect(),
            settings: parsed("settings", &wire.settings)?,
        })
    }
}
