//! Ways for a file onto the router, and what it looks like there.

use std::fs;

use routeros_sim::model::Model;
use serde_json::json;

use crate::facts::{POOL, with_rest};
use crate::rig::Rig;
use crate::ssh::Client;

/// Fails when: SFTP wants the service `ftp`, keeps a leading slash, or lets a user in without the policy `ftp`.
#[tokio::test(flavor = "multi_thread")]
async fn facts_3_sftp_and_scp_take_any_size_from_who_has_the_policies() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        rig.paste(
            "/ip service disable ftp\n\
             /user group add name=look policy=ssh,read,write\n\
             /user add name=eve password=pw group=look",
        )
        .await;
        let client = Client::new(&rig, "admin", "secret");
        let local = client.path("local");
        fs::write(&local, vec![7_u8; 70_000]).expect("a file");
        let batch = format!("put {local} one.p12\nput {local} /two.p12\n");
        let (good, said) = client.sftp(&batch).await;
        assert!(good, "{}: {said}", model.name());
        let words = ["-O", &local, "admin@127.0.0.1:three.p12"];
        let (good, said) = client.run("scp", &words).await;
        assert!(good, "{}: {said}", model.name());
        for name in ["one.p12", "two.p12", "three.p12"] {
            assert_eq!(rig.row("/file", name).await["size"], "70000");
        }
        let eve = Client::new(&rig, "eve", "pw");
        assert!(!eve.sftp("ls\n").await.0, "without `ftp`");
    }
}

/// Fails when: an error gives another exit code than success, or a line of the answer ends without CR.
#[tokio::test(flavor = "multi_thread")]
async fn facts_3_ssh_has_no_useful_exit_code_and_ends_lines_with_crlf() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let client = Client::new(&rig, "admin", "secret");
        for (command, text) in [
            (":put one; :put two", "one\r\ntwo\r\n"),
            (
                "/ip pool add nme=p",
                "expected end of command (line 1 column 14)\r\n",
            ),
            ("/ip pool remove *9", "no such item\r\n"),
        ] {
            let said = client.run("ssh", &["admin@127.0.0.1", command]).await;
            assert_eq!(said, (true, text.to_owned()), "{}", model.name());
        }
    }
}

/// Fails when: 60,416 octets are refused, or 62,464 are taken.
#[tokio::test]
async fn facts_3_contents_are_text_of_60_kib_at_most() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        for (length, status) in [(60_416, 201), (62_464, 400)] {
            let body = json!({ "name": format!("{length}"), "contents": "x".repeat(length) });
            let (found, said) = rig.call("PUT", "/rest/file", &body.to_string()).await;
            assert_eq!(found, status, "{} {length}", model.name());
            if status == 400 {
                assert_eq!(said["detail"], "failure: contents too long");
            }
        }
    }
}

/// Fails when: the second file of a name is taken, or `set` does not replace what is in it.
#[tokio::test]
async fn facts_3_a_name_is_taken_once_and_its_contents_are_replaced() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let body = r#"{"name":"a.txt","contents":"old"}"#;
        assert_eq!(rig.call("PUT", "/rest/file", body).await.0, 201);
        let (status, said) = rig.call("PUT", "/rest/file", body).await;
        assert_eq!(status, 400);
        let detail = said["detail"].as_str().expect("a text");
        assert!(detail.contains("already exists"), "{detail}");
        let body = r#"{"contents":"new"}"#;
        assert_eq!(rig.call("PATCH", "/rest/file/a.txt", body).await.0, 200);
        let row = rig.row("/file", "a.txt").await;
        assert_eq!(
            (row["contents"].as_str(), row["size"].as_str()),
            ("new", "3")
        );
    }
}

/// Fails when: `type` does not follow the name, or binary octets come as `contents`.
#[tokio::test]
async fn facts_3_a_type_follows_from_the_name() {
    for model in Model::ALL {
        let files: [(&str, &[u8]); 3] = [("a.crt", b"x"), ("b.txt", b"x"), ("c.p12", &[0xFF])];
        let rig = Rig::start(model).await.with_files(&files).await;
        for (name, kind) in [
            ("a.crt", ".crt file"),
            ("b.txt", ".txt file"),
            ("c.p12", ".p12 file"),
        ] {
            let row = rig.row("/file", name).await;
            assert_eq!(row["type"], kind, "{}", model.name());
            assert_eq!(row.contains_key("contents"), name != "c.p12", "{name}");
        }
        if model >= Model::V7_16 {
            let words = ["/file/add", "=name=d", "=type=directory"];
            rig.ask(&words).await.expect("a directory");
            assert_eq!(rig.row("/file", "d").await["type"], "directory");
        }
    }
}

/// Fails when: a power cut leaves what was written 5 s before, or takes what is older.
#[tokio::test]
async fn facts_3_a_write_reaches_the_flash_after_40_seconds() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        for (seconds, status) in [(5, 404), (41, 200)] {
            assert_eq!(rig.call("PUT", "/rest/ip/pool", POOL).await.0, 201);
            rig.control("POST", "/time", &json!({ "seconds": seconds }))
                .await;
            rig.control("POST", "/power", &json!({ "do": "loss" }))
                .await;
            let found = rig.call("GET", "/rest/ip/pool/p", "").await.0;
            assert_eq!(found, status, "{} {seconds}", model.name());
        }
    }
}

/// Fails when: `/tool/fetch` is done without the policy `test`, in a device mode that forbids it, or uploads.
#[tokio::test]
async fn facts_3_a_fetch_wants_its_policy_and_its_device_mode() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        rig.paste(
            "/user group add name=g policy=read,write,rest-api\n\
             /user add name=bot group=g password=pw",
        )
        .await;
        let url = format!("http://{}/rest", rig.rest_http);
        let body = json!({ "url": url }).to_string();
        let (status, said) = rig
            .call_as("bot:pw", "POST", "/rest/tool/fetch", &body)
            .await;
        let denied = json!("not enough permissions (9)");
        assert_eq!((status, &said["detail"]), (500, &denied));
        let upload = json!({ "url": url, "upload": "yes" }).to_string();
        assert_eq!(rig.call("POST", "/rest/tool/fetch", &upload).await.0, 400);
        rig.control("PUT", "/device-mode", &json!({ "fetch": false }))
            .await;
        let (status, said) = rig.call("POST", "/rest/tool/fetch", &body).await;
        let text = json!("failure: not allowed by device-mode");
        assert_eq!((status, &said["detail"]), (400, &text), "{}", model.name());
    }
}
