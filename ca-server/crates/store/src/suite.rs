//! What every store must do; one test per behaviour, run on each implementation.

use std::sync::Arc;

use ca_types::{CertificateState, Hinted, RevocationReason, Role};
use ca_verify::{Change, CrlSigned, Entry, Reapplied, Restored, RestoredList, leaf_hash};
use rcgen::SanType;

use crate::fixture::{
    DAY, Leaf, actor, asked, at, blocked, crl, entry, everything, founding, issuer, now,
    request_id, revoked, router_ca, serial,
};
use crate::{CaStore, CertificateQuery, CertificateRow, Committed, PageToken, StoreError};

mod holders;
mod issuers;
mod pages;

pub(crate) use holders::{
    a_line_of_successors_ends_somewhere, a_successor_stands_beside_its_predecessor,
    an_entry_that_means_all_of_a_name_has_seen_them_all,
    an_expired_certificate_is_succeeded_while_it_was_the_last, pages_within_a_scope_are_full,
};
pub(crate) use issuers::{
    a_requested_ca_keeps_its_id_and_class, issuer_ids_and_crl_numbers_never_repeat,
    only_an_active_ca_issues_and_retired_is_for_ever,
};
pub(crate) use pages::pages_are_stable_beside_a_writer;

/// Expects that an entry becomes the next leaf.
async fn accept(store: &dyn CaStore, entry: Entry) -> u64 {
    let next = store.tree_head().await.unwrap().size;
    match store.commit(entry).await {
        Ok(Committed::New { leaf }) => {
            assert_eq!(leaf, next);
            assert_eq!(store.tree_head().await.unwrap().size, next + 1);
            leaf
        }
        other => panic!("not accepted: {other:?}"),
    }
}

/// Expects that an entry is refused with this text, and that nothing changes by it.
async fn refuse(store: &dyn CaStore, entry: Entry, text: &str) {
    let before = store.tree_head().await.unwrap();
    match store.commit(entry).await {
        Err(refusal) => assert_eq!(refusal.to_string(), text),
        accepted => panic!("not refused: {accepted:?}"),
    }
    assert_eq!(store.tree_head().await.unwrap(), before);
}

fn serials(rows: &[CertificateRow]) -> Vec<u64> {
    let number = |row: &CertificateRow| {
        let octets = row.serial.octets();
        u64::from_be_bytes(*octets.last_chunk().unwrap())
    };
    rows.iter().map(number).collect()
}

pub(crate) async fn a_certificate_is_found_as_it_was_issued(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    let mut leaf = Leaf::new("berlin.example", 1);
    leaf.more_sans = vec![
        SanType::DnsName("vpn.example".try_into().unwrap()),
        SanType::IpAddress("192.0.2.1".parse().unwrap()),
    ];
    let entry = leaf.entry();
    accept(&*store, entry.clone()).await;
    let row = store.certificate(serial(1)).await.unwrap().unwrap();
    assert_eq!(row.leaf, 1);
    assert_eq!(row.name, "berlin.example");
    assert_eq!(row.issuer, router_ca());
    assert_eq!(row.profile.as_str(), "router");
    assert_eq!(row.key, leaf.key_id());
    assert_eq!(row.validity.not_before(), now());
    assert_eq!(row.validity.not_after(), leaf.not_after);
    assert_eq!(row.revocation, None);
    let sans: Vec<String> = row.sans.iter().map(ToString::to_string).collect();
    assert_eq!(
        sans,
        ["dns:berlin.example", "dns:vpn.example", "ip:192.0.2.1"]
    );
    let Some(Change::Issued(issued)) = entry.changes.first() else {
        panic!("the entry issues a certificate");
    };
    let der = store.certificates_der(&[row]).await.unwrap();
    assert_eq!(der, std::slice::from_ref(&issued.certificate));
    assert_eq!(store.certificate(serial(2)).await.unwrap(), None);
}

