//! What OpenSSL and curl see of the services with TLS.

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use routeros_sim::model::Model;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::process::Command;

use crate::api::Client;
use crate::rig::{Authority, Rig, rsa_key};

const NAME: &str = "router.example";
const PATIENCE: Duration = Duration::from_secs(60);

/// A CA, and certificates for one router.
struct Issued {
    authority: Authority,
    first: (String, KeyPair),
    second: (String, KeyPair),
    /// The key of the second, with a certificate of later.
    renewed: String,
}

impl Issued {
    fn new() -> Self {
        let authority = Authority::new();
        let (one, two) = (rsa_key(), rsa_key());
        Self {
            first: (authority.leaf(NAME, &one), one),
            renewed: authority.leaf(NAME, &two),
            second: (authority.leaf(NAME, &two), two),
            authority,
        }
    }

    /// A router that has files for everything, and what they are called.
    async fn rig(&self, model: Model, assumed: &[&str]) -> Rig {
        let chain = format!("{}{}", self.authority.intermediate, self.authority.root);
        let with_key = |(leaf, key): &(String, KeyPair)| format!("{leaf}{}", key.serialize_pem());
        let mut rig = Rig::assuming(model, assumed).await;
        for (name, contents) in [
            ("chain", chain.as_str()),
            ("first", &with_key(&self.first)),
            ("second", &with_key(&self.second)),
            ("renewed", &self.renewed),
            ("issuing", &self.authority.intermediate),
        ] {
            rig = rig.with_file(name, contents).await;
        }
        rig
    }
}

async fn import(rig: &Rig, file: &str) {
    let script = format!("/certificate import file-name={file} passphrase=\"\"");
    rig.paste(&script).await;
}

#[tokio::test]
async fn openssl_and_curl_see_exactly_the_bound_chain_after_each_change() {
    let issued = Issued::new();
    let issuing = issued.authority.intermediate.as_str();
    let (first, second) = (issued.first.0.as_str(), issued.second.0.as_str());
    for model in Model::ALL {
        let rig = issued.rig(model, &[]).await;
        for file in ["chain", "first", "second"] {
            import(&rig, file).await;
        }
        sees(&rig, &issued, &[]).await;
        for (change, chain) in [
            (&bind("first_0")[..], &[first, issuing][..]),
            (&bind("second_0"), &[second, issuing]),
            ("/certificate set second_0 name=own", &[second, issuing]),
            ("/certificate remove chain_0", &[second]),
            (
                "/certificate import file-name=issuing passphrase=\"\"",
                &[second, issuing],
            ),
            // The same key: the row is the old one, and nothing is bound again.
            (
                "/certificate import file-name=renewed passphrase=\"\"",
                &[&issued.renewed, issuing],
            ),
            ("/certificate remove own", &[]),
            (&bind("first_0"), &[first, issuing]),
            (&bind("none"), &[]),
        ] {
            rig.paste(change).await;
            sees(&rig, &issued, chain).await;
        }
    }
}

/// Binds a certificate to all services of the version that have one.
fn bind(name: &str) -> String {
    ["api-ssl", "www-ssl"]
        .map(|service| format!("/ip service set {service} certificate={name}\n"))
        .concat()
}

#[track_caller]
pub(crate) fn der(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .expect("PEM")
}

/// OpenSSL asks `api-ssl`, and curl `www-ssl` where there is REST.
async fn sees(rig: &Rig, issued: &Issued, chain: &[&str]) {
    let expected = der(&chain.concat());
    let model = rig.model();
    let run = s_client(rig.api_ssl, "-tls1_2", &["-showcerts"]).await;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert_eq!(der(&text), expected, "{model:?} {chain:?} {text}");
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(said.contains("alert number 40"), chain.is_empty(), "{said}");
    if model.has_rest() {
        curl(rig, issued, &expected).await;
    }
}

