//! What is published over http: CRLs and CA certificates.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use axum::body::Bytes;
use ca_types::UnixTime;
use sha2::{Digest as _, Sha256};

/// A document to publish.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its content.
    pub octets: Vec<u8>,
    /// Its media type.
    pub media_type: &'static str,
    /// When it was made.
    pub last_modified: UnixTime,
    /// The last second at which it may be used, when it has one: the nextUpdate of a CRL.
    pub expires: Option<UnixTime>,
}

/// A document as it is served.
#[derive(Debug)]
pub struct Published {
    /// Its content.
    pub octets: Bytes,
    /// Its media type.
    pub media_type: &'static str,
    /// When it was made.
    pub last_modified: UnixTime,
    /// The last second at which it may be used, when it has one.
    pub expires: Option<UnixTime>,
    /// Its strong entity tag, in quotes: a digest of the content.
    pub etag: String,
    /// Whether a cache must ask before each use: it may change any second.
    pub is_changing: bool,
}

/// The documents by path; readers never wait for a writer's work.
#[derive(Debug, Default)]
pub struct Publication {
    documents: RwLock<BTreeMap<String, Arc<Published>>>,
    is_partial: AtomicBool,
}

impl Publication {
    /// Starts with nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Publishes a document under a path such as `/crl/router-2026-1.crl`, in the place of the former one.
    pub fn publish(&self, path: impl Into<String>, document: Document) {
        self.put(path.into(), document, false);
    }

    /// Publishes a document that may change any second: no cache may use it without asking.
    pub fn publish_changing(&self, path: impl Into<String>, document: Document) {
        self.put(path.into(), document, true);
    }

    fn put(&self, path: String, document: Document, is_changing: bool) {
        let digest = Sha256::digest(&document.octets);
        let tag: String = digest
            .iter()
            .take(16)
            .map(|octet| format!("{octet:02x}"))
            .collect();
        let published = Arc::new(Published {
            octets: document.octets.into(),
            media_type: document.media_type,
            last_modified: document.last_modified,
            expires: document.expires,
            etag: format!("\"{tag}\""),
            is_changing,
        });
        self.documents
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path, published);
    }

    /// Takes a document back.
    pub fn withdraw(&self, path: &str) {
        self.documents
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(path);
    }

    /// Notes whether documents are still to come that were published before.
    pub fn set_partial(&self, is_partial: bool) {
        self.is_partial.store(is_partial, Ordering::Release);
    }

    /// Tells whether documents are still to come that were published before.
    pub fn is_partial(&self) -> bool {
        self.is_partial.load(Ordering::Acquire)
    }

    /// Finds the document of a path.
    pub fn find(&self, path: &str) -> Option<Arc<Published>> {
        self.documents
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(path)
            .map(Arc::clone)
    }

    /// Lists the documents that expire, by path, with their last seconds: the CRLs.
    pub fn expiring(&self) -> Vec<(String, UnixTime)> {
        let documents = self
            .documents
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let expiring = documents
            .iter()
            .filter_map(|(path, document)| Some((path.clone(), document.expires?)));
        expiring.collect()
    }
}
