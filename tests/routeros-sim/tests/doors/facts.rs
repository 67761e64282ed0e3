//! What is known of real routers, one numbered fact a test, each named after it.
//!
//! The numbers are those of the sections and entries of the collection of facts about RouterOS that
//! the simulator was built from: 1 REST, 2 binary API, 4 certificate rows, 5 import, 6 CRLs, 7 use of
//! certificates.
//!
//! | section | here or in the file named | not covered yet |
//! |---|---|---|
//! | 1 | 1.1, 1.11, 1.13 `services`; 1.2, 1.4, 1.8 `rest`; 1.3, 1.5, 1.6, 1.7, 1.9, 1.10, 1.12 | `/rest/execute` of 1.9 |
//! | 2 | 2.3, 2.4, 2.8, 2.10 `api`; 2.1, 2.2, 2.5, 2.6, 2.7, 2.11 | anonymous DH of 2.9: ordinary clients get alert 40 |
//! | 4 | 4 (keys of both kinds of row, version by version) | keys of ACME rows |
//! | 5 | 5.2, 5.8, 5.10 `certificates`, `control`; 5.12 `authority`; 5.1, 5.3, 5.4, 5.6, 5.9, 5.11 | 5.5 is an assumption; 5.7 `tests/openssl.rs`; 5.13 |
//! | 6 | 6 `control` | hourly refresh, RAM limit, SCEP, ACME |
//! | 7 | 7 (bound chain, dead reference) `services`; 7 (two CAs of one name) `trust` | IPsec, SSTP and OpenVPN planes |
//! | 0, 3, 8 | trust stores, fetch over https, policies `trust`; SSH keys `ssh` | |

use rcgen::{CertificateParams, IsCa, KeyIdMethod, SerialNumber};
use routeros_sim::model::Model;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::api::Client;
use crate::rig::{Authority, Rig, key};

pub(crate) const POOL: &str = r#"{"name":"p","ranges":"10.0.0.1-10.0.0.9"}"#;

pub(crate) fn with_rest() -> impl Iterator<Item = Model> {
    Model::ALL.into_iter().filter(|model| model.has_rest())
}

#[tokio::test]
async fn facts_1_3_put_and_patch_return_the_row_and_a_second_delete_is_404() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let row = json!({ ".id": "*1", "name": "p", "ranges": "10.0.0.1-10.0.0.9" });
        assert_eq!(rig.call("PUT", "/rest/ip/pool", POOL).await, (201, row));
        let (status, row) = rig
            .call("PATCH", "/rest/ip/pool/p", r#"{"ranges":"10.0.0.2"}"#)
            .await;
        assert_eq!((status, &row["ranges"]), (200, &json!("10.0.0.2")));
        assert_eq!(rig.call("DELETE", "/rest/ip/pool/*1", "").await.0, 204);
        let missing = json!({ "error": 404, "message": "Not Found" });
        assert_eq!(
            rig.call("DELETE", "/rest/ip/pool/*1", "").await,
            (404, missing)
        );
    }
}

#[tokio::test]
async fn facts_1_5_a_list_is_filtered_by_the_url_or_by_query_words() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let get = "/rest/ip/service?name=api&disabled=false&.proplist=name,port";
        let row = json!([{ "name": "api", "port": "8728" }]);
        // The door's own connection is a row too, from 7.19 on.
        assert_eq!(rig.call("GET", get, "").await.1, row, "{}", model.name());
        for proplist in [json!("name"), json!(["name"])] {
            let body = json!({
                ".proplist": proplist,
                ".query": ["name=ftp", "name=ssh", "#|", "-connection"],
            });
            let (status, rows) = rig
                .call("POST", "/rest/ip/service/print", &body.to_string())
                .await;
            let expected = json!([{ "name": "ftp" }, { "name": "ssh" }]);
            assert_eq!((status, rows), (200, expected));
        }
    }
}

#[tokio::test]
async fn facts_1_6_every_value_is_a_string_and_numbers_may_be_sent() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let body = r#"{"numbers":"telnet","port":2323,"disabled":true}"#;
        assert_eq!(
            rig.call("POST", "/rest/ip/service/set", body).await,
            (200, json!([]))
        );
        let (_, row) = rig.call("GET", "/rest/ip/service/telnet", "").await;
        assert_eq!(
            (&row["port"], &row["disabled"]),
            (&json!("2323"), &json!("true"))
        );
        let texts = row.as_object().expect("a row").values();
        assert!(texts.into_iter().all(Value::is_string), "{row}");
    }
}

