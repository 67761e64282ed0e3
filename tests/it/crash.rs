//! kill -9 under load: what was acknowledged is there afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use ca_proto::v1::{CertificateState, RevokeRequest, revoke_request};
use ca_tests::{Algorithm, Api, Key, Site, request_id};

use crate::books::Books;

const ROUNDS: u32 = 20;
const WORKERS: u32 = 8;

/// What the server acknowledged.
#[derive(Debug, Default)]
struct Acknowledged {
    /// Serial numbers and their names.
    issued: BTreeMap<String, String>,
    revoked: BTreeSet<String>,
}

#[test]
fn what_was_acknowledged_survives_kill_nine() {
    let site = Site::new(Algorithm::P256);
    let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
    let next_name = Arc::new(AtomicU32::new(0));
    let mut moments = Moments(0x5eed_f1ee);
    for round in 0..ROUNDS {
        let server = site.serve();
        let runtime = tokio::runtime::Runtime::new().expect("the machine has threads");
        let workers: Vec<_> = (0..WORKERS)
            .map(|_worker| {
                runtime.spawn(load(
                    site.data().join("admin"),
                    site.ports().grpc,
                    Arc::clone(&acknowledged),
                    Arc::clone(&next_name),
                ))
            })
            .collect();
        thread::sleep(moments.next());
        server.kill();
        runtime.block_on(async {
            for worker in workers {
                worker.await.expect("no worker panics");
            }
        });
        let server = site.serve();
        compare(&site, &acknowledged, round);
        server.terminate();
    }
    let acknowledged = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{ROUNDS} kills: {} certificates and {} revocations acknowledged, none lost",
        acknowledged.issued.len(),
        acknowledged.revoked.len()
    );
    assert!(acknowledged.issued.len() > 100, "there was hardly any load");
    assert!(acknowledged.revoked.len() > 10, "there was hardly any load");
}

/// Issues, and revokes every fourth, until the server is gone.
async fn load(
    admin: std::path::PathBuf,
    port: u16,
    acknowledged: Arc<Mutex<Acknowledged>>,
    next_name: Arc<AtomicU32>,
) {
    let Ok(api) = Api::connect(&admin, port).await else {
        return;
    };
    let mut authority = api.authority();
    loop {
        let number = next_name.fetch_add(1, Ordering::Relaxed);
        let name = format!("router-{number}.example.net");
        let request = Key::new().issue_request("router", &name);
        let Ok(issued) = authority.issue(request).await else {
            return;
        };
        let serial = issued
            .into_inner()
            .certificate
            .expect("a certificate")
            .serial;
        acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .issued
            .insert(serial.clone(), name);
        if !number.is_multiple_of(4) {
            continue;
        }
        let request = RevokeRequest {
            request_id: request_id(),
            target: Some(revoke_request::Target::Serial(serial.clone())),
            reason: 0,
        };
        let Ok(_revoked) = authority.revoke(request).await else {
            return;
        };
        acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .revoked
            .insert(serial);
    }
}

fn compare(site: &Site, acknowledged: &Mutex<Acknowledged>, round: u32) {
    let books = Books::read(site);
    assert_eq!(
        books.listed.keys().collect::<BTreeSet<_>>(),
        books.logged.keys().collect::<BTreeSet<_>>(),
        "round {round}: the certificates are those of the log"
    );
    let acknowledged = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
    for (serial, name) in &acknowledged.issued {
        let row = books
            .listed
            .get(serial)
            .unwrap_or_else(|| panic!("round {round}: {name} is lost"));
        assert_eq!(row.name, *name);
    }
    for serial in &acknowledged.revoked {
        let row = &books.listed[serial];
        assert_eq!(
            row.state,
            CertificateState::Revoked as i32,
            "round {round}: the revocation of {} is lost",
            row.name
        );
    }
}

/// Times from 20 to 420 ms, the same in every run.
#[derive(Debug)]
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> Duration {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        Duration::from_millis(20 + self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % 400)
    }
}
