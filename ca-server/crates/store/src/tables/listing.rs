//! Lists of certificates: filters over the compact rows.

use ca_types::{CertificateState, Scope, UnixTime};

use super::{TableCertificate, Tables};
use crate::{CertificateQuery, CertificateRow, Page, PageToken};

impl Tables {
    /// Lists certificates in the order of issue; a page token is the place of the row that comes next.
    pub(crate) fn list(&self, query: &CertificateQuery) -> Page<CertificateRow> {
        let mut page = Page {
            rows: Vec::new(),
            next: None,
        };
        let Some(filter) = Filter::new(self, query).filter(|_filter| query.limit > 0) else {
            return page;
        };
        let first = query.after.map_or(0, |token| token.0);
        let Ok(first) = usize::try_from(first) else {
            return page;
        };
        for (place, certificate) in self.certificates.iter_from(first) {
            if !filter.matches(certificate) {
                continue;
            }
            if page.rows.len() == query.limit {
                page.next = u64::try_from(place).ok().map(PageToken);
                break;
            }
            page.rows.extend(self.row(certificate));
        }
        page
    }
}

/// A query whose issuer and profile were looked up.
struct Filter<'t> {
    tables: &'t Tables,
    query: &'t CertificateQuery,
    issuer: Option<usize>,
    profile: Option<usize>,
}

impl<'t> Filter<'t> {
    /// Nothing when nothing can match.
    fn new(tables: &'t Tables, query: &'t CertificateQuery) -> Option<Self> {
        let issuer = match &query.issuer {
            None => None,
            Some(id) => Some(tables.issuer_number(id)?),
        };
        let profile = match &query.profile {
            None => None,
            Some(name) => Some(tables.profile_number(name)?),
        };
        Some(Self {
            tables,
            query,
            issuer,
            profile,
        })
    }

    fn matches(&self, certificate: &TableCertificate) -> bool {
        let query = self.query;
        let state = state(certificate, query.now);
        self.issuer
            .is_none_or(|issuer| certificate.issuer() == issuer)
            && self
                .profile
                .is_none_or(|profile| certificate.profile() == profile)
            && query.state.is_none_or(|wanted| state == wanted)
            && query.expires_by.is_none_or(|time| {
                state == CertificateState::Valid && certificate.validity.not_after() <= time
            })
            && self.matches_names(certificate)
            && self.is_in_scope(certificate)
    }

    fn is_in_scope(&self, certificate: &TableCertificate) -> bool {
        let scope = &self.query.scope;
        *scope == Scope::default()
            || self.tables.row(certificate).is_some_and(|row| {
                let names = row.names();
                scope.allows(&row.issuer, &row.profile, names.iter().map(String::as_str))
            })
    }

    fn matches_names(&self, certificate: &TableCertificate) -> bool {
        let (pattern, san) = (&self.query.name, &self.query.san);
        if pattern.is_none() && san.is_none() {
            return true;
        }
        let Some(name) = self.tables.name_of(certificate) else {
            return false;
        };
        pattern.as_ref().is_none_or(|pattern| pattern.matches(name))
            && san
                .as_ref()
                .is_none_or(|san| certificate.has_san(name, san))
    }
}

fn state(certificate: &TableCertificate, now: UnixTime) -> CertificateState {
    if certificate.revocation.is_some() {
        CertificateState::Revoked
    } else if certificate.validity.not_after() < now {
        CertificateState::Expired
    } else {
        CertificateState::Valid
    }
}
