//! SSTP: who gets through TLS, and what a call comes to.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use aws_lc_rs::{digest, hmac};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SerialNumber, date_time_ymd,
};
use routeros_sim::model::Model;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Join};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::rig::{Rig, key, rsa_key};

const SERVER: &str = "sstp.example";

/// A CA with a gateway and clients, in files as OpenSSL reads them.
struct Ground {
    folder: TempDir,
    root: String,
    /// Another CA of the name of the first.
    twin: String,
    gateway: String,
    gateway_der: Vec<u8>,
    crl: Vec<u8>,
}

impl Ground {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("the directory is writable");
        };
        let issuer = authority("SSTP CA");
        let stranger = authority("SSTP CA");
        let gateway_key = rsa_key();
        let gateway = certificate(SERVER, 1, &gateway_key, &issuer);
        for (name, serial, signer) in [
            ("good", 2_u8, &issuer),
            ("revoked", 3, &issuer),
            ("foreign", 2, &stranger),
            ("expired", 4, &issuer),
            ("not-yet", 6, &issuer),
            ("gateway-only", 5, &issuer),
        ] {
            let key = key();
            let own = certificate(name, serial, &key, signer).pem() + &key.serialize_pem();
            write(name, &own);
        }
        write("root", &issuer.pem());
        let revoked = RevokedCertParams {
            serial_number: SerialNumber::from(vec![3]),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let crl = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(2099, 1, 1),
            crl_number: SerialNumber::from(vec![1]),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let crl = crl.signed_by(&issuer).expect("a CRL");
        Self {
            root: issuer.pem(),
            twin: stranger.pem(),
            gateway_der: gateway.der().to_vec(),
            gateway: gateway.pem() + &gateway_key.serialize_pem(),
            crl: crl.der().to_vec(),
            folder,
        }
    }

    /// A router whose SSTP server is on, with the certificate of the gateway.
    async fn rig(&self, model: Model, settings: &str) -> Rig {
        let rig = Rig::start(model).await;
        let rig = rig.with_file("root", &self.root).await;
        let rig = rig.with_file("gateway", &self.gateway).await;
        let rig = rig.with_file("twin", &self.twin).await;
        let rig = rig.with_crl(&self.crl).await;
        rig.paste(&format!(
            "/certificate import file-name=root passphrase=\"\"
            /certificate import file-name=gateway passphrase=\"\"
            /certificate import file-name=twin passphrase=\"\"
            /interface sstp-server server set enabled=yes certificate=gateway_0 {settings}"
        ))
        .await;
        rig
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, key()).expect("a CA")
}

fn certificate(
    name: &str,
    serial: u8,
    key: &KeyPair,
    issuer: &CertifiedIssuer<'static, KeyPair>,
) -> rcgen::Certificate {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.serial_number = Some(SerialNumber::from(vec![serial]));
    // By this OpenSSL would tell two CAs of one name apart.
    params.use_authority_key_identifier_extension = true;
    if name == "expired" {
        params.not_after = date_time_ymd(2024, 1, 1);
    }
    if name == "not-yet" {
        params.not_before = date_time_ymd(2090, 1, 1);
    }
    if name == "gateway-only" {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    }
    params.signed_by(key, issuer).expect("a certificate")
}

/// A caller behind `openssl s_client`.
struct Caller {
    stream: Join<ChildStdout, ChildStdin>,
    _openssl: Child,
}