pub(crate) async fn a_name_is_held_by_one_valid_certificate(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    accept(&*store, Leaf::new("a.example", 1).entry()).await;
    let taken = format!(
        "name `a.example` has a valid certificate of profile router: serial {}",
        serial(1)
    );
    refuse(&*store, Leaf::new("a.example", 2).entry(), &taken).await;
    // Another profile, and another trust domain, are other names.
    let mut server = Leaf::new("a.example", 3);
    server.profile = "vpn-server";
    accept(&*store, server.entry()).await;
    accept(&*store, entry([issuer("customer-2026-1", "customer")])).await;
    let mut customer = Leaf::new("a.example", 4);
    customer.issuer = "customer-2026-1".parse().unwrap();
    accept(&*store, customer.entry()).await;
    // A second CA of the same trust domain is not.
    accept(&*store, entry([issuer("router-2026-2", "main")])).await;
    let mut second = Leaf::new("a.example", 5);
    second.issuer = "router-2026-2".parse().unwrap();
    refuse(&*store, second.entry(), &taken).await;
    // Revoking frees it.
    accept(&*store, entry([revoked(1)])).await;
    accept(&*store, Leaf::new("a.example", 6).entry()).await;
    let profile = "router".parse().unwrap();
    let valid = store
        .valid_for_name("a.example", Some(&profile), now())
        .await
        .unwrap();
    assert_eq!(serials(&valid), [4, 6]);
    let all = store.valid_for_name("a.example", None, now()).await;
    assert_eq!(serials(&all.unwrap()), [3, 4, 6]);
}

pub(crate) async fn an_expired_certificate_frees_its_name(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    let first = Leaf::new("a.example", 1);
    accept(&*store, first.entry()).await;
    let mut second = Leaf::new("a.example", 2);
    second.not_after = now().plus(200 * DAY).unwrap();
    let taken = format!(
        "name `a.example` has a valid certificate of profile router: serial {}",
        serial(1)
    );
    refuse(&*store, at(second.entry(), first.not_after), &taken).await;
    let later = first.not_after.plus(1).unwrap();
    accept(&*store, at(second.entry(), later)).await;
    let valid = store.valid_for_name("a.example", None, later).await;
    assert_eq!(serials(&valid.unwrap()), [2]);
}

/// A clock that was wrong for one entry takes nothing from the holders of names.
pub(crate) async fn a_clock_that_jumps_back_finds_the_names_held(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    let first = Leaf::new("a.example", 1);
    accept(&*store, first.entry()).await;
    let mut far = Leaf::new("a.example", 2);
    far.not_after = now().plus(900 * DAY).unwrap();
    let wrong = now().plus(800 * DAY).unwrap();
    accept(&*store, at(far.entry(), wrong)).await;
    let valid = store.valid_for_name("a.example", None, now()).await;
    assert_eq!(serials(&valid.unwrap()), [1, 2]);
    accept(&*store, entry([revoked(2)])).await;
    let taken = format!(
        "name `a.example` has a valid certificate of profile router: serial {}",
        serial(1)
    );
    refuse(&*store, Leaf::new("a.example", 3).entry(), &taken).await;
}

pub(crate) async fn a_replacement_is_one_entry(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    accept(&*store, Leaf::new("a.example", 1).entry()).await;
    let new = Leaf::new("a.example", 2).change();
    // The order counts: the name is free after the revocation only.
    let taken = format!(
        "name `a.example` has a valid certificate of profile router: serial {}",
        serial(1)
    );
    refuse(&*store, entry([new.clone(), revoked(1)]), &taken).await;
    accept(&*store, entry([revoked(1), new])).await;
    let valid = store.valid_for_name("a.example", None, now()).await;
    assert_eq!(serials(&valid.unwrap()), [2]);
}