/// curl reaches REST when the chain leads to the root that it knows.
async fn curl(rig: &Rig, issued: &Issued, expected: &[CertificateDer<'static>]) {
    let folder = tempfile::tempdir().expect("a directory");
    let root = folder.path().join("root.pem");
    std::fs::write(&root, &issued.authority.root).expect("the directory is writable");
    let port = rig.rest.port();
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--tls-max", "1.2", "--user", "admin:secret"])
        .args(["--write-out", "%{certs}", "--output", "/dev/null"])
        .args(["--resolve", &format!("{NAME}:{port}:127.0.0.1")])
        .arg("--cacert")
        .arg(root)
        .arg(format!("https://{NAME}:{port}/rest/system/identity"));
    let run = run(command).await;
    let code = match expected.len() {
        0 => 35, // no handshake
        1 => 60, // nothing leads to the root
        _ => 0,
    };
    assert_eq!(run.status.code(), Some(code), "{run:?}");
    if code == 0 {
        let seen = der(&String::from_utf8_lossy(&run.stdout));
        assert_eq!(seen, expected);
    }
}

/// Fails when: the router leaves out what its clock says is not valid, and OpenSSL sees no certificate.
#[tokio::test]
async fn a_certificate_out_of_its_time_is_served_and_the_client_says_so() {
    let own = rsa_key();
    let made = |first: i32, last: i32| {
        let mut params = CertificateParams::new(vec![NAME.to_owned()]).expect("a name");
        params
            .distinguished_name
            .push(DnType::CommonName, last.to_string());
        params.not_before = date_time_ymd(first, 1, 1);
        params.not_after = date_time_ymd(last, 1, 1);
        params.self_signed(&own).expect("a certificate").pem()
    };
    let (old, unborn) = (made(2020, 2021), made(2090, 2091));
    let file = [old.as_str(), &unborn, &own.serialize_pem()].concat();
    for model in Model::ALL {
        let rig = Rig::start(model).await.with_file("f", &file).await;
        import(&rig, "f").await;
        for (name, pem, said) in [
            ("f_0", &old, "num=10:certificate has expired"),
            ("f_1", &unborn, "num=9:certificate is not yet valid"),
        ] {
            rig.paste(&format!("/ip service set api-ssl certificate={name}"))
                .await;
            let run = s_client(rig.api_ssl, "-tls1_2", &["-showcerts"]).await;
            let text = String::from_utf8_lossy(&run.stdout).into_owned();
            assert_eq!(der(&text), der(pem), "{} {name}", model.name());
            let told = String::from_utf8_lossy(&run.stderr);
            assert!(told.contains(said), "{}: {told}", model.name());
        }
    }
}

/// Fails when: api-ssl refuses anonymous suites, or the log says nothing of the others.
#[tokio::test]
async fn facts_2_9_api_ssl_without_a_certificate_is_anonymous_only() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let run = s_client(rig.api_ssl, "-tls1_2", &[]).await;
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(said.contains("alert number 40"), "{said}");
        let mut logged = String::new();
        let begun = Instant::now();
        while !logged.contains("ssl: no common ciphers") {
            assert!(begun.elapsed() < PATIENCE, "{}: {logged}", model.name());
            tokio::time::sleep(Duration::from_millis(10)).await;
            logged = rig.paste("/log print").await;
        }

        let anonymous = "ADH-AES256-GCM-SHA384:@SECLEVEL=0";
        let words = ["-quiet", "-cipher", anonymous];
        let mut command = client(rig.api_ssl, "-tls1_2", &words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().expect(MISSING);
        let input = child.stdin.take().expect("a pipe");
        let output = child.stdout.take().expect("a pipe");
        let mut client = Client::over(tokio::io::join(output, input));
        client.log_in().await;
        let answer = client.talk(&["/system/identity/print"]).await;
        assert!(answer[0].contains(&"=name=r1".to_owned()), "{answer:?}");
        // The answer comes whole, though the router hangs up behind it.
        let last = client.talk(&["/quit"]).await;
        assert_eq!(last[0][0], "!fatal");
    }
}

/// Fails when: 6.49 always has ECDHE.
#[tokio::test]
async fn facts_7b_a_6_49_with_dhe_rsa_speaks_nothing_else() {
    let issued = Issued::new();
    let suites = ["DHE-RSA-AES256-GCM-SHA384", "ECDHE+AESGCM"];
    for (assumed, serves) in [("dhe-rsa", [true, false]), ("ecdhe", [false, true])] {
        let assumed = format!("v6-tls={assumed}");
        let rig = issued.rig(Model::V6_49, &[&assumed]).await;
        import(&rig, "chain").await;
        import(&rig, "first").await;
        rig.paste("/ip service set api-ssl certificate=first_0")
            .await;
        for (suite, served) in suites.into_iter().zip(serves) {
            let words = ["-showcerts", "-cipher", suite];
            let run = s_client(rig.api_ssl, "-tls1_2", &words).await;
            let text = String::from_utf8_lossy(&run.stdout).into_owned();
            let expected = if served {
                der(&format!(
                    "{}{}",
                    issued.first.0, issued.authority.intermediate
                ))
            } else {
                Vec::new()
            };
            assert_eq!(der(&text), expected, "{assumed} {suite} {text}");
        }
    }
}

pub(crate) async fn s_client(door: SocketAddr, version: &str, words: &[&str]) -> Output {
    run(client(door, version, words)).await
}

fn client(door: SocketAddr, version: &str, words: &[&str]) -> Command {
    let mut command = Command::new("openssl");
    command
        .args(["s_client", "-connect", &door.to_string(), version])
        .args(words);
    command
}

async fn run(mut command: Command) -> Output {
    command.stdin(Stdio::null()).output().await.expect(MISSING)
}

const MISSING: &str = "`apt-get install -y openssl curl`, or `cargo xtask packages`";
