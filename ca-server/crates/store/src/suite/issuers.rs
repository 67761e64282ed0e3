//! CAs: ids and CRL numbers, requests, states.

use std::sync::Arc;

use ca_types::{IssuerClass, IssuerState, TrustDomain};
use ca_verify::{Change, IssuerRequested, IssuerStateChanged};

use super::{accept, refuse};
use crate::CaStore;
use crate::fixture::{Leaf, crl, entry, founding, issuer, now, revoked, router_ca};

pub(crate) async fn issuer_ids_and_crl_numbers_never_repeat(store: Arc<dyn CaStore>) {
    refuse(&*store, entry([crl(1)]), "no issuer has id `router-2026-1`").await;
    refuse(
        &*store,
        Leaf::new("a.example", 1).entry(),
        "no issuer has id `router-2026-1`",
    )
    .await;
    accept(&*store, founding()).await;
    refuse(
        &*store,
        entry([issuer("router-2026-1", "main")]),
        "issuer id `router-2026-1` was used before",
    )
    .await;
    let not_higher =
        |number, last| format!("CRL number {number} of `router-2026-1` is not higher than {last}");
    refuse(&*store, entry([crl(0)]), &not_higher(0, 0)).await;
    let leaf = accept(&*store, entry([crl(5)])).await;
    refuse(&*store, entry([crl(5)]), &not_higher(5, 5)).await;
    refuse(&*store, entry([crl(7), crl(6)]), &not_higher(6, 7)).await;
    let last = store.last_crl(&router_ca()).await.unwrap().unwrap();
    assert_eq!((last.number, last.leaf), (5, leaf));
    // A new CA and its first certificate in one entry.
    let mut first = Leaf::new("a.example", 1);
    first.issuer = "router-2027-1".parse().unwrap();
    accept(
        &*store,
        entry([issuer("router-2027-1", "main"), first.change()]),
    )
    .await;
    let ids: Vec<String> = store
        .issuers()
        .await
        .unwrap()
        .iter()
        .map(|row| row.id.to_string())
        .collect();
    assert_eq!(ids, ["router-2026-1", "router-2027-1"]);
}

pub(crate) async fn only_an_active_ca_issues_and_retired_is_for_ever(store: Arc<dyn CaStore>) {
    let becomes = |state| {
        entry([Change::IssuerStateChanged(IssuerStateChanged {
            issuer: router_ca(),
            state,
        })])
    };
    let idle = |state| format!("`router-2026-1` is {state} and issues nothing");
    let cannot =
        |state, wanted| format!("`router-2026-1` is {state}, so it cannot become {wanted}");
    accept(&*store, founding()).await;
    refuse(
        &*store,
        becomes(IssuerState::Active),
        &cannot("active", "active"),
    )
    .await;
    accept(&*store, becomes(IssuerState::Inactive)).await;
    refuse(
        &*store,
        Leaf::new("a.example", 1).entry(),
        &idle("inactive"),
    )
    .await;
    accept(&*store, entry([crl(1)])).await;
    accept(&*store, becomes(IssuerState::Active)).await;
    accept(&*store, Leaf::new("a.example", 1).entry()).await;
    // The order inside one entry counts too.
    let [retired] = becomes(IssuerState::Retired).changes.try_into().unwrap();
    refuse(
        &*store,
        entry([retired, Leaf::new("b.example", 2).change()]),
        &idle("retired"),
    )
    .await;
    accept(&*store, becomes(IssuerState::Retired)).await;
    accept(&*store, entry([crl(2), revoked(1)])).await;
    for wanted in [IssuerState::Active, IssuerState::Inactive] {
        refuse(
            &*store,
            becomes(wanted),
            &cannot("retired", wanted.as_str()),
        )
        .await;
    }
    let rows = store.issuers().await.unwrap();
    assert_eq!(rows[0].state, IssuerState::Retired);
}

pub(crate) async fn a_requested_ca_keeps_its_id_and_class(store: Arc<dyn CaStore>) {
    let requested = |id: &str, class| {
        entry([Change::IssuerRequested(IssuerRequested {
            id: id.parse().unwrap(),
            class,
            trust_domain: TrustDomain::default(),
            request: vec![0x30, 0],
        })])
    };
    let used = |id: &str| format!("issuer id `{id}` was used before");
    accept(&*store, founding()).await;
    refuse(
        &*store,
        requested("router-2026-1", IssuerClass::Router),
        &used("router-2026-1"),
    )
    .await;
    accept(&*store, requested("router-2026-2", IssuerClass::Router)).await;
    accept(&*store, requested("vpn-2026-2", IssuerClass::VpnServer)).await;
    refuse(
        &*store,
        requested("router-2026-2", IssuerClass::Router),
        &used("router-2026-2"),
    )
    .await;
    // The answer of a ceremony for another class.
    refuse(
        &*store,
        entry([issuer("vpn-2026-2", "main")]),
        &used("vpn-2026-2"),
    )
    .await;
    accept(&*store, entry([issuer("router-2026-2", "main")])).await;
    refuse(
        &*store,
        entry([issuer("router-2026-2", "main")]),
        &used("router-2026-2"),
    )
    .await;
    // One that nobody wants any more keeps its id, and nothing else becomes of it.
    accept(&*store, requested("router-2026-3", IssuerClass::Router)).await;
    let becomes = |state| {
        entry([Change::IssuerStateChanged(IssuerStateChanged {
            issuer: "router-2026-3".parse().unwrap(),
            state,
        })])
    };
    let cannot =
        |state, wanted| format!("`router-2026-3` is {state}, so it cannot become {wanted}");
    for wanted in [IssuerState::Active, IssuerState::Inactive] {
        let refusal = cannot("requested", wanted.as_str());
        refuse(&*store, becomes(wanted), &refusal).await;
    }
    let [withdrawn] = becomes(IssuerState::Retired).changes.try_into().unwrap();
    let late = issuer("router-2026-3", "main");
    let gone = "the request for `router-2026-3` was withdrawn";
    refuse(&*store, entry([withdrawn, late.clone()]), gone).await;
    accept(&*store, becomes(IssuerState::Retired)).await;
    let twice = cannot("retired", "retired");
    refuse(&*store, becomes(IssuerState::Retired), &twice).await;
    refuse(&*store, entry([late]), gone).await;
    refuse(
        &*store,
        requested("router-2026-3", IssuerClass::Router),
        &used("router-2026-3"),
    )
    .await;
    let requests = store.issuer_requests().await.unwrap();
    let rows: Vec<(&str, bool)> = requests
        .iter()
        .map(|row| (row.id.as_str(), row.withdrawn))
        .collect();
    let expected = [
        ("router-2026-2", false),
        ("vpn-2026-2", false),
        ("router-2026-3", true),
    ];
    assert_eq!(rows, expected);
    assert_eq!(requests[0].requested, now());
}
