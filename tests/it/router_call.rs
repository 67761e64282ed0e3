//! `router call`: any command of RouterOS over the door of the fleet file.

use std::fs;

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

fn check(model: &str, name: &str) {
    let ground = Ground::copied();
    let _router = ground.bare(model, name, &[]);
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
    check("7.24", "berlin-01");
}

#[test]
fn any_command_reaches_a_router_over_the_binary_api() {
    check("6.49", "munich-01");
}
