//! What a row of `/certificate` shows.

use aws_lc_rs::digest;
use rcgen::{
    CertificateParams, CrlDistributionPoint, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use routeros_sim::console::Caller;
use routeros_sim::model::Model;
use routeros_sim::row::Request;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

use crate::rig::{Authority, Rig, key, key_size};
use crate::ssh::Client;

/// A certificate that shows everything a row can show.
fn full_of_fields() -> String {
    let mut params = CertificateParams::new(vec!["a.example".to_owned()]).expect("a name");
    let address = "192.0.2.7".parse().expect("an address");
    params.subject_alt_names.push(SanType::IpAddress(address));
    let mail = "m@a.example".try_into().expect("a mail address");
    params.subject_alt_names.push(SanType::Rfc822Name(mail));
    params.distinguished_name = DistinguishedName::new();
    for (kind, value) in [
        (DnType::CountryName, "LV"),
        (DnType::OrganizationName, "Fleet"),
        (DnType::CommonName, "a.example"),
    ] {
        params.distinguished_name.push(kind, value);
    }
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::ContentCommitment,
        KeyUsagePurpose::KeyEncipherment,
    ];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        // Unknown to RouterOS: smart card logon.
        ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 2]),
        ExtendedKeyUsagePurpose::OcspSigning,
        // Of the tunnels that `IPsec` had once.
        ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 6]),
    ];
    params.is_ca = IsCa::ExplicitNoCa;
    params.self_signed(&key()).expect("a certificate").pem()
}

/// Fails when: a fingerprint is of SHA-1, an issuer is turned round, an unknown purpose is shown, 7.9 shows `ipsec-tunnel` or the name of a kind of SAN is another.
#[tokio::test]
async fn facts_4_the_fields_of_an_imported_certificate() {
    let pem = full_of_fields();
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM");
    let hash = digest::digest(&digest::SHA256, &der);
    let hash: String = hash
        .as_ref()
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    for model in Model::ALL {
        let rig = Rig::start(model).await.with_file("a.crt", &pem).await;
        rig.import_file("a.crt", "").await;
        let row = rig.row("/certificate", "a.crt_0").await;
        let mut usage = vec![
            "digital-signature",
            "content-commitment",
            "key-encipherment",
        ];
        usage.extend(["tls-server", "ocsp-sign"]);
        if !model.has_rest() {
            usage.push("ipsec-tunnel");
        }
        for (field, value) in [
            ("fingerprint", hash.as_str()),
            ("issuer", "C=LV,O=Fleet,CN=a.example"),
            ("common-name", "a.example"),
            (
                "subject-alt-name",
                "DNS:a.example,IP:192.0.2.7,email:m@a.example",
            ),
            ("key-usage", &usage.join(",")),
            ("key-type", "ec"),
            ("key-size", "prime256v1"),
            ("digest-algorithm", "sha256"),
        ] {
            assert_eq!(row[field], value, "{} {field}", model.name());
        }
    }
}

/// Fails when: `expires-after` stays on an expired row, `expired` comes on a valid one, or a unit of the span is left out.
#[tokio::test]
async fn facts_4_a_row_expires() {
    let made = |first: i32, last: i32| {
        let mut params = CertificateParams::new(vec![format!("{last}.example")]).expect("a name");
        params.not_before = date_time_ymd(first, 1, 1);
        params.not_after = date_time_ymd(last, 1, 1);
        params.self_signed(&key()).expect("a certificate").pem()
    };
    let all = made(2020, 2021) + &made(2020, 2090) + &made(2089, 2091);
    for model in Model::ALL {
        let rig = Rig::start(model).await.with_file("f", &all).await;
        rig.import_file("f", "").await;
        let truth = if model.has_rest() { "true" } else { "yes" };
        let old = rig.row("/certificate", "f_0").await;
        assert_eq!(old.get("expired").map(String::as_str), Some(truth));
        assert_eq!(old.get("expires-after"), None, "{}", model.name());
        let young = rig.row("/certificate", "f_1").await;
        assert_eq!(young.get("expired"), None);
        // What is not valid yet has no word of its own, and its dates say it.
        let unborn = rig.row("/certificate", "f_2").await;
        assert_eq!(unborn.get("expired"), None, "{}", model.name());
        assert!(unborn.contains_key("expires-after"), "{unborn:?}");
        assert!(unborn["invalid-before"].contains("2089"), "{unborn:?}");
        // 2090-01-01 is 27,393 days after 2015-01-01, a Thursday both times: 3,913 weeks and two days.
        rig.paste("/system clock set date=2015-01-01").await;
        rig.paste("/system clock set time=00:57:04").await;
        let row = rig.row("/certificate", "f_1").await;
        let span = row["expires-after"].as_str();
        // The clock goes on while we look.
        assert!(span.starts_with("3913w2d23h2m"), "{}: {span}", model.name());
    }
}

