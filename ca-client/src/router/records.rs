//! What the CA knows of the certificates of a wish.

use ca_deploy::CertificateWish;
use ca_types::CertificateState;

use crate::client::{CertificateRecord, Client, ClientError, ListFilter};

/// Lists the certificates of the wished NAME and profile that are in a state, the newest first.
pub(super) async fn records(
    client: &Client,
    wish: &CertificateWish,
    state: CertificateState,
) -> Result<Vec<CertificateRecord>, ClientError> {
    let filter = ListFilter {
        name: wish.name.to_string(),
        profile: Some(wish.profile.clone()),
        state: Some(state),
        ..ListFilter::default()
    };
    let mut records = Vec::new();
    let mut from = None;
    loop {
        let page = client.list(&filter, PAGE, from).await?;
        records.extend(page.certificates);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    records.sort_by_key(|record| std::cmp::Reverse(record.leaf));
    Ok(records)
}

const PAGE: u32 = 1_000;
