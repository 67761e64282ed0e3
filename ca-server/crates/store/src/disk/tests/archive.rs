//! What is archived is read from the log.

use ca_types::CertificateState;
use ca_verify::{Change, CrlSigned};

use super::*;
use crate::CertificateQuery;
use crate::IndexUse;
use crate::fixture::{DAY, at, crl, entry, everything, founding, now};

/// Issues so many certificates at a time, from a number on, many in one leaf.
async fn issue(store: &LogStore, numbers: std::ops::Range<u64>, days: u64) {
    let time = now().plus(days * DAY).unwrap();
    let numbers: Vec<u64> = numbers.collect();
    for some in numbers.chunks(64) {
        let changes = some.iter().map(|number| {
            let name: &'static str = format!("router-{number}.example").leak();
            let mut leaf = Leaf::new(name, *number);
            leaf.not_after = time.plus(90 * DAY).unwrap();
            leaf.change()
        });
        store.commit(at(entry(changes), time)).await.unwrap();
    }
}

/// Signs a CRL on every other of so many days.
async fn days(store: &LogStore, days: u64) {
    for day in (2..=days).step_by(2) {
        let Change::CrlSigned(signed) = crl(day) else {
            panic!("it is a CRL");
        };
        let this_update = now().plus(day * DAY).unwrap();
        let signed = Change::CrlSigned(CrlSigned {
            this_update,
            ..signed
        });
        store
            .commit(at(entry([signed]), this_update))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_archived_certificate_is_shown_and_listed_from_its_leaf() {
    let dir = empty();
    let (store, _report) = open(&dir);
    store.commit(founding()).await.unwrap();
    issue(&store, 1..401, 0).await;
    store.commit(entry([revoked(7)])).await.unwrap();
    let before = store.certificate(serial(9)).await.unwrap();
    days(&store, 500).await;
    issue(&store, 401..1025, 500).await;
    assert!(store.state.read().tables.archived(serial(9)).is_some());
    assert!(store.state.read().tables.archived(serial(401)).is_none());
    assert_eq!(store.certificate(serial(9)).await.unwrap(), before);

    // A filter that the archive cannot judge asks the log too.
    let wanted = before.unwrap();
    let query = CertificateQuery {
        san: wanted.sans.first().cloned(),
        ..everything()
    };
    assert_eq!(store.list(&query).await.unwrap().rows, [wanted]);
    let query = CertificateQuery {
        now: now().plus(500 * DAY).unwrap(),
        state: Some(CertificateState::Revoked),
        ..everything()
    };
    let listed = store.list(&query).await.unwrap().rows;
    assert_eq!(listed.first().map(|row| row.serial), Some(serial(7)));
    // Long over, so no start puts it on a CRL again.
    assert_eq!(store.revoked(&router_ca()).await.unwrap(), []);
    let again = store.commit(entry([revoked(7)])).await;
    assert!(matches!(again, Err(StoreError::AlreadyRevoked(_))));

    let listed = store.list(&everything()).await.unwrap();
    drop(store);
    for index in [IndexUse::IfSound, IndexUse::Rebuild] {
        let options = OpenOptions {
            index,
            ..OpenOptions::system()
        };
        let (store, _report) = LogStore::open(dir.path(), options).unwrap();
        assert_eq!(store.list(&everything()).await.unwrap(), listed);
        assert!(store.state.read().tables.archived(serial(9)).is_some());
    }
}
