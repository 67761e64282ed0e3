//! What `/certificate/import` makes of a file, on every model.

use std::path::Path;
use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, GeneralSubtree, IsCa, KeyPair,
    NameConstraints,
};
use routeros_sim::model::Model;
use routeros_sim::row::Row;
use tempfile::TempDir;

use crate::rig::{Authority, Rig, handshake, key};

/// Files that OpenSSL wrote: a root, and a leaf of it with its key, in every form.
struct Press {
    folder: TempDir,
    files: Vec<(&'static str, Vec<u8>)>,
}

impl Press {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let authority = Authority::new();
        let key = key();
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("the directory is writable");
        };
        write("root", &authority.intermediate);
        write("leaf", &authority.leaf("vpn.example", &key));
        write("key", &key.serialize_pem());
        let mut press = Self {
            folder,
            files: Vec::new(),
        };
        let store = "pkcs12 -export -in leaf -inkey key -certfile root";
        let closed = "pkcs8 -topk8 -in key -v2 aes-256-cbc -passout pass:pw";
        let old = "-certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1";
        let rc2 = "-legacy -certpbe PBE-SHA1-RC2-40 -keypbe PBE-SHA1-3DES";
        for (name, words) in [
            ("leaf.der", "x509 -in leaf -outform DER".to_owned()),
            ("key.der", "pkey -in key -outform DER".to_owned()),
            (
                "both.p7b",
                "crl2pkcs7 -nocrl -certfile leaf -certfile root".to_owned(),
            ),
            ("aes.p12", format!("{store} -passout pass:pw")),
            ("3des.p12", format!("{store} -passout pass:pw {old}")),
            ("rc2.p12", format!("{store} -passout pass:pw {rc2}")),
            ("open.p12", format!("{store} -passout pass:")),
            ("sha1.key", format!("{closed} -v2prf hmacWithSHA1")),
            ("sha256.key", format!("{closed} -v2prf hmacWithSHA256")),
        ] {
            press.make(name, &words);
        }
        for name in ["root", "leaf", "key"] {
            let octets = std::fs::read(press.folder.path().join(name)).expect("a file");
            press.files.push((name, octets));
        }
        press
    }

    fn make(&mut self, name: &'static str, words: &str) {
        let run = Command::new("openssl")
            .args(words.split(' '))
            .args(["-out", name])
            .current_dir(self.folder.path())
            .output()
            .expect("openssl runs");
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{words}: {said}");
        let octets = std::fs::read(Path::new(self.folder.path()).join(name)).expect("a file");
        self.files.push((name, octets));
    }

    /// A router with all the files on it.
    async fn rig(&self, model: Model, assumed: &[&str]) -> Rig {
        let files: Vec<(&str, &[u8])> = self
            .files
            .iter()
            .map(|(name, octets)| (*name, octets.as_slice()))
            .collect();
        Rig::assuming(model, assumed).await.with_files(&files).await
    }
}

/// The counters: certificates, keys, files, failures, keys without a certificate.
fn counts(counted: &Row) -> String {
    let count = |name: &str| counted[name].clone();
    [
        "certificates-imported",
        "private-keys-imported",
        "files-imported",
        "decryption-failures",
        "keys-with-no-certificate",
    ]
    .map(count)
    .concat()
}

async fn has_key(rig: &Rig, name: &str) -> bool {
    let row = rig.row("/certificate", name).await;
    row.get("private-key")
        .is_some_and(|on| on == "true" || on == "yes")
}

async fn number_of_rows(rig: &Rig) -> usize {
    rig.rows("/certificate").await.len()
}

/// Fails when: DER, PKCS#12 or PKCS#7 is not read.
#[tokio::test]
async fn facts_5_1_every_format_is_read() {
    let press = Press::new();
    for model in Model::ALL {
        let rig = press.rig(model, &[]).await;
        for (file, passphrase, expected) in [
            ("leaf.der", "", "10100"),
            ("key.der", "", "01100"),
            ("both.p7b", "", "10100"),
            ("aes.p12", "pw", "00100"),
            ("root", "", "00100"),
        ] {
            let counted = rig.import_file(file, passphrase).await;
            assert_eq!(counts(&counted), expected, "{} {file}", model.name());
        }
        assert!(has_key(&rig, "leaf.der_0").await);
        assert_eq!(number_of_rows(&rig).await, 2);
    }
}