impl Caller {
    fn dial(rig: &Rig, ground: &Ground, words: &[&str]) -> Self {
        let mut command = Command::new("openssl");
        command
            .args(["s_client", "-quiet", "-tls1_2", "-CAfile", "root"])
            .args(["-verify_return_error", "-verify_hostname", SERVER])
            .args(["-connect", &rig.sstp.to_string()])
            .args(words)
            .current_dir(ground.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let mut openssl = command
            .spawn()
            .expect("`apt-get install -y openssl`, or `cargo xtask packages`");
        let output = openssl.stdout.take().expect("a pipe");
        let input = openssl.stdin.take().expect("a pipe");
        Self {
            stream: tokio::io::join(output, input),
            _openssl: openssl,
        }
    }

    /// Asks for a call; returns the nonce of `CALL_CONNECT_ACK`, or nothing when it was refused.
    async fn call(&mut self) -> Option<[u8; 32]> {
        let head = "SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r\n\
                    Host: sstp.example\r\nContent-Length: 18446744073709551615\r\n\r\n";
        self.send(head.as_bytes()).await?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(self.stream.read_u8().await.ok()?);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{answer:?}");
        self.send(&[0x10, 1, 0, 14, 0, 1, 0, 1, 0, 1, 0, 6, 0, 1])
            .await?;
        let acknowledged = self.packet().await?;
        let (head, nonce) = acknowledged.split_at(16);
        // CALL_CONNECT_ACK, with SHA-1 and SHA-256 to choose from.
        assert_eq!(head, [0x10, 1, 0, 48, 0, 2, 0, 1, 0, 4, 0, 40, 0, 0, 0, 3]);
        nonce.try_into().ok()
    }

    async fn send(&mut self, octets: &[u8]) -> Option<()> {
        self.stream.write_all(octets).await.ok()?;
        self.stream.flush().await.ok()
    }

    /// Reads a packet; nothing when the router hung up.
    async fn packet(&mut self) -> Option<Vec<u8>> {
        let mut packet = vec![0; 4];
        self.stream.read_exact(&mut packet).await.ok()?;
        packet.resize(
            usize::from(packet[2] & 0xF) << 8 | usize::from(packet[3]),
            0,
        );
        self.stream.read_exact(&mut packet[4..]).await.ok()?;
        Some(packet)
    }

    async fn frame(&mut self, protocol: u16, code: u8, id: u8, data: &[u8]) {
        let length = u16::try_from(data.len()).expect("short");
        let mut octets = vec![0x10, 0];
        octets.extend((length + 12).to_be_bytes());
        octets.extend([0xFF, 3]);
        octets.extend(protocol.to_be_bytes());
        octets.extend([code, id]);
        octets.extend((length + 4).to_be_bytes());
        octets.extend(data);
        self.send(&octets).await.expect("the router listens");
    }

    /// Waits for a frame of PPP with a protocol and a code.
    async fn hears(&mut self, protocol: u16, code: u8) -> Vec<u8> {
        loop {
            let packet = self.packet().await.expect("the router speaks");
            let [high, low] = protocol.to_be_bytes();
            if packet[1] == 0 && packet[6..9] == [high, low, code] {
                return packet;
            }
        }
    }

    /// Logs in with PAP; true when the router lets it in.
    async fn log_in(&mut self, name: &str, password: &str) -> bool {
        let wants = self.hears(LCP, 1).await;
        assert!(wants.windows(4).any(|option| option == [3, 4, 0xC0, 0x23]));
        self.frame(LCP, 2, wants[9], &wants[12..]).await;
        self.frame(LCP, 1, 5, &[1, 4, 5, 220]).await;
        self.hears(LCP, 2).await;
        let mut data = Vec::new();
        for part in [name, password] {
            data.push(u8::try_from(part.len()).expect("short"));
            data.extend(part.as_bytes());
        }
        self.frame(PAP, 1, 1, &data).await;
        loop {
            let packet = self.packet().await.expect("the router speaks");
            if packet[6..8] == PAP.to_be_bytes() {
                return packet[8] == 2;
            }
        }
    }

    /// Sends `CALL_CONNECTED`, with what binds the login to the handshake.
    async fn bind(&mut self, nonce: [u8; 32], certificate: &[u8]) {
        let mut packet = vec![0x10, 1, 0, 112, 0, 4, 0, 1, 0, 3, 0, 104, 0, 0, 0, 2];
        packet.extend(nonce);
        packet.extend(digest::digest(&digest::SHA256, certificate).as_ref());
        let seed = b"SSTP inner method derived CMK\x20\x00\x01";
        let none = hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]);
        let key = hmac::sign(&none, seed);
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
        let mac = hmac::sign(&key, &[packet.as_slice(), &[0; 32]].concat());
        packet.extend(mac.as_ref());
        self.send(&packet).await.expect("the router listens");
    }
}

