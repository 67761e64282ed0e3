//! Who holds a NAME: lines of successors, entries that mean all holders, and lists of them.

use std::sync::Arc;

use super::{accept, refuse, serials};
use crate::fixture::{
    DAY, Leaf, asked, at, crl, entry, everything, founding, now, revoked, serial,
};
use crate::{CaStore, Committed, SeenHolders};

pub(crate) async fn a_successor_stands_beside_its_predecessor(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    accept(&*store, Leaf::new("a.example", 1).entry()).await;
    accept(&*store, Leaf::new("b.example", 2).entry()).await;
    let cannot = |number, what| {
        format!(
            "certificate {} {what}, so nothing can succeed it",
            serial(number)
        )
    };
    refuse(
        &*store,
        Leaf::new("a.example", 3).succeeding(2).entry(),
        &cannot(2, "has another name or profile"),
    )
    .await;
    refuse(
        &*store,
        Leaf::new("a.example", 3).succeeding(9).entry(),
        &format!("no certificate has serial number {}", serial(9)),
    )
    .await;
    accept(&*store, Leaf::new("a.example", 3).succeeding(1).entry()).await;
    let beside = |number| {
        format!(
            "name `a.example` has a valid certificate of profile router: serial {}",
            serial(number)
        )
    };
    // A second successor of the same certificate would be a second holder of the name.
    refuse(
        &*store,
        Leaf::new("a.example", 4).succeeding(1).entry(),
        &beside(3),
    )
    .await;
    // The successor can be succeeded while the first is still valid.
    accept(&*store, Leaf::new("a.example", 4).succeeding(3).entry()).await;
    accept(&*store, entry([revoked(4)])).await;
    refuse(
        &*store,
        Leaf::new("a.example", 5).succeeding(4).entry(),
        &cannot(4, "is revoked"),
    )
    .await;
    let valid = store.valid_for_name("a.example", None, now()).await;
    assert_eq!(serials(&valid.unwrap()), [1, 3]);
    let late = Leaf::new("a.example", 5).succeeding(3);
    let expired = at(late.entry(), late.not_after.plus(1).unwrap());
    let later = "is expired, and a later one of its name was revoked";
    refuse(&*store, expired, &cannot(3, later)).await;
}

/// An expired certificate can be succeeded for a year, as long as it was the last of its name.
pub(crate) async fn an_expired_certificate_is_succeeded_while_it_was_the_last(
    store: Arc<dyn CaStore>,
) {
    accept(&*store, founding()).await;
    let lasting = |name, number, succeeds, days: u64| {
        let mut leaf = Leaf::new(name, number);
        leaf.not_after = now().plus(days * DAY).unwrap();
        leaf.succeeds = Some(succeeds).filter(|it| *it != 0).map(serial);
        leaf
    };
    let on = |leaf: &Leaf, days: u64| at(leaf.entry(), now().plus(days * DAY + 1).unwrap());
    let cannot = |number, what| {
        format!(
            "certificate {} {what}, so nothing can succeed it",
            serial(number)
        )
    };
    // The only one of its name: for 365 days, and not a second longer.
    accept(&*store, Leaf::new("a.example", 1).entry()).await;
    let late = lasting("a.example", 2, 1, 900);
    let never = on(&late, 90 + 365);
    refuse(&*store, never, &cannot(1, "expired more than a year ago")).await;
    let last = at(late.entry(), now().plus((90 + 365) * DAY).unwrap());
    accept(&*store, last).await;

    // One that was replaced on the way, by a successor or without one, comes back never.
    accept(&*store, Leaf::new("b.example", 3).entry()).await;
    accept(&*store, lasting("b.example", 4, 3, 100).entry()).await;
    let late = on(&lasting("b.example", 5, 3, 900), 101);
    let since = "is expired, and its name has got another since";
    refuse(&*store, late, &cannot(3, since)).await;
    accept(&*store, on(&lasting("b.example", 5, 4, 900), 101)).await;

    // One that was revoked, or whose name lost a later one.
    accept(&*store, Leaf::new("c.example", 6).entry()).await;
    accept(&*store, lasting("c.example", 7, 6, 100).entry()).await;
    accept(&*store, entry([revoked(7)])).await;
    let late = on(&lasting("c.example", 8, 7, 900), 101);
    refuse(&*store, late, &cannot(7, "is revoked")).await;
    let late = on(&lasting("c.example", 8, 6, 900), 101);
    let later = "is expired, and a later one of its name was revoked";
    refuse(&*store, late, &cannot(6, later)).await;

    // Revoking the one before it hinders nothing.
    accept(&*store, Leaf::new("d.example", 9).entry()).await;
    accept(&*store, lasting("d.example", 10, 9, 100).entry()).await;
    accept(&*store, entry([revoked(9)])).await;
    accept(&*store, on(&lasting("d.example", 11, 10, 900), 101)).await;
}

