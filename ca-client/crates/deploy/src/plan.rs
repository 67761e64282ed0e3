//! What must be changed on a router, as a diff that a person can read.

mod binding;
mod leaf;
mod line;
mod warning;

use std::fmt;

use ca_routeros::certificate::CertificateRow;
use ca_types::{Code, Hinted, UnixTime};

use crate::hierarchy::{Authority, Hierarchy};
use crate::observe::Observed;
use crate::spot::{Setting, Spot};
use crate::{Binding, CertificateWish, RouterEntry};

pub(crate) use binding::wanted;
pub(crate) use leaf::{Difference, Found, Leaf, LeafState};
pub use line::{Field, PlanLine, Sign};

/// What must be changed on a router.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the reader should know.
    pub warnings: Vec<String>,
    /// The service whose certificate would change although it is the only open door; refused unless accepted.
    pub lockout: Option<String>,
    /// The CAs to install or to trust.
    pub(crate) cas: Vec<CaStep>,
    /// The certificates, in the order of the entry.
    pub(crate) leaves: Vec<Leaf>,
    /// CRLs to fetch.
    pub(crate) crls: Vec<String>,
    /// The bindings, in the order in which they are made; those too that are as wanted.
    pub(crate) bindings: Vec<BindStep>,
    /// What must be seen valid before revocation is enforced; nothing when it is, or is not wanted.
    pub(crate) enforce: Option<Vec<String>>,
    /// Whether the router looks at CRLs, and whether it fetches them.
    pub(crate) crl_use: bool,
    pub(crate) crl_download: bool,
}

/// A CA of the chain on the router.
#[derive(Debug, Clone)]
pub(crate) enum CaStep {
    /// It is there and trusted.
    There { row: CertificateRow },
    /// It is there and must be trusted.
    Trust { row: CertificateRow },
    /// It is not there.
    Install { ca: Box<Authority> },
}

/// One binding.
#[derive(Debug, Clone)]
pub(crate) struct BindStep {
    /// Which certificate, by its place in the entry.
    pub(crate) wish: usize,
    /// Which binding of it, by its place there.
    pub(crate) place: usize,
    pub(crate) binding: Binding,
    pub(crate) spot: Spot,
    /// What is set now.
    pub(crate) former: Setting,
    /// Whether that is what is wanted.
    pub(crate) kept: bool,
}

/// Compares what a router has with what it shall have.
///
/// # Errors
/// Fails when something that is not ours is missing or in the way.
pub fn plan(
    entry: &RouterEntry,
    hierarchy: &Hierarchy,
    observed: &Observed,
    now: UnixTime,
) -> Result<Plan, PlanError> {
    let mut cas = vec![ca_step(&hierarchy.root, observed)];
    let mut leaves = Vec::new();
    for wish in &entry.certificates {
        let leaf = leaf::leaf(wish, hierarchy, observed, now)?;
        add_ca(&mut cas, &leaf.issuing, observed);
        leaves.push(leaf);
    }
    let mut revocable = vec![&hierarchy.root];
    for class in &entry.peer_issuers {
        revocable.extend(hierarchy.of_class(class, now));
    }
    // A CRL can be checked, and a chain be built, only with the CA itself in the store.
    for ca in &revocable {
        add_ca(&mut cas, ca, observed);
    }
    let bindings = binding::steps(entry, &leaves, &cas, observed)?;
    let mut plan = Plan {
        warnings: Vec::new(),
        lockout: None,
        cas,
        leaves,
        crls: Vec::new(),
        bindings,
        enforce: None,
        crl_use: observed.crl_settings.crl_use,
        crl_download: observed.crl_settings.crl_download,
    };
    if entry.crl_use {
        let mut urls: Vec<String> = Vec::new();
        for ca in revocable {
            if !urls.contains(&ca.crl_url) {
                urls.push(ca.crl_url.clone());
            }
        }
        let known = |url: &String| observed.crls.iter().any(|row| row.url == *url);
        plan.crls = urls.iter().filter(|url| !known(url)).cloned().collect();
        let settings = observed.crl_settings;
        // A CRL that is new is waited for too: the router would fetch it within the hour, and refuse peers until then.
        let is_open = !settings.crl_use || !settings.crl_download || !plan.crls.is_empty();
        plan.enforce = is_open.then_some(urls);
    }
    plan.lockout = plan.find_lockout(observed);
    plan.warnings = warning::warnings(entry, hierarchy, observed, &plan, now);
    Ok(plan)
}

impl Plan {
    /// Tells whether nothing is to do.
    pub fn is_empty(&self) -> bool {
        self.cas.iter().all(|ca| matches!(ca, CaStep::There { .. }))
            && self.leaves.iter().all(|leaf| !leaf.state.is_new())
            && self.crls.is_empty()
            && self.bindings.iter().all(|step| step.kept)
            && self.enforce.is_none()
    }

    /// Returns the changes, in the order in which they are made.
    pub fn lines(&self) -> Vec<PlanLine> {
        line::lines(self)
    }

