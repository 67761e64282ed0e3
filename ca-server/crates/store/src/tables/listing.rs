//! Lists of certificates: filters over the compact rows.

use ca_types::{CertificateState, Scope, UnixTime};

use super::rows::{ArchivedCertificate, Kept};
use super::{Archived, TableCertificate, Tables};
use crate::{CertificateQuery, CertificateRow, Page, PageToken, Revocation, StoreError};

impl Tables {
    /// Lists certificates in the order of issue; a page token is the place of the row that comes next.
    ///
    /// `read` asks the log for what the archive does not keep. A page ends early when that was asked for too much
    /// that does not match: a writer waits meanwhile.
    pub(crate) fn list(
        &self,
        query: &CertificateQuery,
        read: &mut dyn FnMut(Archived) -> Result<CertificateRow, StoreError>,
    ) -> Result<Page<CertificateRow>, StoreError> {
        let mut page = Page {
            rows: Vec::new(),
            next: None,
        };
        let Some(filter) = Filter::new(self, query).filter(|_filter| query.limit > 0) else {
            return Ok(page);
        };
        let first = query.after.map_or(0, |token| token.0);
        let Ok(first) = usize::try_from(first) else {
            return Ok(page);
        };
        let mut in_vain = 0;
        for (place, kept) in self.certificates.iter_from(first) {
            let revocation = match kept {
                Kept::Whole(certificate) => certificate.revocation,
                Kept::Archived(_) => self.certificates.archived_revocation(place),
            };
            let may_match = match kept {
                Kept::Whole(certificate) => filter.matches(certificate),
                Kept::Archived(archived) => filter.may_match(archived, revocation),
            };
            if !may_match {
                continue;
            }
            if page.rows.len() == query.limit || in_vain == READS {
                page.next = u64::try_from(place).ok().map(PageToken);
                break;
            }
            match kept {
                Kept::Whole(certificate) => page.rows.extend(self.row(certificate)),
                Kept::Archived(archived) => {
                    let row = read(Archived {
                        leaf: archived.leaf,
                        serial: archived.serial(),
                        revocation,
                    })?;
                    if filter.matches_row(&row) {
                        page.rows.push(row);
                    } else {
                        in_vain += 1;
                    }
                }
            }
        }
        Ok(page)
    }
}

/// How many leaves that do not match are read for one page.
const READS: usize = 1000;

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

    /// Tells whether all but the names beyond the NAME matches.
    fn may_match(&self, archived: &ArchivedCertificate, revocation: Option<Revocation>) -> bool {
        let query = self.query;
        let state = state(revocation, archived.not_after, query.now);
        let same = |wanted: Option<usize>, number: u32| {
            wanted.is_none_or(|wanted| usize::try_from(number) == Ok(wanted))
        };
        same(self.issuer, archived.issuer)
            && same(self.profile, archived.profile)
            && query.state.is_none_or(|wanted| state == wanted)
            && query
                .expires_by
                .is_none_or(|time| state == CertificateState::Valid && archived.not_after <= time)
            && query.name.as_ref().is_none_or(|pattern| {
                let name = self.tables.certificates.text_of(archived.name);
                name.is_some_and(|name| pattern.matches(name))
            })
    }

    /// Tells whether the names of a row from the log match.
    fn matches_row(&self, row: &CertificateRow) -> bool {
        let names = row.names();
        let query = self.query;
        query.san.as_ref().is_none_or(|san| row.sans.contains(san))
            && query
                .scope
                .allows(&row.issuer, &row.profile, names.iter().map(String::as_str))
    }

    fn matches(&self, certificate: &TableCertificate) -> bool {
        let query = self.query;
        let not_after = certificate.validity.not_after();
        let state = state(certificate.revocation, not_after, query.now);
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

fn state(revocation: Option<Revocation>, not_after: UnixTime, now: UnixTime) -> CertificateState {
    if revocation.is_some() {
        CertificateState::Revoked
    } else if not_after < now {
        CertificateState::Expired
    } else {
        CertificateState::Valid
    }
}
