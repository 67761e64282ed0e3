//! Where certificates are used, and what is left on the router beside them.

use std::time::Duration;

use routeros_sim::model::Model;
use serde_json::json;
use tokio::io::AsyncReadExt as _;

use crate::rig::{Authority, Rig, handshake, key};
use crate::ssh::Client;
use crate::tls_clients::s_client;

const PATIENCE: Duration = Duration::from_secs(60);

/// Fails when: an intermediate of the store is not sent, the root is, winbox has a certificate, or `tls-version` takes another word.
#[tokio::test]
async fn facts_7_a_service_sends_what_the_store_has_of_its_chain() {
    let authority = Authority::new();
    let own = key();
    let both = authority.leaf("r.example", &own) + &own.serialize_pem();
    for model in Model::ALL {
        let files = [
            ("both", both.as_bytes()),
            ("issuing", authority.intermediate.as_bytes()),
            ("root", authority.root.as_bytes()),
        ];
        let rig = Rig::start(model).await.with_files(&files).await;
        rig.import_file("both", "").await;
        rig.paste("/ip service set api-ssl certificate=both_0")
            .await;
        for (file, length) in [("", 1), ("root", 1), ("issuing", 2)] {
            if !file.is_empty() {
                rig.import_file(file, "").await;
            }
            let (_, chain) = handshake(rig.api_ssl).await.expect("a handshake");
            assert_eq!(chain.len(), length, "{} {file}", model.name());
        }
        let winbox = rig.row("/ip/service", "winbox").await;
        assert_eq!(winbox.get("certificate"), None);
        for (word, taken) in [("only-1.2", true), ("any", true), ("only-1.3", false)] {
            let version = format!("=tls-version={word}");
            let words = ["/ip/service/set", "=numbers=api-ssl", &version];
            assert_eq!(rig.ask(&words).await.is_ok(), taken, "{word}");
        }
    }
}

/// Fails when: another certificate cuts nobody, or the renaming loses the reference.
#[tokio::test]
async fn facts_7_the_safe_order_changes_every_reference_and_keeps_the_name() {
    let authority = Authority::new();
    let make = || {
        let own = key();
        authority.leaf("r.example", &own) + &own.serialize_pem()
    };
    let (old, new) = (make(), make());
    for model in Model::ALL {
        let files = [("old", old.as_bytes()), ("new", new.as_bytes())];
        let rig = Rig::start(model).await.with_files(&files).await;
        rig.import_file("old", "").await;
        rig.paste("/certificate set old_0 name=web\n/ip service set api-ssl certificate=web")
            .await;
        let (mut open, before) = handshake(rig.api_ssl).await.expect("a handshake");
        rig.import_file("new", "").await;
        rig.paste(
            "/ip service set [find where certificate=web] certificate=new_0\n\
             /certificate remove web\n\
             /certificate set new_0 name=web",
        )
        .await;
        let mut octets = Vec::new();
        let read = tokio::time::timeout(PATIENCE, open.read_to_end(&mut octets));
        let read = read.await.expect("the session is cut");
        assert!(read.is_err() || octets.is_empty(), "no word more");
        let (_, after) = handshake(rig.api_ssl).await.expect("a handshake");
        assert_ne!(before, after, "{}", model.name());
        assert_eq!(after, crate::tls_clients::der(&new));
        assert_eq!(
            rig.row("/ip/service", "api-ssl").await["certificate"],
            "web"
        );
    }
}

