//! `audit show`: every filter, and what it prints, against the whole log.

use std::time::Duration;

use ca_tests::{Algorithm, Site, run, until};
use serde_json::Value;

/// What `audit show` prints of an entry.
fn shown(row: &Value) -> String {
    let word = |key: &str| row[key].as_str().expect("a text");
    let who = match (word("actor"), word("address")) {
        ("", address) => address.to_owned(),
        (actor, address) => format!("{actor} from {address}"),
    };
    let mut text = format!("{} {} {who}\n", row["leaf"], word("time"));
    for change in changes(row) {
        text += &format!("    {change}\n");
    }
    text
}

fn changes(row: &Value) -> impl Iterator<Item = &str> {
    let changes = row["changes"].as_array().expect("a list");
    changes.iter().filter_map(Value::as_str)
}

type Passes<'a> = &'a dyn Fn(&Value) -> bool;

#[test]
fn entries_are_filtered_by_actor_name_serial_and_time_as_text_and_as_json() {
    let (site, _server) = Site::running(Algorithm::P256);
    let row = site.issue("router", "one.example.net", &[]);
    let serial = row["serial"].as_str().expect("a text");
    let anna = [
        "actor", "add", "anna", "--role", "operator", "--out", "anna",
    ];
    site.client(&anna).ok();
    let words = [
        "issue",
        "--profile",
        "router",
        "--name",
        "two.example.net",
        "--out",
        "two",
    ];
    run(&mut site.client_command_as(&site.path("anna/client.toml"), &words)).ok();
    site.client(&["revoke", "--name", "one.example.net"]).ok();
    // The CRL of it is the last leaf, and nothing more comes by itself.
    let issuer = row["issuer_id"].as_str().expect("a text");
    let all = until(Duration::from_secs(60), "the CRL is logged", || {
        let rows = site.client_json(&["audit", "show", "--limit", "1000"]);
        let rows = rows.as_array().expect("a list").clone();
        let signed = format!("crl-signed {issuer} ");
        let place = |part: &str| {
            rows.iter()
                .rposition(|row| changes(row).any(|change| change.starts_with(part)))
        };
        (place(&signed) > place("revoked ")).then_some(rows)
    });
    let time = |row: &Value| row["time"].as_str().expect("a text").to_owned();
    let (first, last) = (time(&all[0]), time(&all[all.len() - 1]));
    let names = |row: &Value, part: &str| changes(row).any(|change| change.contains(part));
    let about_one = |row: &Value| names(row, "one.example.net") || names(row, serial);
    let by = |row: &Value, actor: &str| row["actor"] == actor;
    let cases: [(&[&str], usize, Passes<'_>); 9] = [
        (&["--limit", "1000"], 8, &|_row| true),
        (&["--name", "one.*"], 2, &about_one),
        (&["--serial", serial], 2, &about_one),
        (&["--serial", &serial.to_uppercase()], 2, &about_one),
        (&["--actor", "anna"], 1, &|row| by(row, "anna")),
        (&["--actor", "admin"], 3, &|row| by(row, "admin")),
        (&["--actor", "admin", "--name", "one.*"], 2, &|row| {
            by(row, "admin") && about_one(row)
        }),
        (&["--until", &first], 1, &|row| time(row) <= first),
        (&["--since", &last], 1, &|row| time(row) >= last),
    ];
    for (words, least, passes) in cases {
        let wanted: Vec<Value> = all.iter().filter(|row| passes(row)).cloned().collect();
        assert!(wanted.len() >= least, "{words:?}: {wanted:?}");
        let words = [&["audit", "show"], words].concat();
        assert_eq!(
            site.client_json(&words),
            Value::Array(wanted.clone()),
            "{words:?}"
        );
        let text: String = wanted.iter().map(shown).collect();
        assert_eq!(site.client(&words).ok().stdout, text, "{words:?}");
    }
    for words in [["--name", "nobody.*"], ["--until", "2020-01-01T00:00:00Z"]] {
        let words = [&["audit", "show"], &words[..]].concat();
        assert_eq!(site.client_json(&words), Value::Array(Vec::new()));
        assert_eq!(site.client(&words).ok().stdout, "");
    }
    for (words, code, part) in [
        (["--actor", "nobody"], 1, "nobody"),
        (["--serial", "xyz"], 1, "serial"),
        (["--since", "noon"], 2, "`noon` is not an RFC 3339 time"),
    ] {
        let words = [&["audit", "show"], &words[..]].concat();
        site.client(&words).refused(code, &[part]);
    }
}