#[tokio::test]
async fn facts_1_7_a_command_answers_with_rows_or_its_result_or_nothing() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let added = rig.call("POST", "/rest/ip/pool/add", POOL).await;
        assert_eq!(added, (200, json!({ "ret": "*1" })));
        let rows = rig.call("POST", "/rest/ip/pool/print", "").await.1;
        assert_eq!(rows[0]["name"], "p");
        let body = r#"{".id":"*1"}"#;
        let removed = rig.call("POST", "/rest/ip/pool/remove", body).await;
        assert_eq!(removed, (200, json!([])));
    }
}

#[tokio::test(start_paused = true)]
async fn facts_1_9_a_request_that_takes_a_minute_is_closed() {
    let rig = Rig::start(Model::V7_24).await;
    let mut stream = TcpStream::connect(rig.rest_http)
        .await
        .expect("a connection");
    // The clock of the runtime stands still but for what it waits for: half of the body never comes.
    let request = "PUT /rest/ip/pool HTTP/1.1\r\nhost: r\r\ncontent-length: 9\r\n\
                   authorization: Basic YWRtaW46c2VjcmV0\r\n\r\n{\"na";
    stream.write_all(request.as_bytes()).await.expect("a write");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .await
        .expect("an answer and an end");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains(r#""detail":"Session closed""#), "{answer}");
}

#[tokio::test]
async fn facts_1_10_an_item_goes_by_its_id_or_its_name() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        rig.call("PUT", "/rest/ip/pool", POOL).await;
        let by_name = rig.call("GET", "/rest/ip/pool/p", "").await;
        assert_eq!(by_name, rig.call("GET", "/rest/ip/pool/*1", "").await);
        for named in [
            json!({ "numbers": "p", "comment": "a" }),
            json!({ ".id": "*1", "comment": "b" }),
        ] {
            let path = "/rest/ip/pool/set";
            let (status, body) = rig.call("POST", path, &named.to_string()).await;
            assert_eq!((status, body), (200, json!([])), "{}", model.name());
        }
        let (_, row) = rig.call("GET", "/rest/ip/pool/p", "").await;
        assert_eq!(row["comment"], "b");
    }
}

#[tokio::test]
async fn facts_1_12_a_service_takes_the_name_of_a_certificate() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        rig.paste("/certificate add name=own common-name=own").await;
        for (name, status) in [("own", 200), ("none", 200), ("other", 400)] {
            let body = json!({ "numbers": "api-ssl", "certificate": name }).to_string();
            let (found, said) = rig.call("POST", "/rest/ip/service/set", &body).await;
            assert_eq!(found, status, "{said}");
            if status == 400 {
                let text = "input does not match any value of certificate";
                assert_eq!(said["detail"], text);
            }
        }
    }
}

#[tokio::test]
async fn facts_2_1_words_of_every_length_arrive_whole() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let mut client = Client::logged_in(&rig).await;
        for length in [0, 0x7f, 0x80, 0x3fff, 0x4000] {
            let comment = "x".repeat(length);
            let set = format!("=comment={comment}");
            let words = ["/user/set", "=numbers=admin", set.as_str()];
            assert_eq!(client.talk(&words).await, [["!done"]]);
            let get = ["/user/get", "=number=admin", "=value-name=comment"];
            let ret = format!("=ret={comment}");
            assert_eq!(client.talk(&get).await, [["!done", ret.as_str()]]);
        }
    }
}

#[tokio::test]
async fn facts_2_2_a_value_may_hold_anything_and_the_tag_comes_back() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let mut client = Client::logged_in(&rig).await;
        for value in [
            "a=b",
            "line\nline",
            "\"$[x]\"",
            "",
            "=",
            "?x",
            ".tag=2",
            "ü",
        ] {
            let set = format!("=comment={value}");
            let words = ["/user/set", "=numbers=admin", set.as_str(), ".tag=t"];
            assert_eq!(client.talk(&words).await, [["!done", ".tag=t"]]);
            let print = ["/user/print", "=.proplist=comment", ".tag=u"];
            let word = format!("=comment={value}");
            assert_eq!(
                client.talk(&print).await,
                [
                    vec!["!re", word.as_str(), ".tag=u"],
                    vec!["!done", ".tag=u"]
                ]
            );
        }
    }
}

