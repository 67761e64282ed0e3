//! What is known of real routers, one fact a test, each named after its number.
//!
//! The numbers are those of the sections and entries of the collection of facts about RouterOS that
//! the simulator was built from. A line `Fails when:` beside a test says with which fault of the
//! simulator it was seen failing.
//!
//! | section | where |
//! |---|---|
//! | 0 what came with which release | `boundaries`, `api`, `trust` |
//! | 1 REST | here, `rest`, `services` |
//! | 2 binary API | here, `api`, `tls_clients` |
//! | 3 files | `files`, `api`, `trust` |
//! | 4 rows of certificates | `rows`, here |
//! | 5 import | `imports`, `certificates`, here; 5.10 `control`; 5.12 `authority`; an upgrade `boundaries` |
//! | 6 CRLs | `lists`, `authority`; the test targets `openssl` and `tunnels` |
//! | 7 use of certificates | `bindings`, `trust`, `sstp`, here; the test target `tunnels`; 7a `bindings`; 7b `bindings`, `sstp`, `tls_clients` |
//! | 8 policies | `trust`, `api` |
//! | 13 what nobody found | `imports` |
//!
//! Not played: FTP; commands that go on with `.section`; flash apart from memory; a reset of the
//! configuration; the clients of SCEP and ACME; what schedules run; error texts of an SSTP client; EAP.

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyIdMethod, SerialNumber};
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

/// Fails when: a missing row is 400.
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

/// Fails when: `.proplist` in a body is an argument like others, or the second filter of a URL is passed over.
#[tokio::test]
async fn facts_1_5_a_list_is_filtered_by_the_url_or_by_query_words() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let get = "/rest/ip/service?name=api&disabled=false&.proplist=name,port";
        let row = json!([{ "name": "api", "port": "8728" }]);
        // The door's own connection is a row too, from 7.19 on.
        assert_eq!(rig.call("GET", get, "").await.1, row, "{}", model.name());
        let neither = "/rest/ip/service?name=api&disabled=true";
        assert_eq!(rig.call("GET", neither, "").await.1, json!([]));
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

/// Fails when: 0x and 0 numbers are refused.
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
        for (number, port) in [
            ("0x50", "80"),
            ("0120", "80"),
            ("0", "0"),
            (r#""0120""#, "120"),
        ] {
            let body = format!(r#"{{"numbers":"telnet","port":{number}}}"#);
            let (status, said) = rig.call("POST", "/rest/ip/service/set", &body).await;
            assert_eq!(status, 200, "{said}");
            let (_, row) = rig.call("GET", "/rest/ip/service/telnet", "").await;
            assert_eq!(row["port"], port, "{} {number}", model.name());
        }
    }
}

/// Fails when: `ret` comes in an array.
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

/// Fails when: a request may take ten minutes.
#[tokio::test(start_paused = true)]
async fn facts_1_9_a_request_that_takes_a_minute_is_closed() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let mut stream = TcpStream::connect(rig.rest_http)
            .await
            .expect("a connection");
        // The clock of the runtime stands still but for what it waits for: half of the body never comes.
        let request = "PUT /rest/ip/pool HTTP/1.1\r\nhost: r\r\ncontent-length: 9\r\n\
                       authorization: Basic YWRtaW46c2VjcmV0\r\n\r\n{\"na";
        let begun = tokio::time::Instant::now();
        stream.write_all(request.as_bytes()).await.expect("a write");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .await
            .expect("an answer and an end");
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        assert!(answer.contains(r#""detail":"Session closed""#), "{answer}");
        assert_eq!(begun.elapsed().as_secs(), 60, "{}", model.name());
    }
}

/// Fails when: `as-string` is ignored.
#[tokio::test]
async fn facts_1_9_a_script_is_a_job_or_tells_what_it_printed() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let run = async |body: Value| {
            let (status, said) = rig.call("POST", "/rest/execute", &body.to_string()).await;
            assert_eq!(status, 200, "{}: {said}", model.name());
            said["ret"].as_str().expect("a text").to_owned()
        };
        let script = ":put one; /ip pool add name=p ranges=192.0.2.1";
        assert!(run(json!({ "script": script })).await.starts_with('*'));
        assert_eq!(rig.call("GET", "/rest/ip/pool/p", "").await.0, 200);
        let script = json!({ "script": ":put [/ip pool get p ranges]", "as-string": "" });
        assert_eq!(run(script).await, "192.0.2.1", "{}", model.name());
    }
}