/// Fails when: the extension is cut off, numbers begin with 1, or the order is not that of the file.
#[tokio::test]
async fn facts_5_2_without_a_name_the_file_gives_it() {
    let authority = Authority::new();
    let leaf = authority.leaf("vpn.example", &key());
    let chain = leaf + &authority.intermediate + &authority.root;
    for model in Model::ALL {
        let name = "example.com.cer";
        let rig = Rig::start(model).await.with_file(name, &chain).await;
        rig.import_file(name, "").await;
        for (number, common_name) in ["vpn.example", "Issuing", "Root"].iter().enumerate() {
            let row = rig.row("/certificate", &format!("{name}_{number}")).await;
            assert_eq!(row["common-name"], *common_name, "{}", model.name());
        }
    }
}

/// Fails when: a store without a passphrase is taken in at once, or leaves something on 7.9 and 7.12.
#[tokio::test]
async fn facts_5_5_an_open_store_attaches_its_key_at_the_second_import() {
    let press = Press::new();
    for model in Model::ALL {
        let rig = press.rig(model, &[]).await;
        let first = counts(&rig.import_file("open.p12", "").await);
        if matches!(model, Model::V7_9 | Model::V7_12) {
            assert_eq!(first, "00000", "{}", model.name());
            assert_eq!(number_of_rows(&rig).await, 0);
            continue;
        }
        assert_eq!(first, "20100", "{}", model.name());
        assert!(!has_key(&rig, "open.p12_0").await);
        // Version 7.15 took the file away.
        let kept = rig
            .rows("/file")
            .await
            .iter()
            .any(|row| row["name"] == "open.p12");
        assert_eq!(kept, model < Model::V7_16, "{}", model.name());
        let octets = &press.files.iter().find(|(name, _)| *name == "open.p12");
        let octets = &octets.expect("it was made").1;
        let rig = rig.with_files(&[("open.p12", octets)]).await;
        let second = counts(&rig.import_file("open.p12", "").await);
        assert_eq!(second, "01100", "{}", model.name());
        assert!(has_key(&rig, "open.p12_0").await);
        assert_eq!(number_of_rows(&rig).await, 2);
    }
}

/// Fails when: 3DES or HMAC-SHA-1 is refused, RC2 is taken, or an answer to an open question changes nothing.
#[tokio::test]
async fn facts_5_7_aes_and_3des_are_decrypted() {
    let press = Press::new();
    for model in Model::ALL {
        for (assumed, file, is_read) in [
            ("", "aes.p12", true),
            ("", "3des.p12", true),
            ("", "rc2.p12", false),
            ("import-rc2=accepted", "rc2.p12", true),
            ("", "sha1.key", true),
            ("", "sha256.key", true),
            ("import-key-prf=hmac-sha1", "sha1.key", true),
            ("import-key-prf=hmac-sha1", "sha256.key", false),
        ] {
            let mut assumed: Vec<&str> = [assumed]
                .into_iter()
                .filter(|one| !one.is_empty())
                .collect();
            // So that every version counts.
            assumed.push("import-wrong-passphrase=counter");
            let rig = press.rig(model, &assumed).await;
            rig.import_file("leaf", "").await;
            let counted = rig.import_file(file, "pw").await;
            let shown = format!("{} {assumed:?} {file}: {counted:?}", model.name());
            let failures = if is_read { "0" } else { "1" };
            assert_eq!(counted["decryption-failures"], failures, "{shown}");
            assert_eq!(has_key(&rig, "leaf_0").await, is_read, "{shown}");
        }
    }
}

/// A certificate for a key, of an authority.
fn renewed(authority: &Authority, name: &str, key: &KeyPair) -> String {
    authority.leaf(name, key)
}

