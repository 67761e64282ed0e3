//! CRLs: which the router fetches, when, and what it makes of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcgen::{
    CertificateParams, CertificateRevocationListParams, CertifiedIssuer, CrlDistributionPoint,
    CrlIssuingDistributionPoint, DnType, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SerialNumber, date_time_ymd,
};
use routeros_sim::model::Model;
use routeros_sim::row::Row;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::rig::{Rig, key};

const PATIENCE: Duration = Duration::from_secs(60);

type Lists = Arc<Mutex<BTreeMap<String, (Vec<u8>, usize)>>>;

/// A web server with CRLs, which counts who asks for them.
struct Publisher {
    address: String,
    lists: Lists,
}

impl Publisher {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let lists = Lists::default();
        let own = Arc::clone(&lists);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut octets = [0; 1_024];
                let Ok(read) = stream.read(&mut octets).await else {
                    continue;
                };
                let head = String::from_utf8_lossy(&octets[..read]).into_owned();
                let name = head.split(['/', ' ']).nth(2).unwrap_or_default().to_owned();
                let body = own
                    .lock()
                    .expect("no test panicked")
                    .get_mut(&name)
                    .map(|one| {
                        one.1 += 1;
                        one.0.clone()
                    });
                let status = if body.is_some() {
                    "200 OK"
                } else {
                    "404 Not Found"
                };
                let body = body.unwrap_or_default();
                let head = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                let answer = [head.as_bytes(), &body].concat();
                // The router may have hung up.
                drop(stream.write_all(&answer).await);
            }
        });
        Self { address, lists }
    }

    fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    fn publish(&self, name: &str, der: Vec<u8>) {
        let mut lists = self.lists.lock().expect("no test panicked");
        lists.entry(name.to_owned()).or_default().0 = der;
    }

    fn asked(&self, name: &str) -> usize {
        self.lists.lock().expect("no test panicked")[name].1
    }
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str, above: Option<&Issuer>, urls: &[String]) -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.crl_distribution_points = points(urls);
    match above {
        None => CertifiedIssuer::self_signed(params, key()),
        Some(above) => CertifiedIssuer::signed_by(params, key(), above),
    }
    .expect("a CA")
}

fn points(urls: &[String]) -> Vec<CrlDistributionPoint> {
    let point = |url: &String| CrlDistributionPoint {
        uris: vec![url.clone()],
    };
    urls.iter().map(point).collect()
}

fn list(issuer: &Issuer, number: u64, revoked: &[u64], part: Option<&str>) -> Vec<u8> {
    let revoked = revoked.iter().map(|serial| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: date_time_ymd(2026, 1, 1),
        reason_code: None,
        invalidity_date: None,
    });
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 1, 1),
        next_update: date_time_ymd(2046, 1, 1),
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: part.map(|url| CrlIssuingDistributionPoint {
            distribution_point: CrlDistributionPoint {
                uris: vec![url.to_owned()],
            },
            scope: None,
        }),
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(issuer).expect("a CRL").der().to_vec()
}

/// Waits for a row of `/certificate/crl`.
async fn until(rig: &Rig, url: &str, wanted: impl Fn(&Row) -> bool) -> Row {
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < PATIENCE, "{url} in vain");
        let rows = rig.rows("/certificate/crl").await;
        if let Some(row) = rows
            .into_iter()
            .find(|row| row["url"] == url && wanted(row))
        {
            return row;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn is(row: &Row, field: &str) -> bool {
    matches!(row[field].as_str(), "true" | "yes")
}

/// Fails when: one of the three settings has another default.
#[tokio::test]
async fn facts_6_crls_are_off_by_default() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let row = rig.rows("/certificate/settings").await.remove(0);
        let no = if model.has_rest() { "false" } else { "no" };
        for (field, value) in [("crl-download", no), ("crl-use", no), ("crl-store", "ram")] {
            assert_eq!(row[field], value, "{} {field}", model.name());
        }
    }
}

/// Fails when: a field is missing, `revoked` is no count, or a list whose issuer is unknown is valid.
#[tokio::test]
async fn facts_6_a_row_shows_what_the_list_says() {
    let publisher = Publisher::new().await;
    let root = authority("Root", None, &[]);
    publisher.publish("a", list(&root, 7, &[5, 6], None));
    let url = publisher.url("a");
    for model in Model::ALL {
        let rig = Rig::start(model).await.with_file("root", &root.pem()).await;
        let add = format!("=url={url}");
        rig.ask(&["/certificate/crl/add", &add])
            .await
            .expect("a row");
        let row = until(&rig, &url, |row| row.contains_key("num")).await;
        assert!(is(&row, "invalid") && !is(&row, "dynamic"), "{row:?}");
        rig.import_file("root", "").await;
        let row = until(&rig, &url, |row| !is(row, "invalid")).await;
        for (field, value) in [("cert", "root_0"), ("num", "7"), ("revoked", "2")] {
            assert_eq!(row[field], value, "{} {field}", model.name());
        }
        for field in [
            "last-update",
            "next-update",
            "akid",
            "fingerprint",
            "signature",
        ] {
            assert!(!row[field].is_empty(), "{} {field}", model.name());
        }
        assert!(!is(&row, "expired"));
        rig.control("PUT", "/clock", &json!({ "offset-seconds": 800_000_000 }))
            .await;
        until(&rig, &url, |row| is(row, "expired")).await;
    }
}

