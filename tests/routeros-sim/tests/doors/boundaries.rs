//! What came, went or changed its form with a release.

use routeros_sim::model::Model;
use serde_json::json;

use crate::api::Client;
use crate::rig::Rig;

const SIX: Model = Model::V6_49;
const ALL: Model = Model::V7_9;
const LAST: Model = Model::V7_24;

/// Menu, command and argument, and the first and the last model that have them.
const WORDS: [(&str, &str, &str, Model, Model); 35] = [
    ("/certificate", "import", "trusted", Model::V7_16, LAST),
    (
        "/certificate",
        "import",
        "no-key-export",
        Model::V7_16,
        LAST,
    ),
    ("/certificate", "import", "trust-store", LAST, LAST),
    ("/certificate", "add", "trust-store", LAST, LAST),
    ("/certificate", "set", "trust-store", LAST, LAST),
    ("/certificate", "export-certificate", "file-name", ALL, LAST),
    (
        "/certificate",
        "enable-ssl-certificate",
        "dns-name",
        ALL,
        LAST,
    ),
    (
        "/certificate",
        "enable-ssl-certificate",
        "directory-url",
        Model::V7_16,
        LAST,
    ),
    (
        "/certificate",
        "enable-ssl-certificate",
        "eab-kid",
        Model::V7_16,
        LAST,
    ),
    ("/certificate", "add-acme", "name", LAST, LAST),
    ("/certificate", "acme-renew", "numbers", LAST, LAST),
    ("/certificate/builtin", "print", "", Model::V7_20, LAST),
    ("/certificate/settings", "set", "crl-use", SIX, LAST),
    (
        "/certificate/settings",
        "set",
        "builtin-trust-anchors",
        Model::V7_20,
        Model::V7_20,
    ),
    (
        "/certificate/settings",
        "set",
        "builtin-trust-store",
        LAST,
        LAST,
    ),
    ("/file", "set", "contents", SIX, LAST),
    ("/file", "add", "contents", ALL, LAST),
    ("/file", "add", "type", Model::V7_16, LAST),
    ("/file", "read", "file", Model::V7_16, LAST),
    ("/file", "copy", "name", LAST, LAST),
    ("/file", "head", "number", LAST, LAST),
    ("/file", "tail", "number", LAST, LAST),
    (
        "/interface/sstp-server/server",
        "set",
        "force-aes",
        SIX,
        SIX,
    ),
    (
        "/interface/sstp-server/server",
        "set",
        "ciphers",
        Model::V7_16,
        LAST,
    ),
    (
        "/interface/sstp-client",
        "add",
        "ciphers",
        Model::V7_16,
        LAST,
    ),
    (
        "/interface/sstp-client",
        "add",
        "add-sni",
        Model::V7_16,
        LAST,
    ),
    (
        "/interface/ovpn-server/server",
        "set",
        "enabled",
        SIX,
        Model::V7_16,
    ),
    (
        "/interface/ovpn-server/server",
        "add",
        "disabled",
        Model::V7_20,
        LAST,
    ),
    (
        "/interface/ovpn-server/server",
        "set",
        "push-routes",
        Model::V7_16,
        LAST,
    ),
    ("/interface/wifi", "print", "", Model::V7_16, LAST),
    ("/ip/ipsec/key", "generate-key", "", ALL, Model::V7_16),
    ("/ip/ipsec/key/rsa", "generate-key", "", Model::V7_20, LAST),
    ("/ip/service", "set", "max-sessions", Model::V7_16, LAST),
    ("/ip/service", "set", "available-from", LAST, LAST),
    ("/ip/service/webserver", "set", "crl-plain", LAST, LAST),
];

/// Fails when: a word of the tree is in one release more or less.
#[tokio::test]
async fn facts_0_words_come_and_go_with_a_release() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let mut client = Client::logged_in(&rig).await;
        for (menu, command, argument, first, last) in WORDS {
            let full = format!("{menu}/{command}");
            let value = format!("={argument}=~");
            let words = [full.as_str(), value.as_str()];
            let known = if argument.is_empty() {
                &words[..1]
            } else {
                &words
            };
            let said = client.ask(known).await.err().unwrap_or_default();
            let unknown = [
                "no such command prefix".to_owned(),
                "no such command".to_owned(),
                format!("unknown parameter {argument}"),
            ];
            let is_known = !unknown.contains(&said);
            let expected = (first..=last).contains(&model);
            assert_eq!(is_known, expected, "{} {words:?}: {said}", model.name());
        }
    }
}

