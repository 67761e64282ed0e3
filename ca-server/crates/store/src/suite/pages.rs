//! Pages beside a writer.

use std::sync::Arc;

use crate::fixture::{Leaf, entry, everything, founding, revoked};
use crate::{CaStore, Committed};

/// What was there when the first page was read comes once, in the order of issue, whatever is issued or revoked
/// between two pages; what comes later stands behind it.
pub(crate) async fn pages_are_stable_beside_a_writer(store: Arc<dyn CaStore>) {
    const NAMES: [&str; 6] = [
        "a.example",
        "b.example",
        "c.example",
        "d.example",
        "e.example",
        "f.example",
    ];
    store.commit(founding()).await.unwrap();
    for (number, name) in (1..).zip(NAMES) {
        store.commit(Leaf::new(name, number).entry()).await.unwrap();
    }
    let mut query = everything();
    query.limit = 2;
    let mut found = Vec::new();
    let mut number = 1;
    loop {
        let writer = Arc::clone(&store);
        let replaced = entry([
            revoked(number),
            Leaf::new(NAMES[usize::try_from(number - 1).unwrap()], number + 100).change(),
        ]);
        let (page, written) = tokio::join!(store.list(&query), writer.commit(replaced));
        assert!(matches!(written, Ok(Committed::New { .. })), "{written:?}");
        let page = page.unwrap();
        found.extend(super::serials(&page.rows));
        query.after = page.next;
        if query.after.is_none() || number == 6 {
            break;
        }
        number += 1;
    }
    assert_eq!(found.get(..6), Some(&[1, 2, 3, 4, 5, 6][..]), "{found:?}");
    assert!(found.is_sorted(), "{found:?}");
    let mut once = found.clone();
    once.dedup();
    assert_eq!(once, found);
}