/// Fails when: ids are in lower case, or `sign` does not take `number`.
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
        let mut last = String::new();
        for number in 2..=10 {
            let body = json!({ "name": format!("p{number}"), "ranges": "10.0.0.1" });
            let (_, row) = rig.call("PUT", "/rest/ip/pool", &body.to_string()).await;
            last = row[".id"].as_str().expect("an id").to_owned();
        }
        assert_eq!(last, "*A", "upper case");
        let body = json!({ "numbers": "*A,p9" }).to_string();
        let removed = rig.call("POST", "/rest/ip/pool/remove", &body).await;
        assert_eq!(removed, (200, json!([])), "{}", model.name());
        assert_eq!(rig.rows("/ip/pool").await.len(), 8);
        let template = r#"{"name":"own","common-name":"own"}"#;
        let (_, row) = rig.call("PUT", "/rest/certificate", template).await;
        let body = json!({ "number": row[".id"] }).to_string();
        let signed = rig.call("POST", "/rest/certificate/sign", &body).await;
        assert_eq!(signed.0, 200, "{}", signed.1);
        assert!(
            rig.row("/certificate", "own")
                .await
                .contains_key("fingerprint")
        );
    }
}

/// Fails when: an unknown certificate is taken as none.
#[tokio::test]
async fn facts_1_12_a_service_takes_the_name_of_a_certificate() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        rig.paste("/certificate add name=own common-name=own").await;
        for (name, taken) in [("own", true), ("none", true), ("other", false)] {
            let certificate = format!("=certificate={name}");
            let words = ["/ip/service/set", "=numbers=api-ssl", &certificate];
            let text = "input does not match any value of certificate".to_owned();
            let expected = if taken { None } else { Some(text) };
            assert_eq!(rig.ask(&words).await.err(), expected, "{}", model.name());
        }
        if !model.has_rest() {
            continue;
        }
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

/// Fails when: an empty sentence ends the connection, or a length that begins with a reserved octet is read.
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
            // An empty sentence is nothing.
            client.send(&[]).await;
        }
        let mut stream = TcpStream::connect(rig.api).await.expect("a connection");
        stream.write_all(b"\xF8/login\0").await.expect("a write");
        let mut answer = Vec::new();
        // The octets behind it are unread, which may tear the connection.
        drop(stream.read_to_end(&mut answer).await);
        assert!(answer.is_empty(), "{answer:?}");
    }
}

/// Fails when: octets that are no text are lost.
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
            "\0",
            // The octets FF and 80, which are no text.
            "\u{F7FF}\u{F780}",
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

/// Fails when: an unknown menu has another text.
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
        client.talk(&["/file/print", "=file=f"]).await;
        client.talk(&["/file/print"]).await;
        let long = format!("=contents={}", "x".repeat(62_464));
        let said = client.ask(&["/file/set", "=numbers=f.txt", &long]).await;
        assert_eq!(said, Err("failure: contents too long".to_owned()));
    }
}

/// Fails when: a name does not stand for its row, or `getall` is no `print`.
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
            let printed = client.talk(&["/ip/pool/print"]).await;
            assert_eq!(printed[0][3], "=ranges=10.0.0.2");
            assert_eq!(client.talk(&["/ip/pool/getall"]).await, printed);
            assert_eq!(client.talk(&["/ip/pool/remove", item]).await, [["!done"]]);
        }
    }
}

/// Fails when: `&` does what `|` does, or ports are compared as texts.
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
            // As numbers: as texts they all would be greater.
            (&["?>port=100"], "api api-ssl winbox www-ssl"),
            (&["?certificate", "?-connection"], "api-ssl www-ssl"),
            (&["?name=ftp", "?#!", "?name=ssh"], "ssh"),
            (&["?>port=8728", "?-connection"], "api-ssl"),
            (&["?name=ftp", "?port=21", "?#&"], "ftp"),
            (&["?name=ftp", "?name=ssh", "?#&"], ""),
            (&["?name=ftp", "?#.", "?#!", "?#|", "?name=ssh"], "ssh"),
            (&["?name=ftp", "?name=ssh", "?#0"], "ftp"),
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

/// Fails when: `true` is not taken.
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
    rig.row("/certificate", name).await.into_keys().collect()
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