/// Fails when: the time of a row is not moved by `time-zone-name`.
#[tokio::test]
async fn facts_4_dates_are_in_the_time_zone_of_the_router() {
    for model in Model::ALL {
        let root = Authority::new().root;
        let rig = Rig::start(model).await.with_file("root", &root).await;
        rig.import_file("root", "").await;
        let field = |row: &routeros_sim::row::Row| row["invalid-after"].clone();
        let hours = |date: &str| date.split_once(' ').expect("a time").1[..5].to_owned();
        let before = field(&rig.row("/certificate", "root_0").await);
        assert_eq!(hours(&before), "00:00", "{before}");
        rig.paste("/system clock set time-zone-name=Asia/Kolkata")
            .await;
        let clock = rig.rows("/system/clock").await.remove(0);
        assert_eq!(clock["gmt-offset"], "+05:30");
        let after = field(&rig.row("/certificate", "root_0").await);
        assert_eq!(hours(&after), "05:30", "{}: {after}", model.name());
    }
}

/// Fails when: a curve has another word, or Ed25519 is taken in.
#[tokio::test]
async fn facts_4_keys_are_rsa_or_on_three_curves() {
    let kinds = [
        (&rcgen::PKCS_RSA_SHA256, "rsa", "2048"),
        (&rcgen::PKCS_ECDSA_P256_SHA256, "ec", "prime256v1"),
        (&rcgen::PKCS_ECDSA_P384_SHA384, "ec", "secp384r1"),
        (&rcgen::PKCS_ECDSA_P521_SHA256, "ec", "secp521r1"),
        (&rcgen::PKCS_ED25519, "", ""),
    ];
    let made: Vec<(String, String)> = kinds
        .iter()
        .map(|(algorithm, _, size)| {
            let key = KeyPair::generate_for(algorithm).expect("a key");
            let params = CertificateParams::new(vec![format!("k{size}.example")]).expect("a name");
            let pem = params.self_signed(&key).expect("a certificate").pem();
            (format!("k{size}"), pem + &key.serialize_pem())
        })
        .collect();
    let files: Vec<(&str, &[u8])> = made
        .iter()
        .map(|(name, pem)| (name.as_str(), pem.as_bytes()))
        .collect();
    for model in Model::ALL {
        let rig = Rig::start(model).await.with_files(&files).await;
        for ((name, _), (_, kind, size)) in made.iter().zip(kinds) {
            let counted = rig.import_file(name, "").await;
            let count = if kind.is_empty() { "0" } else { "1" };
            assert_eq!(counted["certificates-imported"], count, "{name}");
            if kind.is_empty() {
                continue;
            }
            let row = rig.row("/certificate", &format!("{name}_0")).await;
            assert_eq!(
                (row["key-type"].as_str(), row["key-size"].as_str()),
                (kind, size)
            );
            assert!(row.contains_key("private-key"), "{}", model.name());
        }
        assert_eq!(rig.rows("/certificate").await.len(), 4, "{}", model.name());
    }
}

/// Fails when: a template has another default, or 6.49 makes a key on a curve.
#[tokio::test]
async fn facts_4_a_template_has_defaults_and_version_6_makes_rsa_only() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        rig.ask(&["/certificate/add", "=name=t", "=common-name=t"])
            .await
            .expect("a template");
        let row = rig.row("/certificate", "t").await;
        let usage = "digital-signature,key-encipherment,data-encipherment,key-cert-sign,crl-sign,\
                     tls-server,tls-client";
        for (field, value) in [
            ("key-size", "2048"),
            ("days-valid", "365"),
            ("digest-algorithm", "sha256"),
            ("key-usage", usage),
        ] {
            assert_eq!(row[field], value, "{} {field}", model.name());
        }
        for (size, known) in [
            ("1024", true),
            ("8192", true),
            ("prime256v1", model.has_rest()),
            ("secp521r1", model.has_rest()),
            ("ed25519", false),
        ] {
            let size = format!("=key-size={size}");
            let said = rig
                .ask(&["/certificate/add", "=common-name=k", &size])
                .await;
            assert_eq!(said.is_ok(), known, "{} {size}: {said:?}", model.name());
        }
    }
}

/// Fails when: another field of a signed certificate can be set, or its name or trust cannot.
#[tokio::test]
async fn facts_4_of_a_signed_certificate_name_and_trust_are_set() {
    for model in Model::ALL {
        let root = Authority::new().root;
        let rig = Rig::start(model).await.with_file("root", &root).await;
        rig.import_file("root", "").await;
        let set = |word: &'static str| {
            let rig = &rig;
            async move {
                rig.ask(&["/certificate/set", "=numbers=*1", word])
                    .await
                    .is_ok()
            }
        };
        assert!(!set("=common-name=x").await, "{}", model.name());
        assert!(!set("=days-valid=9").await, "{}", model.name());
        assert!(set("=trusted=no").await && set("=trusted=yes").await);
        assert!(set("=name=mine").await);
        assert_eq!(set("=trust-store=www").await, model == Model::V7_24);
        assert_eq!(rig.row("/certificate", "mine").await["common-name"], "Root");
    }
}