/// Fails when: an identity takes a certificate that is not there, one only, or a word that the manual does not have; or a profile takes a certificate.
#[tokio::test]
async fn facts_7_an_identity_has_a_list_of_certificates_and_a_profile_none() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        rig.paste(
            "/ip ipsec peer add name=hub address=192.0.2.1/32 exchange-mode=ike2\n\
             /certificate add name=own common-name=own\n\
             /certificate add name=issuing common-name=issuing",
        )
        .await;
        let profile = [
            "/ip/ipsec/profile/set",
            "=numbers=default",
            "=certificate=own",
        ];
        let refused = Err("unknown parameter certificate".to_owned());
        assert_eq!(rig.ask(&profile).await, refused, "{}", model.name());
        let add = [
            "/ip/ipsec/identity/add",
            "=peer=hub",
            "=auth-method=digital-signature",
        ];
        rig.ask(&add).await.expect("an identity");
        for (word, taken) in [
            ("=certificate=own,issuing", true),
            ("=certificate=own,other", false),
            ("=remote-certificate=issuing", true),
            ("=match-by=certificate", true),
            ("=match-by=name", false),
            ("=my-id=auto", true),
            ("=my-id=dn", true),
            ("=my-id=fqdn:r.example", true),
            ("=my-id=user-fqdn:a@r.example", true),
            ("=my-id=address:192.0.2.1", true),
            ("=my-id=key-id:7", true),
            ("=my-id=mail:a@r.example", false),
            ("=remote-id=ignore", true),
            ("=auth-method=certificate", false),
            ("=generate-policy=port-strict", true),
        ] {
            let said = rig
                .ask(&["/ip/ipsec/identity/set", "=numbers=*1", word])
                .await;
            assert_eq!(said.is_ok(), taken, "{} {word}: {said:?}", model.name());
        }
        let row = rig.rows("/ip/ipsec/identity").await.remove(0);
        assert_eq!(row["certificate"], "own,issuing", "{}", model.name());
    }
}

/// Fails when: IKE takes AES-GCM, or ESP does not.
#[tokio::test]
async fn facts_7_ipsec_has_gcm_for_packets_and_not_for_ike() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        for (menu, field, gcm, taken) in [
            ("profile", "enc-algorithm", "aes-256-gcm", false),
            ("profile", "enc-algorithm", "aes-256", true),
            ("proposal", "enc-algorithms", "aes-256-gcm", true),
        ] {
            let set = format!("/ip/ipsec/{menu}/set");
            let word = format!("={field}={gcm}");
            let said = rig.ask(&[&set, "=numbers=default", &word]).await;
            assert_eq!(
                said.is_ok(),
                taken,
                "{} {menu} {gcm}: {said:?}",
                model.name()
            );
        }
    }
}

/// Menus beside the services that name certificates of the store: what a row of theirs takes, and the field.
const REFERENCES: [(&str, &str, &str); 4] = [
    (
        "/interface/sstp-client",
        "=connect-to=192.0.2.1 =user=u",
        "certificate",
    ),
    (
        "/interface/ovpn-client",
        "=connect-to=192.0.2.1 =user=u",
        "certificate",
    ),
    ("/ip/ipsec/identity", "=peer=hub", "remote-certificate"),
    ("/radius", "=address=192.0.2.1 =service=ppp", "certificate"),
];

/// Menus that the simulator does not play; those of extra packages are in no tree of its.
const OTHERS: [(&str, &str); 3] = [
    ("/interface/dot1x/client", "certificate"),
    ("/interface/wifi/capsman", "certificate"),
    ("/ip/hotspot/profile", "ssl-certificate"),
];

/// Fails when: a certificate that is not there is named, or a name that changed is shown as it was.
#[tokio::test]
async fn facts_7_other_menus_name_certificates_too() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        rig.paste(
            "/ip ipsec peer add name=hub address=192.0.2.1/32\n\
             /certificate add name=own common-name=own",
        )
        .await;
        for (menu, words, field) in REFERENCES {
            let add = format!("{menu}/add");
            let row = |name: &str| {
                let reference = format!("={field}={name}");
                let mut all = vec![add.clone()];
                all.extend(words.split(' ').map(str::to_owned));
                all.push(reference);
                all
            };
            let ask = async |words: Vec<String>| {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                rig.ask(&words).await
            };
            let text = format!("input does not match any value of {field}");
            assert_eq!(ask(row("other")).await.err(), Some(text), "{menu}");
            ask(row("own")).await.expect("the certificate is there");
            assert_eq!(rig.rows(menu).await[0][field], "own", "{menu}");
        }
        rig.paste("/certificate set own name=renamed").await;
        for (menu, _, field) in REFERENCES {
            let row = rig.rows(menu).await.remove(0);
            assert_eq!(row[field], "renamed", "{} {menu}", model.name());
        }
    }
    let tree = routeros_sim::tree::Tree::of(Model::V7_24);
    for (menu, field) in OTHERS {
        let known = tree.arguments(menu, "set").unwrap_or_default();
        assert!(
            known.iter().any(|one| one == field),
            "{menu} {field}: {known:?}"
        );
    }
}