pub(crate) async fn a_key_belongs_to_one_name_for_ever(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    let first = Leaf::new("a.example", 1);
    accept(&*store, first.entry()).await;
    accept(&*store, entry([revoked(1)])).await;
    let mut other = Leaf::new("b.example", 2);
    assert_eq!(store.name_of_key(&other.key_id()).await.unwrap(), None);
    other.key = first.key;
    let owner = store.name_of_key(&other.key_id()).await.unwrap();
    assert_eq!(owner.as_deref(), Some("a.example"));
    refuse(
        &*store,
        other.entry(),
        "the public key is certified for `a.example`",
    )
    .await;
    let mut again = Leaf::new("a.example", 3);
    again.key = other.key;
    again.profile = "vpn-client";
    accept(&*store, again.entry()).await;
    // Within one entry too.
    let (one, mut two) = (Leaf::new("c.example", 4), Leaf::new("d.example", 5));
    let change = one.change();
    two.key = one.key;
    refuse(
        &*store,
        entry([change, two.change()]),
        "the public key is certified for `c.example`",
    )
    .await;
}

pub(crate) async fn a_serial_number_is_used_once(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    accept(&*store, Leaf::new("a.example", 1).entry()).await;
    let used = format!("serial number {} was used before", serial(1));
    refuse(&*store, Leaf::new("b.example", 1).entry(), &used).await;
    let pair = [
        Leaf::new("b.example", 2).change(),
        Leaf::new("c.example", 2).change(),
    ];
    let used = format!("serial number {} was used before", serial(2));
    refuse(&*store, entry(pair), &used).await;
    assert_eq!(store.certificate(serial(2)).await.unwrap(), None);
}

pub(crate) async fn a_request_is_answered_once(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    let first = asked(Leaf::new("a.example", 1).entry(), 7, 1);
    let leaf = accept(&*store, first.clone()).await;
    // The shell signs anew for a repeated request: the answer is the first certificate.
    let again = asked(Leaf::new("a.example", 2).entry(), 7, 1);
    let repeated = store.commit(again).await.unwrap();
    let expected = Committed::Repeated {
        leaf,
        entry: Box::new(first.clone()),
    };
    assert_eq!(repeated, expected);
    assert_eq!(store.certificate(serial(2)).await.unwrap(), None);
    let reused = format!("request id {} was used for another request", request_id(7));
    refuse(
        &*store,
        asked(Leaf::new("b.example", 3).entry(), 7, 2),
        &reused,
    )
    .await;
    assert_eq!(
        store.answered(request_id(7)).await.unwrap(),
        Some((leaf, first))
    );
    assert_eq!(store.answered(request_id(8)).await.unwrap(), None);
    // A refused request may be asked again.
    let taken = format!(
        "name `a.example` has a valid certificate of profile router: serial {}",
        serial(1)
    );
    refuse(
        &*store,
        asked(Leaf::new("a.example", 4).entry(), 8, 1),
        &taken,
    )
    .await;
    accept(&*store, asked(Leaf::new("c.example", 4).entry(), 8, 1)).await;
}

pub(crate) async fn revoking_is_final(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    accept(&*store, entry([issuer("other-2026-1", "main")])).await;
    let unknown = format!("no certificate has serial number {}", serial(1));
    refuse(&*store, entry([revoked(1)]), &unknown).await;
    for number in 1..=3 {
        let name = ["", "a.example", "b.example", "c.example"][usize::try_from(number).unwrap()];
        accept(&*store, Leaf::new(name, number).entry()).await;
    }
    let time = now().plus(5).unwrap();
    accept(&*store, at(entry([revoked(3), revoked(1)]), time)).await;
    let again = format!("certificate {} is revoked already", serial(3));
    refuse(&*store, entry([revoked(2), revoked(3)]), &again).await;
    let twice = format!("certificate {} is revoked already", serial(2));
    refuse(&*store, entry([revoked(2), revoked(2)]), &twice).await;
    let rows = store.revoked(&router_ca()).await.unwrap();
    assert_eq!(serials(&rows), [3, 1]);
    for row in rows {
        let revocation = row.revocation.unwrap();
        assert_eq!(revocation.time, time);
        assert_eq!(revocation.reason, RevocationReason::KeyCompromise);
        assert_eq!(row.state(now()), CertificateState::Revoked);
    }
    let other = store.revoked(&"other-2026-1".parse().unwrap()).await;
    assert_eq!(other.unwrap(), []);
}

