//! `router call`: any command of RouterOS over the door of the fleet file.

use std::fs;

use ca_tests::{Router, RouterOptions};

use crate::router_ground::Ground;

/// Values that would be commands if any part of the way read them as a console line.
const HOSTILE: [&str; 7] = [
    "quotes \" and ' and `",
    "$(reboot) $name",
    "[/system reboot]",
    "a; /system reset-configuration",
    "back\\slash \\\"",
    "two\nlines",
    "=password=x",
];

fn check_bootstrapped(model: &str, name: &str) {
    let ground = Ground::copied();
    let _router = ground.bare(model, name, &[]);
    check(&ground, name);
}

/// Prepares a router over SSH, compares its host key, and calls it.
fn check_over_ssh(model: &str, name: &str) {
    let ground = Ground::copied();
    let options = RouterOptions {
        bare: true,
        ..RouterOptions::default()
    };
    let router = Router::start(model, &ground.site.path("routers").join(name), options);
    let password = format!("{name}.password");
    let admin_password = router.password_file().display().to_string();
    let address = router.ssh();
    let (_, port) = address.split_once(':').expect("host and port");
    let bootstrap = |host_key: &str| {
        let words: [&[&str]; 4] = [
            &["router", "bootstrap", name, "--address", "127.0.0.1"],
            &["--door", "ssh", "--password-file", &password, "--yes"],
            &[
                "--admin",
                Router::USER,
                "--admin-password-file",
                &admin_password,
            ],
            &["--ssh-port", port, "--host-key", host_key],
        ];
        ground.client(&words.concat())
    };
    let foreign = bootstrap(&"00".repeat(32));
    assert_eq!(foreign.code, Some(1), "{foreign}");
    let shown = foreign.stderr.split_whitespace();
    let key = shown
        .map(|word| word.trim_end_matches([',', ';', '.']))
        .find(|word| word.starts_with("SHA256:"))
        .expect("the key that it has");
    let prepared = bootstrap(key).ok();
    assert!(prepared.stderr.contains("password=\"…\""), "{prepared}");
    assert!(
        prepared.stderr.contains("policy=read,write,ssh,ftp"),
        "{prepared}"
    );
    let refused = ground.add(name, "ssh", &address, &"11".repeat(32));
    assert_eq!(refused.code, Some(1), "{refused}");
    ground.add(name, "ssh", &address, key).ok();
    check(&ground, name);
    let pin = ground.fleet();
    let pin = pin.split("sha256:").nth(1).and_then(|rest| rest.get(..64));
    let pin = pin.expect("the pin of the host key");
    ground.write_fleet(&ground.fleet().replace(pin, &"22".repeat(32)));
    let (changed, document) = ground.json(&["router", "call", name, "/system/identity/print"]);
    assert_eq!(changed.code, Some(1), "{changed}");
    assert_eq!(document["error"]["code"], "unauthenticated", "{document}");
}

fn check(ground: &Ground, name: &str) {
    let call = |words: &[&str]| ground.json(&[&["router", "call", name], words].concat());

    let (_, services) = call(&["/ip/service/print", "?name=telnet"]);
    assert_eq!(services["rows"][0]["port"], "23", "{services}");
    assert_eq!(services["rows"].as_array().map(Vec::len), Some(1));
    let off = call(&["/ip/service/set", "numbers=telnet", "disabled=yes"]).0;
    assert_eq!(off.code, Some(0), "{off}");
    let (_, services) = call(&["/ip service print", "?name=telnet"]);
    let disabled = services["rows"][0]["disabled"].as_str();
    assert!(matches!(disabled, Some("true" | "yes")), "{services}");

    for value in HOSTILE {
        let set = call(&["/system/identity/set", &format!("name={value}")]).0;
        assert_eq!(set.code, Some(0), "{value}: {set}");
        let (_, identity) = call(&["/system/identity/print"]);
        assert_eq!(identity["rows"][0]["name"], value);
    }

    let unknown = call(&["/ip/nothing/print"]);
    assert_eq!(unknown.0.code, Some(1), "{}", unknown.0);
    assert_eq!(unknown.1["error"]["code"], "not-found", "{}", unknown.1);
    let absent = call(&["/ip/service/set", "numbers=*FFF", "disabled=yes"]);
    assert_eq!(absent.0.code, Some(1), "{}", absent.0);
    let wrong = call(&["/ip/service/set", "numbers=telnet", "disabled=perhaps"]);
    assert_eq!(wrong.0.code, Some(1), "{}", wrong.0);

    let plain = call(&["/user/add", "name=eve", "password=x"]);
    assert_eq!(plain.0.code, Some(2), "{}", plain.0);
    fs::write(ground.site.path("pool.name"), "from a file\n").expect("writable");
    let secret = ["--secret", "name=pool.name", "ranges=192.0.2.7-192.0.2.9"];
    let added = call(&[&["/ip/pool/add"], secret.as_slice()].concat());
    assert_eq!(added.0.code, Some(0), "{}", added.0);
    let id = added.1["ret"].as_str().expect("the id of the new row");
    let (_, pools) = call(&["/ip/pool/print"]);
    assert_eq!(pools["rows"][0][".id"], id, "{pools}");
    assert_eq!(pools["rows"][0]["name"], "from a file");
}

#[test]
fn any_command_reaches_a_router_over_rest() {
    check_bootstrapped("7.24", "berlin-01");
}

#[test]
fn any_command_reaches_a_router_over_the_binary_api() {
    check_bootstrapped("6.49", "munich-01");
}

#[test]
fn any_command_reaches_a_newer_router_over_ssh() {
    check_over_ssh("7.24", "hamburg-01");
}

#[test]
fn any_command_reaches_an_older_router_over_ssh() {
    check_over_ssh("6.49", "bremen-01");
}