/// Fails when: `R` stands for what this router revoked only, lists count that are not used, or one that another CA signed counts.
#[tokio::test]
async fn facts_4_a_list_in_use_revokes_a_row() {
    let publisher = Publisher::new().await;
    let (root, foreign) = (authority("Root", None, &[]), authority("Root", None, &[]));
    publisher.publish("own", list(&root, 1, &[9], None));
    publisher.publish("foreign", list(&foreign, 1, &[8, 9], None));
    let issued = |serial: u64| {
        let name = format!("{serial}.example");
        let mut params = CertificateParams::new(vec![name]).expect("a name");
        params.serial_number = Some(SerialNumber::from(serial));
        params.signed_by(&key(), &root).expect("a leaf").pem()
    };
    let chain = [issued(8), issued(9), root.pem()].concat();
    let cases = Model::ALL.map(|model| (model, "in-use"));
    for (model, assumed) in cases.into_iter().chain([(Model::V7_24, "held")]) {
        let rig = Rig::assuming(model, &[&format!("crl-flag={assumed}")]).await;
        let rig = rig.with_file("f", &chain).await;
        rig.import_file("f", "").await;
        for name in ["foreign", "own"] {
            let url = format!("=url={}", publisher.url(name));
            rig.ask(&["/certificate/crl/add", &url])
                .await
                .expect("a row");
            until(&rig, &publisher.url(name), |row| row.contains_key("num")).await;
        }
        for (uses, revoked) in [("no", assumed == "held"), ("yes", true)] {
            rig.paste(&format!("/certificate settings set crl-use={uses}"))
                .await;
            let day = rig.row("/certificate", "f_1").await.remove("revoked");
            let shown = format!("{} {assumed} crl-use={uses}", model.name());
            assert_eq!(day.is_some(), revoked, "{shown}");
            let form = match model > Model::V7_9 {
                true => "2026-01-01 00:00:00",
                false => "jan/01/2026 00:00:00",
            };
            assert!(day.is_none_or(|day| day == form), "{shown}");
            assert_eq!(rig.row("/certificate", "f_0").await.get("revoked"), None);
        }
    }
}

/// Fails when: a list is fetched with `crl-download=no`, before the hour is over, not after it, or for a certificate that is not trusted.
#[tokio::test]
async fn facts_6_lists_of_trusted_certificates_are_fetched_hourly() {
    let publisher = Publisher::new().await;
    for model in Model::ALL {
        let name = model.name();
        let url = publisher.url(name);
        let root = authority("Root", None, std::slice::from_ref(&url));
        publisher.publish(name, list(&root, 1, &[], None));
        let rig = Rig::start(model).await.with_file("root", &root.pem()).await;
        let refresh = Arc::clone(&rig.router);
        let refresh = tokio::spawn(async move { refresh.refresh_crls().await });
        rig.import_file("root", "").await;
        let row = until(&rig, &url, |row| is(row, "dynamic")).await;
        assert_eq!(row.get("num"), None, "crl-download is off");
        rig.paste("/certificate settings set crl-download=yes")
            .await;
        for (seconds, number) in [(3_700, 1), (3_600, 2)] {
            publisher.publish(name, list(&root, number, &[], None));
            rig.control("POST", "/time", &json!({ "seconds": seconds }))
                .await;
            until(&rig, &url, |row| {
                row.get("num") == Some(&number.to_string())
            })
            .await;
        }
        let asked = publisher.asked(name);
        rig.control("POST", "/time", &json!({ "seconds": 3_000 }))
            .await;
        rig.paste("/certificate crl download").await;
        assert_eq!(publisher.asked(name), asked + 1, "only what was asked for");
        rig.paste("/certificate crl flush").await;
        until(&rig, &url, |row| !row.contains_key("num")).await;
        rig.paste("/certificate set root_0 trusted=no").await;
        assert_eq!(rig.rows("/certificate/crl").await, Vec::<Row>::new());
        refresh.abort();
    }
}