/// Fails when: rows made here have an issuer, one that is issued here has no `ca`, an imported one lacks a field, or hex digits are in the other case.
#[tokio::test]
async fn facts_4_rows_made_here_and_rows_imported_have_their_own_fields() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let rig = rig.with_file("leaf.pem", &with_letters()).await;
        rig.paste(
            "/certificate add name=ca common-name=ca key-usage=key-cert-sign,crl-sign\n\
             /certificate sign ca\n\
             /certificate add name=issued common-name=issued key-usage=tls-server\n\
             /certificate sign issued ca=ca",
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
        let mut issued = names_of_fields(&rig, "issued").await;
        issued.retain(|name| name != "ca");
        assert_eq!(issued, made, "{}", model.name());
        assert_eq!(rig.row("/certificate", "issued").await["ca"], "ca");
        rig.import_file("leaf.pem", "").await;
        let mut imported: Vec<&str> = made
            .into_iter()
            .filter(|name| !["authority", "issued", "private-key"].contains(name))
            .chain(["issuer"])
            .collect();
        imported.sort_unstable();
        assert_eq!(names_of_fields(&rig, "leaf.pem_0").await, imported);
        let row = rig.row("/certificate", "leaf.pem_0").await;
        let upper = |field: &str| {
            let text = &row[field];
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
        let iso = row["invalid-after"].contains('-');
        assert_eq!(iso, model > Model::V7_9);
    }
}

/// Fails when: a CA is an authority without its key, or with it where that is not assumed.
#[tokio::test]
async fn facts_4_a_ca_that_is_imported_with_its_key_is_an_authority_or_not() {
    let own = key();
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&own).expect("a CA").pem();
    let own_pem = own.serialize_pem();
    for (assumed, expected) in [("absent", None), ("with-key", Some("true"))] {
        let rig = Rig::assuming(Model::V7_24, &[&format!("imported-authority={assumed}")]).await;
        let files = [("ca", ca.as_bytes()), ("key", own_pem.as_bytes())];
        let rig = rig.with_files(&files).await;
        rig.import_file("ca", "").await;
        assert_eq!(rig.row("/certificate", "ca_0").await.get("authority"), None);
        rig.import_file("key", "").await;
        let row = rig.row("/certificate", "ca_0").await;
        assert_eq!(row.get("authority").map(String::as_str), expected);
    }
}

/// Fails when: a key before its certificate is one without a certificate.
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

/// Fails when: slashes become underscores.
#[tokio::test]
async fn facts_5_3_a_name_may_hold_stars_dots_and_slashes() {
    let leaf = Authority::new().leaf("a.example", &key());
    for model in Model::ALL {
        let rig = Rig::start(model).await.with_file("leaf.pem", &leaf).await;
        let name = "*.example.com/2026";
        rig.import_named("leaf.pem", name).await;
        assert_eq!(rig.rows("/certificate").await[0]["name"], name);
        let remove = ["/certificate/remove", "=numbers=*.example.com/2026"];
        rig.ask(&remove).await.expect("it goes by its name");
        assert_eq!(rig.rows("/certificate").await.len(), 0, "{}", model.name());
    }
}

/// Fails when: a key without a certificate is not counted, or attached to any.
#[tokio::test]
async fn facts_5_4_a_later_key_attaches_and_makes_no_row() {
    let (authority, own) = (Authority::new(), key());
    let (leaf, other) = (authority.leaf("vpn.example", &own), key());
    let (own, other) = (own.serialize_pem(), other.serialize_pem());
    for model in Model::ALL {
        let files = [
            ("leaf.pem", leaf.as_bytes()),
            ("other.pem", other.as_bytes()),
        ];
        let rig = Rig::start(model).await.with_files(&files).await;
        let rig = rig.with_file("key.pem", &own).await;
        rig.import_named("leaf.pem", "vpn").await;
        let counted = rig.import_named("other.pem", "vpn").await;
        assert_eq!(counted["keys-with-no-certificate"], "1");
        let has_key = async || {
            let row = rig.row("/certificate", "vpn").await;
            matches!(
                row.get("private-key").map(String::as_str),
                Some("true" | "yes")
            )
        };
        assert!(!has_key().await, "{}: a foreign key", model.name());
        let counted = rig.import_named("key.pem", "vpn").await;
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
        assert!(has_key().await, "{}", model.name());
        assert_eq!(rig.rows("/certificate").await.len(), 1);
        // From 7.15 on an imported file is gone; before, the key file stays.
        let files = rig.rows("/file").await;
        let kept = files.iter().any(|row| row["name"] == "key.pem");
        assert_eq!(kept, model < Model::V7_16, "{}", model.name());
    }
}