const LCP: u16 = 0xC021;
const PAP: u16 = 0xC023;
const IPCP: u16 = 0x8021;

const STATIC_RSA: &str = "AES256-SHA";

/// Fails when: a list is never asked, nobody is asked for a certificate, everybody is, or the second CA of a name counts.
#[tokio::test]
async fn facts_7_sstp_lets_in_whom_its_store_vouches_for() {
    let ground = Ground::new();
    for (model, suite, settings) in [
        (Model::V6_49, STATIC_RSA, ""),
        (Model::V7_24, STATIC_RSA, ""),
        (
            Model::V7_24,
            "ECDHE-RSA-AES256-GCM-SHA384",
            "pfs=required ciphers=aes256-gcm-sha384",
        ),
    ] {
        let rig = ground.rig(model, settings).await;
        for (wishes, client, let_in) in [
            ("verify-client-certificate=no", None, true),
            ("verify-client-certificate=yes", Some("good"), true),
            ("verify-client-certificate=yes", None, false),
            // Its CA is in the store too, behind another one of its name.
            ("verify-client-certificate=yes", Some("foreign"), false),
            ("verify-client-certificate=yes", Some("expired"), false),
            ("verify-client-certificate=yes", Some("not-yet"), false),
            ("verify-client-certificate=yes", Some("gateway-only"), false),
            // Nobody looks at the list.
            ("verify-client-certificate=yes", Some("revoked"), true),
            ("crl-use", Some("revoked"), false),
            ("crl-use", Some("good"), true),
        ] {
            let (wishes, use_crls) = match wishes {
                "crl-use" => ("verify-client-certificate=yes", "yes"),
                other => (other, "no"),
            };
            rig.paste(&format!(
                "/certificate settings set crl-use={use_crls}
                /interface sstp-server server set {wishes}"
            ))
            .await;
            let mut words = vec!["-cipher", suite];
            words.extend(client.iter().flat_map(|name| ["-cert", name, "-key", name]));
            let called = Caller::dial(&rig, &ground, &words).call().await;
            assert_eq!(called.is_some(), let_in, "{model:?} {wishes} {client:?}");
        }
    }
}

/// Fails when: the scopes of the CA are not looked at.
#[tokio::test]
async fn facts_7_sstp_trusts_what_the_store_trusts_for_it() {
    let ground = Ground::new();
    let rig = ground
        .rig(Model::V7_24, "verify-client-certificate=yes")
        .await;
    for (scopes, let_in) in [("www,ipsec", false), ("www,sstp", true)] {
        rig.paste(&format!("/certificate set root_0 trust-store={scopes}"))
            .await;
        let words = ["-cert", "good", "-key", "good", "-cipher", STATIC_RSA];
        let called = Caller::dial(&rig, &ground, &words).call().await;
        assert_eq!(called.is_some(), let_in, "{scopes}");
    }
}

/// Fails when: pfs changes nothing.
#[tokio::test]
async fn facts_7b_sstp_speaks_the_suites_that_are_set() {
    let ground = Ground::new();
    let rig = ground.rig(Model::V7_24, "").await;
    for (settings, suite, spoken) in [
        ("pfs=no", STATIC_RSA, true),
        ("pfs=no", "ECDHE+AES", false),
        ("pfs=yes", STATIC_RSA, true),
        ("pfs=yes", "ECDHE+AES", true),
        ("pfs=required", STATIC_RSA, false),
        ("pfs=no", "AES256-GCM-SHA384", false),
        ("ciphers=aes256-gcm-sha384", "AES256-GCM-SHA384", true),
        ("enabled=no", "AES256-GCM-SHA384", false),
    ] {
        rig.paste(&format!("/interface sstp-server server set {settings}"))
            .await;
        let called = Caller::dial(&rig, &ground, &["-cipher", suite])
            .call()
            .await;
        assert_eq!(called.is_some(), spoken, "{settings} {suite}");
    }
}