/// A line of successors may be 64 long; one more has an error of its own, and revoking an old one makes room.
pub(crate) async fn a_line_of_successors_ends_somewhere(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    accept(&*store, Leaf::new("a.example", 1).entry()).await;
    for number in 2..=65 {
        let next = Leaf::new("a.example", number).succeeding(number - 1);
        accept(&*store, next.entry()).await;
    }
    let next = Leaf::new("a.example", 66).succeeding(65).entry();
    let too_long = format!(
        "certificate {} is the last of more than 64 in a line, of which {} is still valid",
        serial(65),
        serial(1)
    );
    refuse(&*store, next.clone(), &too_long).await;
    accept(&*store, entry([revoked(1)])).await;
    accept(&*store, next).await;
}

pub(crate) async fn an_entry_that_means_all_of_a_name_has_seen_them_all(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    accept(&*store, Leaf::new("a.example", 1).entry()).await;
    accept(&*store, Leaf::new("a.example", 2).succeeding(1).entry()).await;
    let mut server = Leaf::new("a.example", 3);
    server.profile = "vpn-server";
    accept(&*store, server.entry()).await;
    let seen = |serials: &[u64], profile: Option<&str>| SeenHolders {
        name: "a.example".to_owned(),
        profile: profile.map(|profile| profile.parse().unwrap()),
        serials: serials.iter().map(|number| serial(*number)).collect(),
    };
    let unseen = |number| {
        format!(
            "name `a.example` has got certificate {} meanwhile",
            serial(number)
        )
    };
    for (serials, profile, missing) in [
        (&[][..], Some("vpn-server"), 3),
        (&[1], Some("router"), 2),
        (&[1, 2], None, 3),
    ] {
        let refused = store
            .commit_having_seen(entry([revoked(1)]), Some(seen(serials, profile)))
            .await;
        assert_eq!(refused.unwrap_err().to_string(), unseen(missing));
        assert_eq!(store.tree_head().await.unwrap().size, 4);
    }
    let asked_for = asked(entry([revoked(1), revoked(2)]), 1, 1);
    let all = seen(&[1, 2], Some("router"));
    let done = store
        .commit_having_seen(asked_for.clone(), Some(all.clone()))
        .await;
    assert_eq!(done.unwrap(), Committed::New { leaf: 4 });
    // A repeated request is answered as it was, whatever the name has got since.
    accept(&*store, Leaf::new("a.example", 4).entry()).await;
    let again = store.commit_having_seen(asked_for, Some(all)).await;
    assert!(matches!(
        again.unwrap(),
        Committed::Repeated { leaf: 4, .. }
    ));
    // Expired and revoked ones need not have been seen.
    let late = at(entry([crl(1)]), now().plus(91 * DAY).unwrap());
    let none = store.commit_having_seen(late, Some(seen(&[], None))).await;
    assert_eq!(none.unwrap(), Committed::New { leaf: 6 });
}

pub(crate) async fn pages_within_a_scope_are_full(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    for number in 1..=9 {
        let name = ["a.berlin.example", "b.munich.example", "c.munich.example"]
            [usize::try_from(number % 3).unwrap()];
        let mut leaf = Leaf::new(name, number);
        leaf.profile =
            ["router", "vpn-server", "vpn-client"][usize::try_from((number - 1) / 3).unwrap()];
        accept(&*store, leaf.entry()).await;
    }
    let mut query = everything();
    query.scope.names = vec!["*.munich.example".parse().unwrap()];
    query.limit = 2;
    let mut found = Vec::new();
    loop {
        let page = store.list(&query).await.unwrap();
        found.extend(serials(&page.rows));
        if page.next.is_none() {
            break;
        }
        assert_eq!(page.rows.len(), 2);
        query.after = page.next;
    }
    assert_eq!(found, [1, 2, 4, 5, 7, 8]);
    query.after = None;
    query.scope.profiles = vec!["vpn-client".parse().unwrap()];
    assert_eq!(serials(&store.list(&query).await.unwrap().rows), [7, 8]);
}