/// Fails when: 7.16 has an error for it, it is not counted before, or a passphrase that is missing opens the key.
#[tokio::test]
async fn facts_5_6_a_wrong_passphrase_is_counted_and_since_7_18_an_error() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        rig.paste("/certificate add name=own common-name=r\n/certificate sign own")
            .await;
        for passphrase in [Some("=passphrase=wrong"), Some("=passphrase="), None] {
            rig.paste("/certificate export-certificate own export-passphrase=right-one")
                .await;
            let files = rig.rows("/file").await;
            let mut names = files.iter().map(|row| row["name"].as_str());
            let name = names.find(|name| name.ends_with(".key")).expect("a key");
            let name = format!("=file-name={name}");
            let mut words = vec!["/certificate/import", name.as_str()];
            words.extend(passphrase);
            let said = rig.ask(&words).await;
            if model < Model::V7_20 {
                let counted = said.expect("counters").remove(0);
                assert_eq!(counted["decryption-failures"], "1", "{}", model.name());
                assert_eq!(counted["private-keys-imported"], "0", "{passphrase:?}");
            } else {
                let text = "failure: decryption failed".to_owned();
                assert_eq!(said, Err(text), "{} {passphrase:?}", model.name());
            }
        }
    }
}

/// Fails when: imports are not trusted.
#[tokio::test]
async fn facts_5_9_what_is_imported_is_trusted_unless_said_otherwise() {
    let (root, next) = (Authority::new().root, Authority::new().root);
    for model in Model::ALL {
        let files = [("root.pem", root.as_bytes()), ("next.pem", next.as_bytes())];
        let rig = Rig::start(model).await.with_files(&files).await;
        rig.import_named("root.pem", "root").await;
        let truth = if model.has_rest() { "true" } else { "yes" };
        assert_eq!(rig.row("/certificate", "root").await["trusted"], truth);
        let import = [
            "/certificate/import",
            "=file-name=next.pem",
            "=passphrase=",
            "=trusted=no",
        ];
        let said = rig.ask(&import).await;
        if model < Model::V7_16 {
            assert_eq!(said, Err("unknown parameter trusted".to_owned()));
            continue;
        }
        said.expect("counters");
        let row = rig.row("/certificate", "next.pem_0").await;
        assert_eq!(row.get("trusted"), None, "{}", model.name());
    }
}

/// Fails when: a file wants its whole name, or a whole name is one of two beginnings.
#[tokio::test]
async fn facts_5_11_a_file_is_named_by_a_beginning_that_only_one_has() {
    let authority = Authority::new();
    let ambiguous = "ambiguous value of file-name, more than one possible value matches input";
    for model in Model::ALL {
        let files: [(&str, &[u8]); 5] = [
            ("one.pem", b""),
            ("other.pem", b""),
            ("other2.pem", authority.root.as_bytes()),
            ("whole", authority.intermediate.as_bytes()),
            ("whole.pem", b""),
        ];
        let rig = Rig::start(model).await.with_files(&files).await;
        for (name, text) in [
            ("", ambiguous),
            ("o", ambiguous),
            ("x", "input does not match any value of file-name"),
        ] {
            let name = format!("=file-name={name}");
            let said = rig
                .ask(&["/certificate/import", &name, "=passphrase="])
                .await;
            assert_eq!(said, Err(text.to_owned()), "{} {name}", model.name());
        }
        // A whole name is meant, whatever begins with it.
        for name in ["other2", "whole"] {
            let counted = rig.import_file(name, "").await;
            assert_eq!(counted["certificates-imported"], "1", "{name}");
        }
    }
}

/// Fails when: the dead id is shown.
#[tokio::test]
async fn facts_7_a_removed_certificate_leaves_a_service_without_one() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        rig.paste(
            "/certificate add name=own common-name=own\n/certificate sign own\n\
             /ip service set api-ssl certificate=own\n/certificate set own name=new",
        )
        .await;
        let row = rig.row("/ip/service", "api-ssl").await;
        assert_eq!(row["certificate"], "new", "a reference is to the object");
        rig.paste("/certificate remove new").await;
        let row = rig.row("/ip/service", "api-ssl").await;
        let truth = if model.has_rest() { "true" } else { "yes" };
        let shown = (row["certificate"].as_str(), row["invalid"].as_str());
        assert_eq!(shown, ("none", truth), "{}", model.name());
    }
}