/// Fails when: the list of 7.17 is a menu of settings, or an unset certificate of it prints `none`.
#[tokio::test]
async fn facts_7_the_server_of_openvpn_became_a_list() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let menu = "/interface/ovpn-server/server";
        let listed = model >= Model::V7_20;
        let add = format!("{menu}/add");
        let said = rig.ask(&[&add, "=name=a"]).await;
        assert_eq!(said.is_ok(), listed, "{}: {said:?}", model.name());
        let row = rig.rows(menu).await.remove(0);
        let unset = if listed { "*0" } else { "none" };
        assert_eq!(row["certificate"], unset, "{}", model.name());
        let (there, gone) = if listed {
            ("disabled", "enabled")
        } else {
            ("enabled", "disabled")
        };
        assert!(
            row.contains_key(there) && !row.contains_key(gone),
            "{row:?}"
        );
        let set = format!("{menu}/set");
        let item = if listed { "=numbers=a" } else { "=mode=ip" };
        rig.paste("/certificate add name=own common-name=own").await;
        rig.ask(&[
            &set,
            item,
            "=certificate=own",
            "=require-client-certificate=yes",
        ])
        .await
        .expect("it is bound");
        assert_eq!(rig.rows(menu).await[0]["certificate"], "own");
    }
}

/// Fails when: a setting of SSTP has another default or takes another word.
#[tokio::test]
async fn facts_7_sstp_has_its_settings() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let menu = "/interface/sstp-server/server";
        let row = rig.rows(menu).await.remove(0);
        let no = if model.has_rest() { "false" } else { "no" };
        for (field, value) in [
            ("certificate", "none"),
            ("verify-client-certificate", no),
            ("tls-version", "any"),
            ("pfs", "no"),
        ] {
            assert_eq!(row[field], value, "{} {field}", model.name());
        }
        for (menu, word, taken) in [
            ("server", "=pfs=required", true),
            ("server", "=pfs=perhaps", false),
            ("server", "=tls-version=only-1.2", true),
            ("server", "=tls-version=only-1.3", false),
            (
                "server",
                "=ciphers=aes256-sha,aes256-gcm-sha384",
                model >= Model::V7_16,
            ),
            ("client", "=verify-server-certificate=yes", true),
            (
                "client",
                "=verify-server-address-from-certificate=yes",
                true,
            ),
            ("client", "=add-sni=yes", model >= Model::V7_16),
        ] {
            let said = match menu {
                "server" => rig.ask(&["/interface/sstp-server/server/set", word]).await,
                _ => {
                    let add = "/interface/sstp-client/add";
                    let words = [add, "=connect-to=192.0.2.1", "=user=u", word];
                    rig.ask(&words).await
                }
            };
            assert_eq!(said.is_ok(), taken, "{} {word}: {said:?}", model.name());
        }
    }
}

/// Fails when: a purpose of the manual is not known, or another one is.
#[tokio::test]
async fn facts_7_trust_stores_have_the_names_of_the_manual() {
    let rig = Rig::start(Model::V7_24).await;
    rig.paste("/certificate add name=own common-name=own").await;
    let all = "capsman dns email ipsec mqtt openflow radius sstp userman www api container dot1x \
               fetch lora netwatch ovpn tr069 wpa-eap wiliot logging";
    for (name, known) in all
        .split_whitespace()
        .map(|name| (name, true))
        .chain([("all", true), ("winbox", false)])
    {
        let store = format!("=trust-store={name}");
        let said = rig.ask(&["/certificate/set", "=numbers=own", &store]).await;
        assert_eq!(said.is_ok(), known, "{name}: {said:?}");
    }
}