    /// Finds the service that we come through, when its certificate changes and nothing else is open.
    fn find_lockout(&self, observed: &Observed) -> Option<String> {
        let own = observed.door.service();
        let changes = self
            .bindings
            .iter()
            .any(|step| !step.kept && step.spot.is_service(own));
        let other = observed.services.iter().any(|service| {
            service.name != own && MANAGEMENT.contains(&service.name.as_str()) && service.is_open()
        });
        (changes && !other).then(|| own.to_owned())
    }

    /// Returns the name of the row of a CA, by its fingerprint.
    pub(crate) fn ca_row_name(&self, ca: &Authority) -> String {
        ca_row_name(&self.cas, ca)
    }
}

pub(crate) fn ca_row_name(cas: &[CaStep], ca: &Authority) -> String {
    let wanted = ca.certificate.fingerprint().to_string();
    let found = cas.iter().find_map(|step| match step {
        CaStep::There { row } | CaStep::Trust { row } => {
            (row.fingerprint == wanted).then(|| row.name.clone())
        }
        CaStep::Install { .. } => None,
    });
    found.unwrap_or_else(|| ca.row_name())
}

impl BindStep {
    /// Tells whether a certificate is bound there as wanted.
    pub(crate) fn is_bound_to(&self, leaf: &str) -> bool {
        // The chain in an identity is what it is; the rest must be as wanted.
        let issuing = match &self.former {
            Setting::Identity(Some(settings)) => settings.certificates.get(1).cloned(),
            Setting::Identity(None) | Setting::Service { .. } | Setting::Sstp { .. } => None,
        };
        let wanted = wanted(&self.binding, leaf, &issuing.unwrap_or_default());
        self.former.satisfies(&wanted)
    }
}

fn ca_step(ca: &Authority, observed: &Observed) -> CaStep {
    let wanted = ca.certificate.fingerprint().to_string();
    let row = observed
        .certificates
        .iter()
        .find(|row| row.fingerprint == wanted);
    match row.cloned() {
        Some(row) if row.trusted => CaStep::There { row },
        Some(row) => CaStep::Trust { row },
        None => CaStep::Install {
            ca: Box::new(ca.clone()),
        },
    }
}

fn add_ca(cas: &mut Vec<CaStep>, ca: &Authority, observed: &Observed) {
    let wanted = ca.certificate.fingerprint();
    let is_there = cas.iter().any(|step| match step {
        CaStep::There { row } | CaStep::Trust { row } => row.fingerprint == wanted.to_string(),
        CaStep::Install { ca } => ca.certificate.fingerprint() == wanted,
    });
    if !is_there {
        cas.push(ca_step(ca, observed));
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.lines() {
            writeln!(f, "{line}")?;
        }
        if let Some(service) = &self.lockout {
            writeln!(
                f,
                "! {service} is the only open door, and gets another certificate: --accept-lockout"
            )?;
        }
        for warning in &self.warnings {
            writeln!(f, "! {warning}")?;
        }
        Ok(())
    }
}

/// Why a router cannot be made as the fleet file wants it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No CA issues for the profile.
    #[error("no active CA issues for the profile {profile}")]
    NoIssuer {
        /// The profile.
        profile: String,
    },
    /// The release lacks a service.
    #[error("the router has no {menu} {name}")]
    NotThere {
        /// The menu.
        menu: &'static str,
        /// What is missing there.
        name: String,
        /// What makes it.
        command: String,
    },
    /// The peer is one of IKEv1.
    #[error("the peer {peer} has exchange-mode={found}, and ike2 is wanted")]
    NotIke2 {
        /// The peer.
        peer: String,
        /// What it has.
        found: String,
    },
    /// Somebody else's identity is in the way.
    #[error("the peer {peer} has an identity {id} for {remote_id} that is not ours")]
    ForeignIdentity {
        /// The peer.
        peer: String,
        /// The remote id.
        remote_id: String,
        /// The row.
        id: String,
    },
}

impl Hinted for PlanError {
    fn code(&self) -> Code {
        match self {
            Self::NoIssuer { .. } | Self::NotThere { .. } => Code::NotFound,
            Self::NotIke2 { .. } | Self::ForeignIdentity { .. } => Code::FailedPrecondition,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoIssuer { .. } => {
                "`ca-client issuer list` shows the CAs; look at `profile` in the fleet file"
                    .to_owned()
            }
            Self::NotThere { command, .. } => format!("`{command}` on the router"),
            Self::NotIke2 { peer, .. } => {
                format!("`/ip ipsec peer set [find name={peer}] exchange-mode=ike2` on the router")
            }
            Self::ForeignIdentity { id, .. } => format!(
                "hand it over with `/ip ipsec identity set {id} comment=fleet-ca` on the router, or remove it"
            ),
        })
    }
}

/// The services through which somebody can get in.
const MANAGEMENT: [&str; 7] = [
    "ssh", "winbox", "www", "www-ssl", "api", "api-ssl", "telnet",
];

/// Returns a wish by its place in the entry.
pub(crate) fn wish_at(entry: &RouterEntry, place: usize) -> Option<&CertificateWish> {
    entry.certificates.get(place)
}