/// Fails when: a letter stands for another field, in another place, or `A` for a CA whose key is elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn facts_4_flags_are_letters_in_their_order() {
    let authority = Authority::new();
    let own = key();
    let mut listed = CertificateParams::new(Vec::new()).expect("no names");
    listed.distinguished_name.push(DnType::CommonName, "listed");
    let uris = vec!["http://127.0.0.1:9/x.crl".to_owned()];
    listed.crl_distribution_points = vec![CrlDistributionPoint { uris }];
    let mut old = CertificateParams::new(vec!["old.example".to_owned()]).expect("a name");
    old.not_after = date_time_ymd(2024, 1, 1);
    let both = authority.leaf("r.example", &own) + &own.serialize_pem();
    let listed = listed.self_signed(&key()).expect("a certificate").pem();
    let old = old.self_signed(&key()).expect("a certificate").pem();
    for model in Model::ALL {
        let files: [(&str, &[u8]); 4] = [
            ("root", authority.root.as_bytes()),
            ("both", both.as_bytes()),
            ("listed", listed.as_bytes()),
            ("old", old.as_bytes()),
        ];
        let rig = Rig::start(model).await.with_files(&files).await;
        rig.paste(
            "/certificate add name=ca common-name=ca key-usage=key-cert-sign,crl-sign\n\
             /certificate sign ca\n\
             /certificate add name=leaf common-name=leaf key-usage=tls-server\n\
             /certificate sign leaf ca=ca\n\
             /certificate add name=gone common-name=gone key-usage=tls-server\n\
             /certificate sign gone ca=ca\n\
             /certificate issued-revoke gone",
        )
        .await;
        for (file, _) in files {
            rig.import_file(file, "").await;
        }
        let managed = model == Model::V7_24;
        if managed {
            rig.paste("/certificate add-acme name=managed domain-names=a.example")
                .await;
        }
        let client = Client::new(&rig, "admin", "secret");
        let shown = client.ssh("/certificate print terse").await;
        for (name, letters) in managed.then_some(("managed", "a")).into_iter().chain([
            ("ca", "KAT"),
            ("leaf", "KI"),
            ("gone", "KIR"),
            ("root_0", "T"),
            ("both_0", "KT"),
            ("listed_0", "LT"),
            ("old_0", "ET"),
        ]) {
            let own = format!(" name={name} ");
            let line = shown.lines().find(|line| line.contains(&own));
            let found = line.and_then(|line| line.split_whitespace().nth(1));
            assert_eq!(found, Some(letters), "{} {name}: {shown}", model.name());
        }
    }
}

/// Fails when: an export has a certificate in it, or a backup has none.
#[tokio::test]
async fn facts_4_certificates_are_in_backups_and_not_in_exports() {
    for model in Model::ALL {
        let root = Authority::new().root;
        let rig = Rig::start(model).await.with_file("root", &root).await;
        rig.import_file("root", "").await;
        rig.paste("/ip pool add name=p ranges=192.0.2.1").await;
        rig.ask(&["/export", "=file=all"]).await.expect("an export");
        let text = rig.row("/file", "all.rsc").await["contents"].clone();
        assert!(text.contains("name=p"), "{text}");
        let is_there = text.contains("root_0") || text.lines().any(|line| line == "/certificate");
        assert!(!is_there, "{text}");
        let save = ["/system/backup/save", "=name=b", "=password=pw"];
        rig.ask(&save).await.expect("a backup");
        rig.ask(&["/certificate/remove", "=numbers=root_0"])
            .await
            .expect("it is gone");
        let load = Request::new("/system/backup", "load")
            .with("name", "b.backup")
            .with("password", "pw");
        let (loaded, _) = rig.router.execute(Caller::Console, &load).await;
        loaded.expect("a backup of this router");
        rig.row("/certificate", "root_0").await;
        assert_eq!(rig.rows("/certificate").await.len(), 1, "{}", model.name());
    }
}

/// Fails when: a CA of its own goes and leaves what it issued, or an imported one takes others along.
#[tokio::test]
async fn facts_4_a_ca_takes_along_what_it_issued_here() {
    let authority = Authority::new();
    for model in Model::ALL {
        let chain = authority.root.clone() + &authority.intermediate;
        let rig = Rig::start(model).await.with_file("chain", &chain).await;
        let size = key_size(model);
        rig.paste(&format!(
            "/certificate add name=ca common-name=ca key-usage=key-cert-sign,crl-sign {size}\n\
             /certificate sign ca\n\
             /certificate add name=leaf common-name=leaf key-usage=tls-server {size}\n\
             /certificate sign leaf ca=ca"
        ))
        .await;
        rig.import_file("chain", "").await;
        for gone in ["=numbers=chain_0", "=numbers=ca"] {
            rig.ask(&["/certificate/remove", gone])
                .await
                .expect("it is gone");
        }
        let rows = rig.rows("/certificate").await;
        let names: Vec<&String> = rows.iter().map(|row| &row["name"]).collect();
        assert_eq!(json!(names), json!(["chain_1"]), "{}", model.name());
    }
}