#[tokio::test]
async fn a_call_is_a_session_when_login_and_binding_are_right() {
    let ground = Ground::new();
    for model in [Model::V6_49, Model::V7_24] {
        let rig = ground.rig(model, "").await;
        rig.paste(
            "/ppp secret add name=anna password=\"two words\" service=sstp \
             local-address=10.9.0.1 remote-address=10.9.0.2
            /ppp secret add name=other password=x service=l2tp",
        )
        .await;
        for (name, password) in [("anna", "guessed"), ("other", "x"), ("nobody", "")] {
            let mut caller = Caller::dial(&rig, &ground, &[]);
            caller.call().await.expect("a call");
            assert!(!caller.log_in(name, password).await, "{name}");
            while caller.packet().await.is_some() {}
        }

        let mut caller = Caller::dial(&rig, &ground, &[]);
        let nonce = caller.call().await.expect("a call");
        assert!(caller.log_in("anna", "two words").await);
        caller.bind(nonce, b"another certificate").await;
        let mut last = Vec::new();
        while let Some(packet) = caller.packet().await {
            last = packet;
        }
        assert_eq!(last[4..6], [0, 5], "CALL_ABORT: {last:?}");
        assert_eq!(rig.paste("/ppp active print").await, "");

        let mut caller = Caller::dial(&rig, &ground, &[]);
        let nonce = caller.call().await.expect("a call");
        assert!(caller.log_in("anna", "two words").await);
        caller.bind(nonce, &ground.gateway_der).await;
        caller.frame(IPCP, 1, 1, &[3, 6, 0, 0, 0, 0]).await;
        let given = caller.hears(IPCP, 3).await;
        assert_eq!(given[12..], [3, 6, 10, 9, 0, 2]);
        caller
            .send(&[0x10, 1, 0, 8, 0, 8, 0, 0])
            .await
            .expect("open");
        let echo = caller.packet().await.expect("an answer");
        assert_eq!(echo[4..6], [0, 9]);
        let row = rig.paste("/ppp active print").await;
        for part in [
            "name=anna",
            "service=sstp",
            "caller-id=127.0.0.1",
            "address=10.9.0.2",
        ] {
            assert!(row.contains(part), "no {part}: {row}");
        }
        rig.paste("/ppp active remove [find name=anna]").await;
        let farewell = caller.packet().await.expect("a farewell");
        assert_eq!(farewell[4..6], [0, 6], "CALL_DISCONNECT");
        assert_eq!(caller.packet().await, None);
        assert_eq!(rig.paste("/ppp active print").await, "");
    }
}

/// The client of Debian, up to where it wants `pppd` and a kernel that has PPP.
#[tokio::test]
async fn sstpc_connects() {
    let ground = Ground::new();
    for (model, settings) in [
        (Model::V6_49, ""),
        (Model::V7_24, ""),
        (Model::V7_24, "pfs=required ciphers=aes256-gcm-sha384"),
    ] {
        let rig = ground.rig(model, settings).await;
        let mut command = Command::new("/usr/sbin/sstpc");
        command
            .args(["--log-level", "5", "--log-stderr", "--ca-cert", "root"])
            .args(["--user", "u", "--password", "p"])
            .arg(rig.sstp.to_string())
            .args(["nodetach", "noauth"])
            .current_dir(ground.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut client = command
            .spawn()
            .expect("`apt-get install -y sstp-client`, or `cargo xtask packages`");
        let mut errors = client.stderr.take().expect("a pipe");
        let mut log = String::new();
        let read = async {
            let mut some = [0; 512];
            while !log.contains("CONNECT ACK") {
                let length = errors.read(&mut some).await.expect("a pipe");
                assert_ne!(length, 0, "{model:?}: {log}");
                log.push_str(&String::from_utf8_lossy(&some[..length]));
            }
        };
        let within = tokio::time::timeout(Duration::from_secs(60), read).await;
        assert!(within.is_ok(), "{model:?}: no answer");
        drop(client.kill().await);
    }
}
