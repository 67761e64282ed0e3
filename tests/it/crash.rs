//! kill -9 under load: what was acknowledged is there afterwards, and nothing is there that nobody asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ca_proto::v1::{CertificateState, ListActorsRequest, actors_client::ActorsClient};
use ca_tests::{Algorithm, Api, Site, Strace, first_ca, run};
use ca_verify::{CertificateList, Checkpoint};
use tokio::sync::Notify;

use crate::books::Books;

mod load;

use load::Ledger;

/// CAs side by side: most of a round is waiting.
const CAS: u64 = 4;
/// Kills of each CA; `FLEET_CA_KILLS` in the environment asks for another number.
const ROUNDS: u32 = 50;
const WORKERS: u32 = 8;
/// A round is killed when so many changes at the most were acknowledged.
const MOST_CHANGES: u64 = 24;
/// In every so-manieth round each write to the log waits a while before it is done, and the kill comes with an answer.
const SLOW: u32 = 10;

#[test]
fn what_was_acknowledged_survives_kill_nine() {
    let rounds = std::env::var("FLEET_CA_KILLS").map_or(ROUNDS, |text| {
        text.parse().expect("FLEET_CA_KILLS is a number")
    });
    let counts = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..=CAS)
            .map(|seed| scope.spawn(move || kill_again_and_again(rounds, Dice(seed * 0x5eed_f1ee))))
            .collect();
        let mut counts = BTreeMap::<&str, u32>::new();
        for thread in threads {
            for (kind, count) in thread.join().expect("no CA loses anything") {
                *counts.entry(kind).or_default() += count;
            }
        }
        counts
    });
    println!("{CAS} CAs killed {rounds} times each: {counts:?}");
    for kind in ["issued", "rekeyed", "revoked", "added", "removed"] {
        assert!(counts.contains_key(kind), "nothing was {kind}");
    }
}

fn kill_again_and_again(rounds: u32, mut dice: Dice) -> BTreeMap<&'static str, u32> {
    let site = Site::new(Algorithm::P256);
    make_keys_cheap(&site);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the machine has threads");
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut server = site.serve();
    let before = Books::read(&site).listed.len();
    let segment = site.data().join("log/00000000000000000000.log");
    for round in 0..rounds {
        // A server that answers too early does so while its write waits.
        let slow = (round % SLOW == 0).then(|| {
            let calls = ["pwrite64:delay_enter=50000"];
            Strace::attach(&server, &[&segment], &calls, &site.path("calls"))
        });
        runtime.block_on(async {
            let workers = under_load(&site, &ledger, dice.below(MOST_CHANGES) + 1).await;
            if slow.is_none() {
                // Some kills come with the last answer, others in the middle of what follows it.
                tokio::time::sleep(Duration::from_micros(dice.below(4) * dice.below(5_000))).await;
            }
            server.kill();
            for worker in workers {
                worker.await.expect("no worker panics");
            }
        });
        drop(slow);
        let signed = std::fs::read_to_string(site.data().join("log/checkpoint"));
        server = site.serve();
        let signed = Checkpoint::from_note(&signed.expect("it was signed")).expect("a checkpoint");
        runtime.block_on(compare(&site, &locked(&ledger), round));
        runtime.block_on(repeat(&site, &ledger, round));
        let books = Books::read(&site);
        assert!(
            books.head.size >= signed.size,
            "round {round}: leaves that were signed are lost"
        );
        let ledger = locked(&ledger);
        assert_eq!(
            books.listed.len(),
            before + ledger.issued.len() + ledger.actors.len() + ledger.removed.len(),
            "round {round}: each request made one certificate"
        );
        assert!(
            books.listed.keys().eq(books.logged.keys()),
            "round {round}: the certificates are those of the log"
        );
    }
    server.terminate();
    site.server_command(&["audit", "verify"]).ok();
    locked(&ledger).counts.clone()
}

/// Sends changes until so many were acknowledged; the workers go on until the server is gone.
async fn under_load(
    site: &Site,
    ledger: &Arc<Mutex<Ledger>>,
    changes: u64,
) -> Vec<tokio::task::JoinHandle<()>> {
    let api = connect(site).await;
    let enough = Arc::new(Notify::new());
    let workers = (0..WORKERS)
        .map(|_worker| {
            let (api, ledger, enough) = (api.clone(), Arc::clone(ledger), Arc::clone(&enough));
            tokio::spawn(async move {
                loop {
                    let order = locked(&ledger).next();
                    let answer = order.send(&api).await;
                    let mut ledger = locked(&ledger);
                    let Ok(serial) = answer else {
                        ledger.under_way.push(order);
                        enough.notify_one();
                        return;
                    };
                    ledger.book(order, serial);
                    if u64::try_from(ledger.answered.len()).is_ok_and(|count| count >= changes) {
                        enough.notify_one();
                    }
                }
            })
        })
        .collect();
    enough.notified().await;
    let ledger = locked(ledger);
    assert!(
        ledger.under_way.is_empty(),
        "refused before the kill: {:?}",
        ledger.under_way
    );
    workers
}

