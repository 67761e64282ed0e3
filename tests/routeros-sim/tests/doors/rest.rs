//! REST: verbs, status codes and bodies.

use routeros_sim::model::Model;
use serde_json::json;

use crate::facts::with_rest;
use crate::rig::Rig;

/// Fails when: PUT answers 200.
#[tokio::test]
async fn facts_1_2_each_verb_has_its_status() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let pool = json!({ ".id": "*1", "name": "p", "ranges": "10.0.0.1-10.0.0.9" });
        let body = r#"{"name":"p","ranges":"10.0.0.1-10.0.0.9"}"#;
        assert_eq!(
            rig.call("PUT", "/rest/ip/pool", body).await,
            (201, pool.clone())
        );
        assert_eq!(
            rig.call("GET", "/rest/ip/pool", "").await,
            (200, json!([pool]))
        );
        assert_eq!(
            rig.call("GET", "/rest/ip/pool/*1", "").await,
            (200, pool.clone())
        );
        assert_eq!(rig.call("GET", "/rest/ip/pool/p", "").await, (200, pool));
        let changed = json!({ ".id": "*1", "name": "q", "ranges": "10.0.0.1-10.0.0.9" });
        assert_eq!(
            rig.call("PATCH", "/rest/ip/pool/*1", r#"{"name":"q"}"#)
                .await,
            (200, changed)
        );
        let (status, body) = rig.call("DELETE", "/rest/ip/pool/q", "").await;
        assert_eq!((status, body), (204, serde_json::Value::Null));
        assert_eq!(
            rig.call("DELETE", "/rest/ip/pool/q", "").await,
            (404, json!({ "error": 404, "message": "Not Found" }))
        );
    }
}

/// Method, path and body of requests that are refused, and the status and the reason.
const REFUSED: [(&str, &str, &str, u16, &str); 9] = [
    (
        "GET",
        "/rest/ip/nothing",
        "",
        400,
        "no such command or directory (nothing)",
    ),
    (
        "POST",
        "/rest/ip/pool/dance",
        "",
        400,
        "no such command or directory (dance)",
    ),
    ("DELETE", "/rest/system/identity/x", "", 404, ""),
    (
        "PUT",
        "/rest/ip/pool",
        r#"{"nane":"p"}"#,
        400,
        "unknown parameter nane",
    ),
    (
        "PUT",
        "/rest/ip/pool",
        r#"{"name":"p","ranges":"10.0.0.2"}"#,
        400,
        "failure: already have pool with such name",
    ),
    (
        "DELETE",
        "/rest/ip/service/api",
        "",
        406,
        "no such command or directory (remove)",
    ),
    (
        "PATCH",
        "/rest/ip/pool/p",
        r#"{"ranges":"#,
        400,
        "Invalid JSON",
    ),
    (
        "POST",
        "/rest/ip/service/set",
        r#"{"numbers":"www-ssl","certificate":"nothing"}"#,
        400,
        "input does not match any value of certificate",
    ),
    (
        "POST",
        "/rest/certificate/import",
        r#"{"file-name":"","passphrase":""}"#,
        400,
        "ambiguous value of file-name, more than one possible value matches input",
    ),
];

/// Fails when: an unknown command is 400 and not 406.
#[tokio::test]
async fn facts_1_8_errors_have_status_reason_and_detail() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        rig.paste("/ip pool add name=p ranges=10.0.0.1").await;
        let long = format!(r#"{{"name":"f","contents":"{}"}}"#, "x".repeat(60_417));
        let too_long = (
            "PUT",
            "/rest/file",
            long.as_str(),
            400,
            "failure: contents too long",
        );
        for (method, path, body, status, detail) in REFUSED.into_iter().chain([too_long]) {
            let (found, value) = rig.call(method, path, body).await;
            let message = match status {
                404 => "Not Found",
                406 => "Not Acceptable",
                _ => "Bad Request",
            };
            let mut expected = json!({ "error": status, "message": message });
            if !detail.is_empty() {
                expected["detail"] = json!(detail);
            }
            assert_eq!((found, value), (status, expected), "{method} {path}");
        }
    }
}

/// Fails when: settings are an array.
#[tokio::test]
async fn facts_1_4_settings_are_one_object_and_lists_can_be_filtered() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        assert_eq!(
            rig.call("GET", "/rest/system/identity", "").await,
            (200, json!({ "name": "r1" }))
        );
        let (_, resource) = rig.call("GET", "/rest/system/resource", "").await;
        assert!(
            resource["version"]
                .as_str()
                .is_some_and(|text| text == model.version())
        );
        rig.paste("/ip pool\nadd name=a ranges=10.0.0.1\nadd name=b ranges=10.0.0.2")
            .await;
        let expected = (200, json!([{ "ranges": "10.0.0.2" }]));
        let path = "/rest/ip/pool?name=b&.proplist=ranges";
        assert_eq!(rig.call("GET", path, "").await, expected);
        let body = r#"{".proplist":["ranges"],".query":["name=b"]}"#;
        assert_eq!(
            rig.call("POST", "/rest/ip/pool/print", body).await,
            expected
        );
        let body = r#"{"name":"c","ranges":"10.0.0.3"}"#;
        assert_eq!(
            rig.call("POST", "/rest/ip/pool/add", body).await,
            (200, json!({ "ret": "*3" }))
        );
        assert_eq!(
            rig.call("POST", "/rest/ip/pool/remove", r#"{"numbers":"a,b"}"#)
                .await
                .1,
            json!([])
        );
        assert_eq!(rig.call("GET", path, "").await, (200, json!([])));
    }
}

/// Fails when: a missing policy is 403.
#[tokio::test]
async fn facts_1_8_a_missing_policy_is_500_and_a_bad_login_is_401() {
    let rig = Rig::start(Model::V7_24).await;
    rig.paste(
        "/user group add name=push policy=read,write,api,rest-api\n\
         /user group add name=blind policy=read,write,api\n\
         /user add name=bot group=push password=bot\n\
         /user add name=mole group=blind password=mole",
    )
    .await;
    let body = r#"{"name":"x","group":"full","password":"x"}"#;
    let (status, value) = rig.call_as("bot:bot", "PUT", "/rest/user", body).await;
    assert_eq!(status, 500);
    assert_eq!(value["detail"], "not enough permissions (9)");
    let body = r#"{"name":"p","ranges":"10.0.0.1"}"#;
    assert_eq!(
        rig.call_as("bot:bot", "PUT", "/rest/ip/pool", body).await.0,
        201
    );
    for who in ["mole:mole", "bot:wrong", "nobody:x"] {
        let (status, value) = rig.call_as(who, "GET", "/rest/ip/pool", "").await;
        assert_eq!(
            (status, &value["message"]),
            (401, &json!("Unauthorized")),
            "{who}"
        );
    }
}

/// Fails when: a look of bounded length is no array, or its rows name no section.
#[tokio::test]
async fn facts_1_9_a_bounded_look_is_an_array_with_sections() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let path = "/rest/system/resource/monitor";
        let (status, rows) = rig.call("POST", path, r#"{"once":""}"#).await;
        assert_eq!((status, &rows[0][".section"]), (200, &json!("0")), "{rows}");
        assert!(rows[0]["free-memory"].is_string(), "{rows}");
    }
}