pub(crate) async fn actors_come_and_go_but_one_admin_stays(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    accept(&*store, entry([actor(2, "bert", Role::Operator)])).await;
    let exists = |name| format!("an actor named `{name}`, or with its key, exists");
    refuse(
        &*store,
        entry([actor(3, "bert", Role::Agent)]),
        &exists("bert"),
    )
    .await;
    refuse(
        &*store,
        entry([actor(1, "carl", Role::Agent)]),
        &exists("anna"),
    )
    .await;
    let remove = |key: u8| Change::ActorRemoved([key; 32].into());
    refuse(
        &*store,
        entry([remove(1)]),
        "actor `anna` is the last admin",
    )
    .await;
    refuse(
        &*store,
        entry([remove(9)]),
        &format!("no actor has key {}", "09".repeat(32)),
    )
    .await;
    // The order within an entry counts.
    accept(
        &*store,
        entry([actor(4, "dora", Role::Admin), remove(1), remove(2)]),
    )
    .await;
    let names: Vec<String> = store
        .actors()
        .await
        .unwrap()
        .iter()
        .map(|row| row.actor.name.to_string())
        .collect();
    assert_eq!(names, ["dora"]);
    assert_eq!(store.actor(&[1; 32].into()).await.unwrap(), None);
    let dora = store.actor(&[4; 32].into()).await.unwrap().unwrap();
    assert_eq!(dora.role, Role::Admin);
    // A name that is free again can be given again.
    accept(&*store, entry([actor(5, "anna", Role::Auditor)])).await;
}

pub(crate) async fn a_blocked_key_is_certified_no_more(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    let former = Leaf::new("a.example", 1);
    let key = former.key_id();
    accept(&*store, former.entry()).await;
    // Taking trust away goes together: revoked and blocked, or neither.
    accept(&*store, entry([revoked(1), blocked(key)])).await;
    let again = Leaf {
        key: former.key,
        ..Leaf::new("a.example", 2)
    };
    let refusal = format!("public key {key} is blocked");
    refuse(&*store, again.entry(), &refusal).await;
    refuse(
        &*store,
        entry([Change::KeyUnblocked(key), blocked(key), again.change()]),
        &refusal,
    )
    .await;
    let other = Leaf::new("b.example", 3);
    let both = [blocked(other.key_id()), other.change()];
    let own = format!("public key {} is blocked", other.key_id());
    refuse(&*store, entry(both), &own).await;
    // Blocking it again is no contradiction, and keeps what the first said.
    let row = store.blocked_key(&key).await.unwrap();
    let later = now().plus(60).unwrap();
    accept(&*store, at(entry([blocked(key)]), later)).await;
    assert_eq!(store.blocked_key(&key).await.unwrap(), row);
    assert_eq!(row.unwrap().since, now());
    for leaf in 10..14 {
        accept(&*store, entry([blocked([leaf; 32].into())])).await;
    }
    let all = store.blocked_keys(None, 1000).await.unwrap();
    let mut paged = store.blocked_keys(None, 2).await.unwrap();
    while let Some(last) = paged.last()
        && paged.len() < all.len()
    {
        let after = Some(last.key);
        paged.extend(store.blocked_keys(after, 2).await.unwrap());
    }
    assert_eq!((paged.len(), paged), (5, all));
    accept(&*store, entry([Change::KeyUnblocked(key)])).await;
    refuse(
        &*store,
        entry([Change::KeyUnblocked(key)]),
        &format!("public key {key} is not blocked"),
    )
    .await;
    assert_eq!(store.blocked_key(&key).await.unwrap(), None);
    accept(&*store, again.entry()).await;
}