/// Everything that was acknowledged is there, on the CRL too.
async fn compare(site: &Site, ledger: &Ledger, round: u32) {
    let crl = CertificateList::from_der(&site.crl(&first_ca("router"))).expect("a CRL");
    let on_crl: BTreeSet<String> = crl
        .entries()
        .map(|entry| {
            let serial = ca_types::SerialNumber::from_der_octets(entry.serial);
            serial.expect("a serial number").to_string()
        })
        .collect();
    assert!(
        ledger.revoked.is_subset(&on_crl),
        "round {round}: a revocation is not on the CRL"
    );
    let listed = Books::list(site).await;
    for (serial, name) in &ledger.issued {
        let row = listed
            .get(serial)
            .unwrap_or_else(|| panic!("round {round}: {name} is lost"));
        assert_eq!(row.name, *name);
    }
    let credentials = ledger.removed.values();
    for serial in ledger.revoked.iter().chain(credentials) {
        let row = &listed[serial];
        assert_eq!(
            row.state,
            i32::from(CertificateState::Revoked),
            "round {round}: the revocation of {} is lost",
            row.name
        );
    }
    let mut actors = ActorsClient::new(connect(site).await.channel());
    let answer = actors.list_actors(ListActorsRequest {}).await;
    let actors = answer.expect("the server answers").into_inner().actors;
    let actors: BTreeSet<String> = actors.into_iter().map(|actor| actor.name).collect();
    let lost: Vec<_> = ledger.actors.difference(&actors).collect();
    // What was under way at the kill may have removed one of them.
    let removing = ledger.under_way.iter().filter_map(|order| match order {
        load::Order::Remove(request) => Some(&request.name),
        _ => None,
    });
    let removing: BTreeSet<_> = removing.collect();
    assert!(
        lost.iter().all(|name| removing.contains(*name)),
        "round {round}: {lost:?}"
    );
    assert!(
        ledger.removed.keys().all(|name| !actors.contains(name)),
        "round {round}: an actor is back"
    );
}

/// Sends again what was answered last and what was not: it has happened once, or happens now.
async fn repeat(site: &Site, ledger: &Mutex<Ledger>, round: u32) {
    let api = connect(site).await;
    let (answered, under_way) = {
        let mut ledger = locked(ledger);
        (
            std::mem::take(&mut ledger.answered),
            std::mem::take(&mut ledger.under_way),
        )
    };
    for (order, serial) in answered.iter().rev().take(3) {
        let again = order.send(&api).await;
        let again = again.unwrap_or_else(|error| panic!("round {round}: {order:?}: {error}"));
        assert_eq!(again, *serial, "round {round}: another answer to {order:?}");
    }
    for order in under_way {
        let answer = order.send(&api).await;
        let serial = answer.unwrap_or_else(|error| panic!("round {round}: {order:?}: {error}"));
        locked(ledger).book(order, serial);
    }
    locked(ledger).answered.clear();
}

async fn connect(site: &Site) -> Api {
    Api::connect(&site.data().join("admin"), site.ports().grpc)
        .await
        .expect("the admin is let in")
}

fn locked(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Encrypts the keys anew with few rounds, so that a start costs little.
pub(crate) fn make_keys_cheap(site: &Site) {
    for entry in std::fs::read_dir(site.data().join("keys")).expect("it is a directory") {
        let file = entry.expect("it is readable").path();
        let cheap = site.path("cheap.key");
        let pass = format!("file:{}", site.passphrase().display());
        let plain = site.path("plain.key");
        let mut open = Command::new("openssl");
        open.args(["pkey", "-passin", &pass, "-in"])
            .arg(&file)
            .arg("-out")
            .arg(&plain);
        run(&mut open).ok();
        let mut close = Command::new("openssl");
        close
            .args([
                "pkcs8",
                "-topk8",
                "-v2",
                "aes-256-cbc",
                "-v2prf",
                "hmacWithSHA256",
            ])
            .args(["-iter", "1000", "-passout", &pass, "-in"])
            .arg(&plain)
            .arg("-out")
            .arg(&cheap);
        run(&mut close).ok();
        std::fs::rename(cheap, file).expect("the test directory is writable");
    }
}

/// Numbers that are the same in every run.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }
}