/// Fails when: the policy of an entry is narrow by default, a name is taken twice, or an entry is lost at a reboot or in an export.
#[tokio::test]
async fn facts_7a_entries_of_the_scheduler_have_wide_policies_and_names_of_their_own() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let add = ["/system/scheduler/add", "=name=watch", "=on-event=:put x"];
        rig.ask(&add).await.expect("an entry");
        let refused = rig.ask(&add).await.expect_err("the name is taken");
        let taken =
            refused.starts_with("failure: already have ") && refused.ends_with(" with such name");
        assert!(taken, "{}: {refused}", model.name());
        let row = rig.row("/system/scheduler", "watch").await;
        let policy = "ftp,reboot,read,write,policy,test,password,sniff,sensitive,romon";
        assert_eq!(
            (row["policy"].as_str(), row["interval"].as_str()),
            (policy, "0s")
        );
        let narrow = [
            "/system/scheduler/add",
            "=name=narrow",
            "=policy=read,write",
            "=start-time=startup",
        ];
        rig.ask(&narrow).await.expect("an entry");
        let row = rig.row("/system/scheduler", "narrow").await;
        assert!(
            row["policy"].starts_with("read,write,!"),
            "{}",
            row["policy"]
        );
        rig.control("POST", "/power", &json!({ "do": "reboot" }))
            .await;
        assert_eq!(rig.rows("/system/scheduler").await.len(), 2);
        rig.ask(&["/export", "=file=all"]).await.expect("an export");
        let text = rig.row("/file", "all.rsc").await["contents"].clone();
        assert!(text.contains("name=watch"), "{text}");
        rig.control("PUT", "/device-mode", &json!({ "flagged": true }))
            .await;
        let more = ["/system/scheduler/add", "=name=more"];
        let refused = rig.ask(&more).await.expect_err("the router is flagged");
        assert!(refused.contains("configuration flagged"), "{refused}");
    }
}

/// Fails when: a session names a certificate, cannot be removed alone, or `kill-connections` takes one.
#[tokio::test]
async fn facts_7a_sessions_name_no_certificate_and_are_removed_one_by_one() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let tree = routeros_sim::tree::Tree::of(model);
        let peers = "/ip/ipsec/active-peers";
        let kill = tree.arguments(peers, "kill-connections");
        assert_eq!(kill, Some(&[][..]), "{}", model.name());
        let rows = json!([
            { "id": "fqdn:a", "remote-address": "192.0.2.1", "uptime": "1m" },
            { "id": "fqdn:b", "remote-address": "192.0.2.2", "uptime": "2m" },
        ]);
        rig.control("PUT", "/ipsec/active-peers", &rows).await;
        rig.ask(&["/ip/ipsec/active-peers/remove", "=.id=*1"])
            .await
            .expect("it is gone");
        let left = rig.rows(peers).await;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0]["id"], "fqdn:b");
        let callers = json!([
            { "name": "anna", "caller-id": "192.0.2.3", "uptime": "3m", "service": "ovpn" },
        ]);
        rig.control("PUT", "/ppp/active", &callers).await;
        let caller = rig.row("/ppp/active", "anna").await;
        for field in ["name", "caller-id", "uptime"] {
            assert!(caller.contains_key(field), "{} {field}", model.name());
        }
        for row in left.iter().chain([&caller]) {
            assert_eq!(row.get("certificate"), None, "{}", model.name());
        }
        rig.ask(&["/ip/ipsec/active-peers/kill-connections"])
            .await
            .expect("all are gone");
        assert!(rig.rows(peers).await.is_empty());
    }
}