pub(crate) async fn an_issue_that_races_with_a_block_never_comes_after_it(store: Arc<dyn CaStore>) {
    const NAMES: [&str; 8] = [
        "a.example",
        "b.example",
        "c.example",
        "d.example",
        "e.example",
        "f.example",
        "g.example",
        "h.example",
    ];
    accept(&*store, founding()).await;
    let mut tasks = Vec::new();
    for (number, name) in (1..).zip(NAMES) {
        let leaf = Leaf::new(name, number);
        let pair = [leaf.entry(), entry([blocked(leaf.key_id())])];
        for entry in pair {
            let store = Arc::clone(&store);
            let commit = async move { store.commit(entry).await };
            #[expect(clippy::disallowed_methods, reason = "the test waits for every task")]
            tasks.push(tokio::spawn(commit));
        }
    }
    let mut committed = Vec::new();
    for task in tasks {
        committed.push(match task.await.unwrap() {
            Ok(Committed::New { leaf }) => Some(leaf),
            Ok(Committed::Repeated { .. }) => None,
            Err(StoreError::KeyBlocked(_)) => None,
            Err(other) => panic!("{other}"),
        });
    }
    for pair in committed.chunks(2) {
        let [issued, blocked] = pair else { panic!() };
        assert!(issued.is_none() || issued < blocked, "{pair:?}");
        assert!(blocked.is_some());
    }
}

pub(crate) async fn a_restored_log_goes_on_without_using_anything_again(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    accept(&*store, Leaf::new("a.example", 1).entry()).await;
    accept(&*store, entry([crl(3)])).await;
    let restored = |number, serials: &[u64]| {
        let taken = serials.iter().map(|number| Reapplied {
            serial: serial(*number),
            time: now(),
            reason: RevocationReason::Superseded,
        });
        Change::Restored(Restored {
            leaves: 3,
            root: [1; 32],
            lost_since: None,
            lists: vec![RestoredList {
                issuer: router_ca(),
                number,
                crl: None,
                revoked: taken.collect(),
            }],
            left_out: vec![CrlSigned {
                issuer: "router-2026-2".parse().unwrap(),
                number: 4,
                this_update: now(),
                next_update: now(),
                sha256: [4; 32],
            }],
        })
    };
    let lower = "CRL number 2 of `router-2026-1` is not higher than 3";
    refuse(&*store, entry([restored(2, &[])]), lower).await;
    accept(&*store, entry([restored(9, &[1, 7])])).await;
    let last = store.last_crl(&router_ca()).await.unwrap().unwrap();
    assert_eq!((last.number, last.sha256), (9, [3; 32]));
    assert_eq!(serials(&store.revoked(&router_ca()).await.unwrap()), [1]);
    let unseen = store.revoked_unseen(&router_ca()).await.unwrap();
    let unseen: Vec<_> = unseen.iter().map(|unseen| unseen.serial).collect();
    assert_eq!(unseen, [serial(7)]);
    // What the lost CA signed is still out there.
    assert_eq!(store.lost_issuers().await.unwrap().len(), 1);
    let used = "issuer id `router-2026-2` was used before";
    refuse(&*store, entry([issuer("router-2026-2", "main")]), used).await;
    refuse(
        &*store,
        entry([crl(9)]),
        "CRL number 9 of `router-2026-1` is not higher than 9",
    )
    .await;
    let revoked = |number| format!("certificate {} is revoked already", serial(number));
    let back = |leaf: &Leaf| {
        let Change::Issued(issued) = leaf.change() else {
            panic!("a leaf issues");
        };
        entry([Change::Recovered(issued)])
    };
    refuse(&*store, back(&Leaf::new("b.example", 7)), &revoked(7)).await;
    refuse(&*store, entry([restored(9, &[7])]), &revoked(7)).await;

    // Two that were valid beside each other before the disaster, and one that was issued since.
    accept(&*store, Leaf::new("c.example", 20).entry()).await;
    let first = back(&Leaf::new("c.example", 21));
    accept(&*store, first.clone()).await;
    accept(&*store, back(&Leaf::new("c.example", 22))).await;
    let used = format!("serial number {} was used before", serial(21));
    refuse(&*store, first.clone(), &used).await;
    let valid = store
        .valid_for_name("c.example", None, now())
        .await
        .unwrap();
    assert_eq!(serials(&valid), [20, 21, 22]);
    let row = store.certificate(serial(21)).await.unwrap().unwrap();
    let Some(Change::Recovered(issued)) = first.changes.first() else {
        panic!("the entry takes a certificate back");
    };
    let der = store.certificates_der(&[row]).await.unwrap();
    assert_eq!(der, std::slice::from_ref(&issued.certificate));
}