#[tokio::test]
async fn facts_2_5_the_texts_of_refusals() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let mut client = Client::logged_in(&rig).await;
        client
            .talk(&["/ip/pool/add", "=name=p", "=ranges=10.0.0.1"])
            .await;
        for (words, text) in [
            (&["/ip/pool/remove", "=numbers=*99"][..], "no such item"),
            (&["/nothing/print"], "no such command prefix"),
            (&["/ip/pool/dance"], "no such command"),
            (&["/ip/pool/add", "=nane=p"], "unknown parameter nane"),
            (
                &["/ip/service/set", "=numbers=api", "=port=x"],
                "invalid value for argument port",
            ),
            (
                &["/ip/service/set", "=numbers=api", "=disabled=x"],
                "input does not match any value of disabled",
            ),
            (
                &["/ip/pool/add", "=name=p", "=ranges=10.0.0.2"],
                "failure: already have pool with such name",
            ),
        ] {
            let said = client.talk(words).await;
            let message = format!("=message={text}");
            assert!(said[0].contains(&message), "{}: {said:?}", model.name());
            assert_eq!(said.last().expect("an end"), &["!done"]);
        }
    }
}

#[tokio::test]
async fn facts_2_6_a_row_is_set_and_removed_by_id_or_name() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let mut client = Client::logged_in(&rig).await;
        let add = ["/ip/pool/add", "=name=p", "=ranges=10.0.0.1"];
        for (number, item) in ["=.id=*1", "=numbers=*2", "=numbers=p", "=.id=p"]
            .into_iter()
            .enumerate()
        {
            let ret = format!("=ret=*{}", number + 1);
            assert_eq!(client.talk(&add).await, [["!done", ret.as_str()]]);
            let set = ["/ip/pool/set", item, "=ranges=10.0.0.2"];
            assert_eq!(client.talk(&set).await, [["!done"]]);
            assert_eq!(client.talk(&["/ip/pool/remove", item]).await, [["!done"]]);
        }
    }
}

#[tokio::test]
async fn facts_2_7_query_words_are_a_stack() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let mut client = Client::logged_in(&rig).await;
        for (query, expected) in [
            (&["?name=ftp"][..], "ftp"),
            (&["?name=ftp", "?name=ssh"], ""),
            (&["?name=ftp", "?name=ssh", "?#|"], "ftp ssh"),
            (&["?>port=8000", "?<port=8729"], "api winbox"),
            (&["?certificate", "?-connection"], "api-ssl www-ssl"),
            (&["?name=ftp", "?#!", "?name=ssh"], "ssh"),
            (&["?>port=8728", "?-connection"], "api-ssl"),
        ] {
            let mut words = vec!["/ip/service/print", "=.proplist=name"];
            words.extend(query);
            words.push("?-connection");
            let mut names: Vec<String> = client
                .talk(&words)
                .await
                .iter()
                .filter_map(|words| words.get(1)?.strip_prefix("=name=").map(String::from))
                .collect();
            names.sort();
            assert_eq!(names.join(" "), expected, "{}: {query:?}", model.name());
        }
    }
}

#[tokio::test]
async fn facts_2_11_truths_are_taken_in_both_spellings_and_printed_by_version() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let mut client = Client::logged_in(&rig).await;
        let printed = if model.has_rest() {
            ["true", "false"]
        } else {
            ["yes", "no"]
        };
        for (sent, shown) in [("yes", 0), ("false", 1), ("true", 0), ("no", 1)] {
            let set = format!("=disabled={sent}");
            client
                .talk(&["/ip/service/set", "=numbers=ftp", set.as_str()])
                .await;
            let get = ["/ip/service/get", "=number=ftp", "=value-name=disabled"];
            let ret = format!("=ret={}", printed[shown]);
            assert_eq!(client.talk(&get).await, [["!done", ret.as_str()]]);
        }
    }
}

async fn names_of_fields(rig: &Rig, name: &str) -> Vec<String> {
    let (_, row) = rig
        .call("GET", &format!("/rest/certificate/{name}"), "")
        .await;
    row.as_object().expect("a row").keys().cloned().collect()
}