/// Fails when: ldap or https is fetched, or a part of a list, a list of another issuer or none at all counts.
#[tokio::test]
async fn facts_6_lists_are_plain_whole_and_of_the_ca_itself() {
    let publisher = Publisher::new().await;
    let urls: Vec<String> = ["part", "foreign", "missing"]
        .into_iter()
        .map(|name| publisher.url(name))
        .chain(["https://127.0.0.1/x.crl", "ldap://127.0.0.1/x"].map(str::to_owned))
        .collect();
    let root = authority("Root", None, &urls);
    let foreign = authority("Root", None, &[]);
    publisher.publish("part", list(&root, 1, &[], Some(&urls[0])));
    publisher.publish("foreign", list(&foreign, 1, &[], None));
    for model in Model::ALL {
        for (assumed, rows) in [("crl-https=ignored", 3), ("crl-https=listed", 4)] {
            let rig = Rig::assuming(model, &[assumed]).await;
            let rig = rig.with_file("root", &root.pem()).await;
            rig.paste("/certificate settings set crl-download=yes")
                .await;
            rig.import_file("root", "").await;
            rig.paste("/certificate crl download").await;
            let found = rig.rows("/certificate/crl").await;
            assert_eq!(found.len(), rows, "{} {assumed}", model.name());
            assert!(found.iter().all(|row| is(row, "invalid")), "{found:?}");
        }
    }
}

/// Fails when: 7.16 downloads a list that memory has no room for, or 7.12 refuses it.
#[tokio::test]
async fn facts_6_short_memory_refuses_a_list_since_7_16() {
    let publisher = Publisher::new().await;
    let root = authority("Root", None, &[]);
    let revoked: Vec<u64> = (1..40).collect();
    publisher.publish("a", list(&root, 1, &revoked, None));
    let url = format!("=url={}", publisher.url("a"));
    for (model, assumed, free, kept) in [
        (Model::V6_49, "list", 500, true),
        (Model::V7_12, "list", 500, true),
        (Model::V7_16, "list", 500, false),
        (Model::V7_24, "list", 500, false),
        (Model::V7_24, "list", 100_000, true),
        (Model::V7_24, "reserve", 100_000, false),
        (Model::V7_24, "reserve", 9_000_000, true),
    ] {
        let assumed = format!("crl-short-memory={assumed}");
        let rig = Rig::assuming(model, &[&assumed]).await;
        rig.control("PUT", "/memory", &json!({ "free": free }))
            .await;
        let shown = &rig.rows("/system/resource").await[0]["free-memory"];
        assert_eq!(*shown, free.to_string());
        rig.ask(&["/certificate/crl/add", &url])
            .await
            .expect("a row");
        let row = rig.rows("/certificate/crl").await.remove(0);
        assert_eq!(
            row.contains_key("num"),
            kept,
            "{} {assumed} {free}",
            model.name()
        );
    }
}

/// Fails when: the list of one CA of the chain is enough, one that revokes is not asked, or `yes-without-crl` asks.
#[tokio::test]
async fn facts_6_crl_use_counts_for_every_ca_and_every_user_of_certificates() {
    let root = authority("Root", None, &[]);
    let issuing = authority("Issuing", Some(&root), &[]);
    let publisher = Publisher::new().await;
    publisher.publish("root", list(&root, 1, &[], None));
    publisher.publish("issuing", list(&issuing, 1, &[], None));
    let own = key();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    params.serial_number = Some(SerialNumber::from(9_u64));
    let leaf = params.signed_by(&own, &issuing).expect("a leaf");
    let chain = vec![leaf.der().clone(), issuing.der().clone()];
    let url = crate::trust::served(chain, &own).await;
    let store = root.pem() + &issuing.pem();
    for model in crate::facts::with_rest() {
        let rig = Rig::start(model).await.with_file("store", &store).await;
        rig.import_file("store", "").await;
        let fetch = async |check: &str| {
            let body = json!({ "url": url, "output": "user", "check-certificate": check });
            let body = body.to_string();
            rig.call("POST", "/rest/tool/fetch", &body).await.0 == 200
        };
        assert!(
            fetch("yes").await,
            "{}: nobody asks for lists",
            model.name()
        );
        rig.paste("/certificate settings set crl-use=yes").await;
        let add = async |name: &str| {
            let url = format!("=url={}", publisher.url(name));
            rig.ask(&["/certificate/crl/add", &url])
                .await
                .expect("a row");
        };
        assert!(!fetch("yes").await, "{}: no list", model.name());
        assert!(fetch("yes-without-crl").await);
        add("issuing").await;
        assert!(
            !fetch("yes").await,
            "{}: the root's is missing",
            model.name()
        );
        add("root").await;
        assert!(fetch("yes").await, "{}: both are there", model.name());
        publisher.publish("issuing", list(&issuing, 2, &[9], None));
        rig.paste("/certificate crl download").await;
        assert!(!fetch("yes").await, "{}: revoked", model.name());
        assert!(fetch("yes-without-crl").await);
        publisher.publish("issuing", list(&issuing, 1, &[], None));
    }
}