pub(crate) async fn an_entry_happens_whole_or_not_at_all(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    let unknown = format!("no certificate has serial number {}", serial(9));
    let changes = [
        Leaf::new("a.example", 1).change(),
        actor(2, "bert", Role::Agent),
        crl(1),
        revoked(9),
    ];
    refuse(&*store, asked(entry(changes), 1, 1), &unknown).await;
    assert_eq!(store.certificate(serial(1)).await.unwrap(), None);
    assert_eq!(store.actors().await.unwrap().len(), 1);
    assert_eq!(store.last_crl(&router_ca()).await.unwrap(), None);
    assert_eq!(store.answered(request_id(1)).await.unwrap(), None);
}

pub(crate) async fn lists_are_filtered_and_paged(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    let names = ["a.berlin.example", "b.berlin.example", "c.munich.example"];
    for (number, name) in (1..).zip(names) {
        let mut leaf = Leaf::new(name, number);
        leaf.not_after = now().plus(number * 10 * DAY).unwrap();
        leaf.more_sans = vec![SanType::IpAddress([192, 0, 2, 7].into())];
        accept(&*store, leaf.entry()).await;
    }
    let mut server = Leaf::new("a.berlin.example", 4);
    server.profile = "vpn-server";
    accept(&*store, server.entry()).await;
    accept(&*store, entry([revoked(2)])).await;
    let list = async |change: &dyn Fn(&mut CertificateQuery)| {
        let mut query = everything();
        change(&mut query);
        serials(&store.list(&query).await.unwrap().rows)
    };
    let later = now().plus(15 * DAY).unwrap();
    assert_eq!(list(&|_query| {}).await, [1, 2, 3, 4]);
    assert_eq!(
        list(&|query| query.name = "*.BERLIN.example".parse().ok()).await,
        [1, 2, 4]
    );
    assert_eq!(
        list(&|query| query.profile = "vpn-server".parse().ok()).await,
        [4]
    );
    assert_eq!(
        list(&|query| query.profile = "nothing".parse().ok()).await,
        []
    );
    assert_eq!(
        list(&|query| query.issuer = "nobody".parse().ok()).await,
        []
    );
    assert_eq!(
        list(&|query| query.san = "ip:192.0.2.7".parse().ok()).await,
        [1, 2, 3]
    );
    assert_eq!(
        list(&|query| query.san = "dns:a.berlin.example".parse().ok()).await,
        [1, 4]
    );
    for (state, expected) in [
        (CertificateState::Valid, vec![3, 4]),
        (CertificateState::Expired, vec![1]),
        (CertificateState::Revoked, vec![2]),
    ] {
        let filter = |query: &mut CertificateQuery| {
            query.state = Some(state);
            query.now = later;
        };
        assert_eq!(list(&filter).await, expected, "{state}");
    }
    assert_eq!(list(&|query| query.expires_by = Some(later)).await, [1]);

    let mut query = everything();
    query.profile = "router".parse().ok();
    query.limit = 2;
    let first = store.list(&query).await.unwrap();
    assert_eq!(serials(&first.rows), [1, 2]);
    query.after = first.next;
    assert!(query.after.is_some());
    let second = store.list(&query).await.unwrap();
    assert_eq!(serials(&second.rows), [3]);
    assert_eq!(second.next, None);
    query.after = Some(PageToken(u64::MAX));
    assert_eq!(store.list(&query).await.unwrap().rows, []);
}