/// A certificate whose serial number and key identifier have letters in them.
fn with_letters() -> String {
    let mut params = CertificateParams::new(vec!["vpn.example".to_owned()]).expect("a name");
    params.serial_number = Some(SerialNumber::from(vec![0x5a, 0xbc, 0xde]));
    params.key_identifier_method = KeyIdMethod::PreSpecified(vec![0xab; 20]);
    params.is_ca = IsCa::ExplicitNoCa;
    let authority = Authority::new();
    let leaf = params.signed_by(&key(), authority.issuer());
    leaf.expect("a certificate").pem()
}

#[tokio::test]
async fn facts_4_rows_made_here_and_rows_imported_have_their_own_fields() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        rig.paste(
            "/certificate add name=ca common-name=ca key-usage=key-cert-sign,crl-sign\n\
             /certificate sign ca",
        )
        .await;
        let store = if model == Model::V7_24 {
            "trust-store"
        } else {
            "smart-card-key"
        };
        let mut made: Vec<&str> = ".id akid authority common-name crl days-valid digest-algorithm \
             expires-after fingerprint invalid-after invalid-before issued key-size key-type \
             key-usage name private-key serial-number skid subject-alt-name trusted"
            .split_whitespace()
            .chain([store])
            .collect();
        made.sort_unstable();
        assert_eq!(names_of_fields(&rig, "ca").await, made, "{}", model.name());
        rig.upload("leaf.pem", &with_letters()).await;
        rig.import("leaf.pem", "vpn").await;
        let mut imported: Vec<&str> = made
            .into_iter()
            .filter(|name| !["authority", "issued", "private-key"].contains(name))
            .chain(["issuer"])
            .collect();
        imported.sort_unstable();
        assert_eq!(names_of_fields(&rig, "vpn").await, imported);
        let (_, row) = rig.call("GET", "/rest/certificate/vpn", "").await;
        let upper = |field: &str| {
            let text = row[field].as_str().expect("hex");
            let mut letters = text.chars().filter(|c| c.is_ascii_alphabetic());
            let first = letters.next().unwrap_or_else(|| panic!("{field}: {text}"));
            assert!(letters.all(|c| c.is_ascii_uppercase() == first.is_ascii_uppercase()));
            first.is_ascii_uppercase()
        };
        let newer = model >= Model::V7_20;
        assert_eq!(
            (upper("serial-number"), upper("skid")),
            (!newer, newer),
            "{}",
            model.name()
        );
        assert!(!upper("fingerprint"));
        let iso = row["invalid-after"].as_str().expect("a date").contains('-');
        assert_eq!(iso, model > Model::V7_9);
    }
}

#[tokio::test]
async fn facts_5_1_one_pem_file_may_hold_chain_and_key_in_any_order() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let (authority, key) = (Authority::new(), key());
        let leaf = authority.leaf("vpn.example", &key);
        let parts = [
            key.serialize_pem(),
            leaf,
            authority.intermediate.clone(),
            authority.root.clone(),
        ];
        rig.upload("all.pem", &parts.concat()).await;
        let counted = rig.import("all.pem", "vpn").await;
        assert_eq!(counted["certificates-imported"], "3");
        assert_eq!(counted["private-keys-imported"], "1");
        let (_, rows) = rig
            .call("GET", "/rest/certificate?private-key=true", "")
            .await;
        assert_eq!(rows[0]["name"], "vpn", "{}", model.name());
        assert_eq!(rows.as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn facts_5_3_a_name_may_hold_stars_dots_and_slashes() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        rig.upload("leaf.pem", &Authority::new().leaf("a.example", &key()))
            .await;
        rig.import("leaf.pem", "*.example.com/2026").await;
        let (_, rows) = rig.call("GET", "/rest/certificate", "").await;
        assert_eq!(rows[0]["name"], "*.example.com/2026");
        let body = r#"{"numbers":"*.example.com/2026"}"#;
        let removed = rig.call("POST", "/rest/certificate/remove", body).await;
        assert_eq!(removed.0, 200, "{}", removed.1);
    }
}