/// Fails when: 6.49 has the policy, or answers REST.
#[tokio::test]
async fn facts_0_rest_and_its_policy_came_with_7() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let add = ["/user/group/add", "=name=g", "=policy=rest-api"];
        let refused = "input does not match any value of policy".to_owned();
        let expected = if model == SIX { Some(refused) } else { None };
        assert_eq!(rig.ask(&add).await.err(), expected);
        let full = rig.row("/user/group", "full").await;
        assert_eq!(full["policy"].contains("rest-api"), model != SIX);
        let status = rig.call("GET", "/rest/system/identity", "").await.0;
        assert_eq!(status, if model == SIX { 404 } else { 200 });
    }
}

/// Fails when: 7.9 writes ISO dates, or 7.12 does not.
#[tokio::test]
async fn facts_0_dates_are_iso_since_7_10() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        rig.paste("/system clock set date=2026-08-07").await;
        rig.paste("/system clock set time=19:37:39").await;
        let clock = rig.rows("/system/clock").await.remove(0);
        let old = model <= Model::V7_9;
        let date = if old { "aug/07/2026" } else { "2026-08-07" };
        assert_eq!(clock["date"], date, "{}", model.name());
        let built = &rig.rows("/system/resource").await[0]["build-time"];
        assert_eq!(built.contains('-'), !old, "{built}");
        let line = rig.rows("/log").await.remove(0);
        assert_eq!(line["time"].contains('-'), !old, "{line:?}");
    }
}

/// Fails when: `/file/add` of 7.12 returns the id, `last-modified` is on 7.12, or 7.24 has an id in hex.
#[tokio::test]
async fn facts_0_a_file_has_the_id_and_the_date_of_its_version() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let contents = b"x".as_slice();
        let rig = rig.with_files(&[("put.txt", contents)]).await;
        let row = rig.row("/file", "put.txt").await;
        let newer = model >= Model::V7_16;
        for (field, is_there) in [("last-modified", newer), ("creation-time", !newer)] {
            assert_eq!(
                row.contains_key(field),
                is_there,
                "{} {field}",
                model.name()
            );
        }
        if model == SIX {
            continue;
        }
        let words = ["/file/add", "=name=a.txt", "=contents=x"];
        let told = rig.ask(&words).await.expect("a file");
        let id = rig.row("/file", "a.txt").await[".id"].clone();
        let returned = told.first().map(|row| row["ret"].clone());
        let expected = newer.then(|| id.clone());
        assert_eq!(returned, expected, "{}: from 7.13 on", model.name());
        assert_eq!(id.starts_with("**"), model == LAST, "{id}");
        let hex = |id: &str| id[1..].chars().all(|c| c.is_ascii_hexdigit());
        assert!(model == LAST || hex(&id), "{id}");
    }
}

/// Fails when: `:serialize` runs on 7.12.
#[tokio::test(flavor = "multi_thread")]
async fn facts_0_serialize_came_with_7_13() {
    for model in [Model::V6_49, Model::V7_12, Model::V7_16, Model::V7_24] {
        let rig = Rig::start(model).await;
        let client = crate::ssh::Client::new(&rig, "admin", "secret");
        let said = client.ssh(":put [:serialize to=json [/system identity get name]]");
        let expected = match model {
            Model::V6_49 | Model::V7_12 => "bad command name serialize (line 1 column 8)\r\n",
            _ => "\"r1\"\r\n",
        };
        assert_eq!(said.await, expected, "{}", model.name());
    }
}

/// Fails when: the key is added without `policy` on 7.16, or not added on 7.12.
#[tokio::test]
async fn facts_0_adding_an_ssh_key_wants_policy_since_7_15() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBf5Wc3cVf7Nj7e3nyh1y2hDCZlUPmJDcTdYVqzq7q4L a";
    for model in crate::facts::with_rest() {
        let rig = Rig::start(model).await;
        rig.paste(
            "/user group add name=g policy=read,write,rest-api\n\
             /user add name=bot group=g password=pw",
        )
        .await;
        let body = json!({ "user": "admin", "key": key }).to_string();
        let (status, said) = rig
            .call_as("bot:pw", "PUT", "/rest/user/ssh-keys", &body)
            .await;
        let expected = if model < Model::V7_16 { 201 } else { 500 };
        assert_eq!(status, expected, "{}: {said}", model.name());
    }
}

/// Fails when: the upgrade to 7.20 keeps the trust in what 6.49 imported.
#[tokio::test]
async fn facts_5_9_an_upgrade_over_7_19_forgets_the_trust_of_old_imports() {
    let authority = crate::rig::Authority::new();
    for (to, kept) in [("7.16", true), ("7.20", false)] {
        let rig = Rig::start(SIX)
            .await
            .with_file("root", &authority.root)
            .await;
        rig.import_file("root", "").await;
        assert_eq!(rig.row("/certificate", "root_0").await["trusted"], "yes");
        rig.control("POST", "/upgrade", &json!({ "model": to }))
            .await;
        let row = rig.row("/certificate", "root_0").await;
        assert_eq!(row.contains_key("trusted"), kept, "{to}: {row:?}");
    }
}