/// Fails when: a renewal with its key makes a row, a foreign issuer replaces on 7.24 or makes a row before, or a new key binds itself.
#[tokio::test]
async fn facts_5_8_the_same_key_stays_in_its_row_and_bound() {
    let (authority, stranger) = (Authority::new(), Other::new());
    let (own, next) = (key(), key());
    let first = authority.leaf("vpn.example", &own);
    let with_key = first.clone() + &own.serialize_pem();
    let again = renewed(&authority, "vpn.example", &own);
    let crossed = stranger.leaf("vpn.example", &own);
    let other_name = renewed(&authority, "other.example", &own);
    let new = renewed(&authority, "vpn.example", &next) + &next.serialize_pem();
    for model in Model::ALL {
        let files = [
            ("with-key", with_key.as_bytes()),
            ("first", first.as_bytes()),
            ("again", again.as_bytes()),
            ("crossed", crossed.as_bytes()),
            ("other", other_name.as_bytes()),
            ("new", new.as_bytes()),
        ];
        let rig = Rig::start(model).await.with_files(&files).await;
        rig.import_file("with-key", "").await;
        rig.paste("/ip service set api-ssl certificate=with-key_0")
            .await;
        assert_eq!(counts(&rig.import_file("first", "").await), "00100");
        assert_eq!(number_of_rows(&rig).await, 1, "{}", model.name());
        let before = rig.row("/certificate", "with-key_0").await;
        assert_eq!(counts(&rig.import_file("again", "").await), "10100");
        let after = rig.row("/certificate", "with-key_0").await;
        assert_eq!(before[".id"], after[".id"]);
        assert_ne!(before["fingerprint"], after["fingerprint"]);
        assert!(has_key(&rig, "with-key_0").await);
        assert_eq!(
            rig.row("/ip/service", "api-ssl").await["certificate"],
            "with-key_0"
        );
        let (_, chain) = handshake(rig.api_ssl).await.expect("a handshake");
        assert_eq!(chain, crate::tls_clients::der(&again), "{}", model.name());
        for (file, rows) in [
            ("crossed", 1 + usize::from(model == Model::V7_24)),
            ("other", 2 + usize::from(model == Model::V7_24)),
            ("new", 3 + usize::from(model == Model::V7_24)),
        ] {
            rig.import_file(file, "").await;
            assert_eq!(number_of_rows(&rig).await, rows, "{} {file}", model.name());
        }
        assert_eq!(
            rig.row("/ip/service", "api-ssl").await["certificate"],
            "with-key_0"
        );
    }
}

/// An authority of another name.
struct Other(rcgen::CertifiedIssuer<'static, KeyPair>);

impl Other {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, "Other");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(rcgen::CertifiedIssuer::self_signed(params, key()).expect("a CA"))
    }

    fn leaf(&self, name: &str, key: &KeyPair) -> String {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.distinguished_name.push(DnType::CommonName, name);
        params.signed_by(key, &self.0).expect("a leaf").pem()
    }
}

/// Fails when: an answer to one of the questions about renewals, names and curves changes nothing.
#[tokio::test]
async fn what_an_import_does_is_a_question_where_nothing_says_it() {
    let authority = Authority::new();
    let own = key();
    let first = authority.leaf("a.example", &own);
    let second = authority.leaf("b.example", &own);
    let import = async |model, assumed: &str, words: &[&str]| {
        let files = [("first", first.as_bytes()), ("second", second.as_bytes())];
        let rig = Rig::assuming(model, &[assumed])
            .await
            .with_files(&files)
            .await;
        rig.import_file("first", "").await;
        let mut all = vec!["/certificate/import", "=file-name=second", "=passphrase="];
        all.extend(words);
        let said = rig.ask(&all).await.map(|_| ());
        (said, number_of_rows(&rig).await)
    };
    let named = ["=name=first_0"];
    let taken = Err("failure: already have certificate with such name".to_owned());
    let v7 = Model::V7_24;
    for (model, assumed, words, said, rows) in [
        (v7, "import-in-place=key-and-subject", &[][..], Ok(()), 2),
        (v7, "import-in-place=key", &[][..], Ok(()), 1),
        (v7, "import-name-taken=numbered", &named[..], Ok(()), 2),
        (v7, "import-name-taken=refused", &named[..], taken, 1),
        (Model::V6_49, "v6-curves=accepted", &[][..], Ok(()), 2),
        (Model::V6_49, "v6-curves=refused", &[][..], Ok(()), 0),
    ] {
        assert_eq!(
            import(model, assumed, words).await,
            (said, rows),
            "{assumed}"
        );
    }
}