pub(crate) async fn the_tree_covers_the_leaves(store: Arc<dyn CaStore>) {
    assert_eq!(store.leaves(0, 10).await.unwrap(), []);
    let mut frontier = ca_verify::Frontier::new();
    let names = ["a.example", "b.example", "c.example", "d.example"];
    accept(&*store, founding()).await;
    for (number, name) in (1..).zip(names) {
        accept(&*store, Leaf::new(name, number).entry()).await;
    }
    let leaves = store.leaves(0, 10).await.unwrap();
    assert_eq!(leaves.len(), 5);
    for (index, octets) in &leaves {
        assert_eq!(*index, frontier.size());
        frontier.push(leaf_hash(octets));
        Entry::from_der(octets).unwrap();
    }
    let head = store.tree_head().await.unwrap();
    assert_eq!((head.size, head.root), (5, frontier.root()));
    let part = store.leaves(3, 1).await.unwrap();
    assert_eq!(part, [leaves[3].clone()]);
    assert_eq!(store.leaves(5, 1).await.unwrap(), []);
}

pub(crate) async fn of_many_at_once_one_gets_the_name(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let store = Arc::clone(&store);
            let entry = Leaf::new("a.example", number).entry();
            let commit = async move { store.commit(entry).await };
            #[expect(clippy::disallowed_methods, reason = "the test waits for every task")]
            tokio::spawn(commit)
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(refusal) => assert!(
                matches!(&refusal, StoreError::NameTaken { name, .. } if name == "a.example"),
                "{refusal:?} {:?}",
                refusal.code()
            ),
        }
    }
    assert_eq!(accepted, 1);
    assert_eq!(store.tree_head().await.unwrap().size, 2);
}

pub(crate) async fn every_leaf_and_every_older_tree_is_proved(store: Arc<dyn CaStore>) {
    accept(&*store, founding()).await;
    let mut heads = vec![store.tree_head().await.unwrap()];
    for number in 1..=600 {
        accept(&*store, entry([crl(number)])).await;
        heads.push(store.tree_head().await.unwrap());
    }
    let last = heads[600];
    let leaves = store.leaves(0, 601).await.unwrap();
    for size in (1..=601).step_by(37).chain([255, 256, 257, 511, 512, 513]) {
        let head = heads[usize::try_from(size).unwrap() - 1];
        assert_eq!(store.root_at(size).await.unwrap(), Some(head.root));
        let proof = store.consistency_proof(size, 601).await.unwrap().unwrap();
        ca_verify::verify_consistency((size, head.root), (601, last.root), &proof).unwrap();
        let (leaf, octets) = &leaves[usize::try_from(size).unwrap() - 1];
        let proof = store.inclusion_proof(*leaf, 601).await.unwrap().unwrap();
        let leaf = (*leaf, leaf_hash(octets));
        ca_verify::verify_inclusion(leaf, (601, last.root), &proof).unwrap();
        let proof = store.inclusion_proof(leaf.0, size).await.unwrap().unwrap();
        ca_verify::verify_inclusion(leaf, (size, head.root), &proof).unwrap();
    }
    assert_eq!(store.root_at(602).await.unwrap(), None);
    assert_eq!(store.consistency_proof(1, 602).await.unwrap(), None);
    assert_eq!(store.inclusion_proof(601, 601).await.unwrap(), None);
    assert_eq!(store.inclusion_proof(0, 602).await.unwrap(), None);
}