#[tokio::test]
async fn facts_5_4_a_later_key_attaches_and_makes_no_row() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let (authority, key) = (Authority::new(), key());
        rig.upload("leaf.pem", &authority.leaf("vpn.example", &key))
            .await;
        rig.import("leaf.pem", "vpn").await;
        rig.upload("key.pem", &key.serialize_pem()).await;
        let counted = rig.import("key.pem", "vpn").await;
        let counters = [
            ("certificates-imported", "0"),
            ("private-keys-imported", "1"),
            ("files-imported", "1"),
            ("decryption-failures", "0"),
            ("keys-with-no-certificate", "0"),
        ];
        for (name, count) in counters {
            assert_eq!(counted[name], count, "{}: {name}", model.name());
        }
        let (_, rows) = rig.call("GET", "/rest/certificate", "").await;
        assert_eq!(rows.as_array().map(Vec::len), Some(1));
        assert_eq!(rows[0]["private-key"], "true");
        // From 7.15 on an imported file is gone; before, the key file stays.
        let (_, files) = rig.call("GET", "/rest/file?name=key.pem", "").await;
        let kept = usize::from(model < Model::V7_16);
        assert_eq!(files.as_array().map(Vec::len), Some(kept));
    }
}

#[tokio::test]
async fn facts_5_6_a_wrong_passphrase_is_counted_and_since_7_18_an_error() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        rig.paste(
            "/certificate add name=own common-name=r\n/certificate sign own\n\
             /certificate export-certificate own file-name=out export-passphrase=right",
        )
        .await;
        let body = r#"{"file-name":"out.key","passphrase":"wrong"}"#;
        let (status, said) = rig.call("POST", "/rest/certificate/import", body).await;
        if model < Model::V7_20 {
            assert_eq!(status, 200, "{said}");
            assert_eq!(said[0]["decryption-failures"], "1");
        } else {
            assert_eq!(status, 400, "{}: {said}", model.name());
        }
    }
}

#[tokio::test]
async fn facts_5_9_what_is_imported_is_trusted_unless_said_otherwise() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        rig.upload("root.pem", &Authority::new().root).await;
        rig.import("root.pem", "root").await;
        let (_, row) = rig.call("GET", "/rest/certificate/root", "").await;
        assert_eq!(row["trusted"], "true");
        rig.upload("next.pem", &Authority::new().root).await;
        let body = r#"{"file-name":"next.pem","passphrase":"","name":"b","trusted":"no"}"#;
        let (status, said) = rig.call("POST", "/rest/certificate/import", body).await;
        if model < Model::V7_16 {
            assert_eq!(said["detail"], "unknown parameter trusted");
            continue;
        }
        assert_eq!(status, 200, "{said}");
        let (_, row) = rig.call("GET", "/rest/certificate/b", "").await;
        assert_eq!(row.get("trusted"), None, "{}", model.name());
    }
}

#[tokio::test]
async fn facts_5_11_a_file_is_named_by_a_beginning_that_only_one_has() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        rig.upload("one.pem", "").await;
        rig.upload("other.pem", "").await;
        for (name, text) in [
            (
                "",
                "ambiguous value of file-name, more than one possible value matches input",
            ),
            (
                "o",
                "ambiguous value of file-name, more than one possible value matches input",
            ),
            ("x", "input does not match any value of file-name"),
        ] {
            let body = json!({ "file-name": name, "passphrase": "" }).to_string();
            let (status, said) = rig.call("POST", "/rest/certificate/import", &body).await;
            assert_eq!((status, &said["detail"]), (400, &json!(text)));
        }
        rig.upload("other2.pem", &Authority::new().root).await;
        assert_eq!(
            rig.import("other2", "r").await["certificates-imported"],
            "1"
        );
    }
}

#[tokio::test]
async fn facts_7_a_removed_certificate_leaves_a_service_without_one() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        rig.paste(
            "/certificate add name=own common-name=own\n/certificate sign own\n\
             /ip service set api-ssl certificate=own\n/certificate set own name=new",
        )
        .await;
        let shown = || async { rig.call("GET", "/rest/ip/service/api-ssl", "").await.1 };
        let row = shown().await;
        assert_eq!(row["certificate"], "new", "a reference is to the object");
        rig.paste("/certificate remove new").await;
        let row = shown().await;
        assert_eq!(
            (&row["certificate"], &row["invalid"]),
            (&json!("none"), &json!("true"))
        );
    }
}