/// Fails when: a service speaks TLS 1.3 where that is not assumed, or `only-1.2` allows it, or a service does not speak TLS 1.2.
#[tokio::test]
async fn facts_7b_services_speak_tls_1_2() {
    let authority = Authority::new();
    let own = key();
    let both = authority.leaf("r.example", &own) + &own.serialize_pem();
    let usual = Model::ALL.map(|model| (model, "absent", "any", false));
    let offered = [
        (Model::V6_49, "offered", "any", false),
        (Model::V7_16, "offered", "any", false),
        (Model::V7_20, "offered", "any", true),
        (Model::V7_24, "offered", "any", true),
        (Model::V7_24, "offered", "only-1.2", false),
    ];
    for (model, assumed, setting, newer) in usual.into_iter().chain(offered) {
        let rig = Rig::assuming(model, &[&format!("v7-tls13={assumed}")]).await;
        let rig = rig.with_file("both", &both).await;
        rig.import_file("both", "").await;
        rig.paste(&format!(
            "/ip service set api-ssl certificate=both_0 tls-version={setting}"
        ))
        .await;
        for (version, spoken) in [("-tls1_2", true), ("-tls1_3", newer)] {
            let run = s_client(rig.api_ssl, version, &[]).await;
            let shown = format!("{} {assumed} {setting} {version}", model.name());
            assert_eq!(run.status.success(), spoken, "{shown}");
        }
    }
}

/// Fails when: `strong-crypto=yes` leaves an old key exchange, or takes one that it should have.
#[tokio::test(flavor = "multi_thread")]
async fn facts_7b_strong_crypto_leaves_the_better_key_exchanges() {
    let (gex, curve) = ("diffie-hellman-group-exchange-sha256", "ecdh-sha2-nistp256");
    let (old, modern) = ("diffie-hellman-group14-sha1", "curve25519-sha256");
    let curves = "strong-crypto-kex=curves";
    let group = "strong-crypto-kex=group-exchange";
    for (model, assumed, strong, offered) in [
        (Model::V6_49, curves, "no", [gex, old].as_slice()),
        (Model::V6_49, curves, "yes", &[gex]),
        (Model::V7_9, group, "no", &[gex, old, curve, modern]),
        (Model::V7_9, group, "yes", &[gex]),
        (Model::V7_24, curves, "no", &[gex, old, curve, modern]),
        (Model::V7_24, curves, "yes", &[gex, curve]),
    ] {
        let rig = Rig::assuming(model, &[assumed]).await;
        rig.paste(&format!("/ip ssh set strong-crypto={strong}"))
            .await;
        let client = Client::new(&rig, "admin", "secret");
        for kex in [gex, curve, old, modern] {
            let kex_only = format!("KexAlgorithms={kex}");
            let words = ["-o", &kex_only, "admin@127.0.0.1", ":put in"];
            let (good, said) = client.run("ssh", &words).await;
            let expected = offered.contains(&kex);
            assert_eq!(good, expected, "{} {strong} {kex}: {said}", model.name());
        }
    }
}

/// Fails when: the host key is no RSA key by default, or `host-key-type=ed25519` changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn facts_7b_the_host_key_is_rsa_unless_chosen_otherwise() {
    for model in Model::ALL {
        for kind in ["rsa", "ed25519"] {
            let rig = Rig::start(model).await;
            let set = format!("=host-key-type={kind}");
            let said = rig.ask(&["/ip/ssh/set", &set]).await;
            assert_eq!(said.is_ok(), model.has_rest(), "{}", model.name());
            let served = if model.has_rest() { kind } else { "rsa" };
            let client = Client::new(&rig, "admin", "secret");
            let (good, said) = client.run("ssh", &["admin@127.0.0.1", ":put in"]).await;
            assert!(good, "{said}");
            let known = std::fs::read_to_string(client.path("known")).expect("a host key");
            let expected = format!(" ssh-{served} ");
            assert!(
                known.contains(&expected),
                "{} {served}: {known}",
                model.name()
            );
        }
    }
}