/// Fails when: a CA with name constraints or an extension of somebody's own is taken in all the same, or never.
#[tokio::test]
async fn facts_13_what_no_source_settles_about_extensions_is_chosen() {
    let own = key();
    let made = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).expect("a name");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        params.self_signed(&own).expect("a CA").pem()
    };
    let limited = made(&|params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("example".to_owned())],
            excluded_subtrees: Vec::new(),
        });
    });
    let critical = made(&|params| {
        let mut own = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 9999, 1], vec![5, 0]);
        own.set_criticality(true);
        params.custom_extensions = vec![own];
    });
    for (contents, key) in [
        (&limited, "import-name-constraints"),
        (&critical, "import-critical-extensions"),
    ] {
        for (answer, count) in [("taken", "1"), ("refused", "0")] {
            for model in [Model::V6_49, Model::V7_24] {
                let assumed = format!("{key}={answer}");
                let rig = Rig::assuming(model, &[&assumed]).await;
                let rig = rig.with_file("ca.pem", contents).await;
                let counted = rig.import_file("ca.pem", "").await;
                assert_eq!(counted["certificates-imported"], count, "{assumed}");
            }
        }
    }
}

/// Fails when: an import ends after some of the certificates or octets of a large file.
#[tokio::test]
async fn facts_5_13_a_file_of_140_roots_is_imported_at_once() {
    let own = key();
    let filler = "x".repeat(800);
    let roots: String = (0..140)
        .map(|number| {
            let names = vec![format!("{number}.example"), filler.clone()];
            let mut params = CertificateParams::new(names).expect("names");
            let name = format!("Root {number}");
            params.distinguished_name.push(DnType::CommonName, name);
            params.self_signed(&own).expect("a root").pem()
        })
        .collect();
    assert!(roots.len() > 200_000, "{}", roots.len());
    let rig = Rig::start(Model::V7_24)
        .await
        .with_file("cacert.pem", &roots)
        .await;
    let counted = rig.import_file("cacert.pem", "").await;
    assert_eq!(counted["certificates-imported"], "140");
    assert_eq!(number_of_rows(&rig).await, 140);
}

/// Fails when: the key stays in the store, the template stays, or a file has another name than the one chosen.
#[tokio::test]
async fn facts_5_a_request_leaves_with_its_key_as_two_files() {
    for (model, assumed, stem) in [
        (
            Model::V6_49,
            "request-file-names=certificate-request",
            "certificate-request",
        ),
        (
            Model::V7_9,
            "request-file-names=certificate-request",
            "certificate-request",
        ),
        (Model::V7_24, "request-file-names=template", "well"),
    ] {
        let rig = Rig::assuming(model, &[assumed]).await;
        rig.paste(
            "/certificate add name=well common-name=well.example\n\
             /certificate create-certificate-request template=well key-passphrase=pass",
        )
        .await;
        assert_eq!(number_of_rows(&rig).await, 0, "{}", model.name());
        let names = rig.rows("/file").await;
        let names: Vec<&str> = names.iter().map(|row| row["name"].as_str()).collect();
        let expected = [format!("{stem}.pem"), format!("{stem}_key.pem")];
        assert_eq!(names, expected, "{}", model.name());
    }
}

#[tokio::test]
async fn a_key_that_may_not_be_exported_stays() {
    let press = Press::new();
    for model in [Model::V7_16, Model::V7_20, Model::V7_24] {
        for (word, leaves) in [("no", true), ("yes", false)] {
            let rig = press.rig(model, &[]).await;
            let stays = format!("=no-key-export={word}");
            for file in ["=file-name=leaf", "=file-name=key"] {
                let import = ["/certificate/import", file, "=passphrase=", &stays];
                rig.ask(&import).await.expect("counters");
            }
            assert!(has_key(&rig, "leaf_0").await);
            let export = [
                "/certificate/export-certificate",
                "=numbers=leaf_0",
                "=file-name=out",
                "=export-passphrase=pass-word",
            ];
            rig.ask(&export).await.expect("files");
            let files = rig.rows("/file").await;
            let is_there = |name: &str| files.iter().any(|row| row["name"] == name);
            let found = (is_there("out.crt"), is_there("out.key"));
            assert_eq!(found, (true, leaves), "{} {word}", model.name());
        }
    }
}
