//! The lines of the diff.

use std::fmt;

use super::{BindStep, CaStep, Difference, LeafState, Plan, binding};
use crate::spot::{Setting, Spot};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanLine {
    /// Whether something comes or changes.
    pub sign: Sign,
    /// The menu: `/ip/service`.
    pub menu: &'static str,
    /// What in it: `www-ssl`.
    pub item: String,
    /// The fields.
    pub fields: Vec<Field>,
    /// Why.
    pub note: Option<String>,
}

/// Whether something comes or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It comes.
    Add,
    /// It changes.
    Change,
}

/// A field that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it is now; nothing for a new row.
    pub old: Option<String>,
    /// What it will be.
    pub new: String,
}

impl Sign {
    /// Returns `+` or `~`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Change => "~",
        }
    }
}

impl fmt::Display for PlanLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.sign.as_str(), self.menu)?;
        if !self.item.is_empty() {
            write!(f, " {}", self.item)?;
        }
        for field in &self.fields {
            match &field.old {
                None => write!(f, " {}={}", field.name, field.new)?,
                Some(old) => write!(f, "  {}: {old} -> {}", field.name, field.new)?,
            }
        }
        match &self.note {
            Some(note) => write!(f, "  ({note})"),
            None => Ok(()),
        }
    }
}

pub(super) fn lines(plan: &Plan) -> Vec<PlanLine> {
    let mut lines: Vec<PlanLine> = plan.cas.iter().filter_map(ca_line).collect();
    lines.extend(plan.leaves.iter().filter_map(leaf_line));
    lines.extend(plan.crls.iter().map(|url| PlanLine {
        sign: Sign::Add,
        menu: "/certificate/crl",
        item: String::new(),
        fields: vec![new("url", url.clone())],
        note: None,
    }));
    let open = plan.bindings.iter().filter(|step| !step.kept);
    lines.extend(open.filter_map(|step| bind_line(plan, step)));
    let settings = [
        ("crl-use", plan.crl_use),
        ("crl-download", plan.crl_download),
    ];
    let fields: Vec<Field> = settings
        .into_iter()
        .filter(|(_, is_on)| plan.enforce.is_some() && !is_on)
        .map(|(name, _)| Field {
            name,
            old: Some("no".to_owned()),
            new: "yes".to_owned(),
        })
        .collect();
    if !fields.is_empty() {
        lines.push(PlanLine {
            sign: Sign::Change,
            menu: "/certificate/settings",
            item: String::new(),
            fields,
            note: Some("once every CRL is seen valid".to_owned()),
        });
    }
    lines
}

fn new(name: &'static str, value: String) -> Field {
    Field {
        name,
        old: None,
        new: value,
    }
}

fn ca_line(step: &CaStep) -> Option<PlanLine> {
    match step {
        CaStep::There { .. } => None,
        CaStep::Trust { row } => Some(PlanLine {
            sign: Sign::Change,
            menu: "/certificate",
            item: row.name.clone(),
            fields: vec![Field {
                name: "trusted",
                old: Some("no".to_owned()),
                new: "yes".to_owned(),
            }],
            note: None,
        }),
        CaStep::Install { ca } => Some(PlanLine {
            sign: Sign::Add,
            menu: "/certificate",
            item: ca.row_name(),
            fields: vec![new("trusted", "yes".to_owned())],
            note: Some(ca.certificate.subject().to_string()),
        }),
    }
}

fn leaf_line(leaf: &super::Leaf) -> Option<PlanLine> {
    let note = match &leaf.state {
        LeafState::Healthy(_) => return None,
        LeafState::Missing => format!("new key, issued by {}", leaf.issuing.issuer_id),
        LeafState::Ending(found) => format!(
            "new key, issued by {}; {} ends at {}",
            leaf.issuing.issuer_id,
            found.row.name,
            found.validity.not_after()
        ),
        LeafState::Unlike(found, Difference::Names) => format!(
            "new key, issued by {}; {} has other names, and is revoked in the same step",
            leaf.issuing.issuer_id, found.row.name,
        ),
        LeafState::Unlike(found, Difference::Key) => format!(
            "new key, issued by {}; {} has another kind of key",
            leaf.issuing.issuer_id, found.row.name,
        ),
        LeafState::Unlike(found, Difference::Days) => format!(
            "new key, issued by {}; {} is valid for more days than wanted",
            leaf.issuing.issuer_id, found.row.name,
        ),
    };
    Some(PlanLine {
        sign: Sign::Add,
        menu: "/certificate",
        item: leaf.shown_row_name(),
        fields: Vec::new(),
        note: Some(note),
    })
}

fn bind_line(plan: &Plan, step: &BindStep) -> Option<PlanLine> {
    let leaf = plan.leaves.get(step.wish)?;
    let issuing = plan.ca_row_name(&leaf.issuing);
    let wanted = binding::wanted(&step.binding, &leaf.shown_row_name(), &issuing);
    let former = step.former.fields();
    let verify = match &step.spot {
        Spot::SstpServer => "verify-client-certificate",
        Spot::Service(_) | Spot::Identity { .. } | Spot::SstpClient(_) => {
            "verify-server-certificate"
        }
    };
    let is_new = step.former == Setting::Identity(None);
    let mut fields: Vec<Field> = Vec::new();
    for (name, value) in wanted.fields() {
        let old = former.iter().find(|(field, _)| *field == name);
        let old = old.map(|(_, old)| old.clone());
        if is_new || old.as_ref() != Some(&value) {
            fields.push(Field {
                name: if name == "verify" { verify } else { name },
                old: if is_new { None } else { old },
                new: value,
            });
        }
    }
    let (menu, item) = match &step.spot {
        Spot::Service(name) => ("/ip/service", (*name).to_owned()),
        Spot::Identity { peer, remote_id } => (
            "/ip/ipsec/identity",
            format!("peer={peer} remote-id={remote_id}"),
        ),
        Spot::SstpServer => ("/interface/sstp-server/server", String::new()),
        Spot::SstpClient(name) => ("/interface/sstp-client", name.clone()),
    };
    Some(PlanLine {
        sign: if is_new { Sign::Add } else { Sign::Change },
        menu,
        item,
        fields,
        note: None,
    })
}