pub(crate) async fn the_latest_time_holds_until_the_clock_is_confirmed(store: Arc<dyn CaStore>) {
    assert_eq!(store.latest_time().await.unwrap(), None);
    accept(&*store, founding()).await;
    let mut leaf = Leaf::new("a.example", 1).entry();
    let founded = store.latest_time().await.unwrap().unwrap();
    leaf.time = founded.plus(3600).unwrap();
    let later = leaf.time;
    accept(&*store, leaf).await;
    let mut confirmed = founding();
    confirmed.time = founded.minus(60);
    confirmed.changes = vec![Change::ClockConfirmed(ca_verify::ClockConfirmed {
        expected: later,
        confirmed: confirmed.time,
    })];
    assert_eq!(store.latest_time().await.unwrap(), Some(later));
    let time = confirmed.time;
    accept(&*store, confirmed).await;
    assert_eq!(store.latest_time().await.unwrap(), Some(time));
}

macro_rules! store_suite {
    ($($behaviour:ident)+) => {
        mod memory {
            use std::sync::Arc;
            $(
                #[tokio::test]
                async fn $behaviour() {
                    super::$behaviour(Arc::new(crate::MemoryStore::new())).await;
                }
            )+
        }

        mod disk {
            use std::sync::Arc;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $behaviour() {
                    let dir = tempfile::tempdir().unwrap();
                    crate::LogStore::create(dir.path(), [7; 16].into()).unwrap();
                    let options = crate::OpenOptions::system();
                    let (store, _report) = crate::LogStore::open(dir.path(), options).unwrap();
                    let store = Arc::new(store);
                    super::$behaviour(Arc::<crate::LogStore>::clone(&store)).await;
                    // Every behaviour leaves a log, and an index, that say the same when they are read again.
                    let before = crate::fixture::answers(&*store).await;
                    drop(store);
                    let options = crate::OpenOptions::system();
                    let (store, report) = crate::LogStore::open(dir.path(), options).unwrap();
                    assert_eq!(report.index, crate::IndexReport::Used { replayed: 0 });
                    assert_eq!(crate::fixture::answers(&store).await, before);
                    drop(store);
                    std::fs::remove_dir_all(dir.path().join("index-1")).unwrap();
                    let options = crate::OpenOptions::system();
                    let (store, _report) = crate::LogStore::open(dir.path(), options).unwrap();
                    assert_eq!(crate::fixture::answers(&store).await, before);
                }
            )+
        }
    };
}

store_suite! {
    a_certificate_is_found_as_it_was_issued
    a_name_is_held_by_one_valid_certificate
    an_expired_certificate_frees_its_name
    a_clock_that_jumps_back_finds_the_names_held
    a_successor_stands_beside_its_predecessor
    an_expired_certificate_is_succeeded_while_it_was_the_last
    a_line_of_successors_ends_somewhere
    an_entry_that_means_all_of_a_name_has_seen_them_all
    pages_within_a_scope_are_full
    a_replacement_is_one_entry
    a_key_belongs_to_one_name_for_ever
    a_serial_number_is_used_once
    a_request_is_answered_once
    revoking_is_final
    actors_come_and_go_but_one_admin_stays
    a_blocked_key_is_certified_no_more
    an_issue_that_races_with_a_block_never_comes_after_it
    issuer_ids_and_crl_numbers_never_repeat
    a_restored_log_goes_on_without_using_anything_again
    only_an_active_ca_issues_and_retired_is_for_ever
    a_requested_ca_keeps_its_id_and_class
    an_entry_happens_whole_or_not_at_all
    lists_are_filtered_and_paged
    pages_are_stable_beside_a_writer
    the_tree_covers_the_leaves
    every_leaf_and_every_older_tree_is_proved
    the_latest_time_holds_until_the_clock_is_confirmed
    of_many_at_once_one_gets_the_name
}
