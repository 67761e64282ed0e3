//! First contact: what runs over SSH is what was shown and what one would paste, and the first key is asked for.

use ca_tests::{Router, RouterOptions};
use serde_json::{Value, json};

use crate::router_ground::Ground;

/// Starts a router without a certificate.
fn bare(ground: &Ground, model: &str, folder: &str) -> Router {
    let options = RouterOptions {
        bare: true,
        ..RouterOptions::default()
    };
    Router::start(model, &ground.site.path("routers").join(folder), options)
}

fn asked(router: &Router, path: &str) -> Value {
    let answer = router.control("GET", path, &Value::Null);
    serde_json::from_slice(&answer.body).expect("the control port speaks JSON")
}

/// What a script leaves: users, groups, services, and of certificates what no two routers have apart.
fn left(router: &Router) -> Value {
    let state = asked(router, "/state");
    let tables = ["/user", "/user/group", "/ip/service"].map(|menu| state["tables"][menu].clone());
    let certificates = state["certificates"].as_array().expect("a list").iter();
    let certificates = certificates.map(|one| {
        let names = ["name", "trusted", "made-here", "template"];
        let mut row = names.map(|name| one[name].clone()).to_vec();
        row.push(json!(one["key"].is_string()));
        row
    });
    json!({"tables": tables, "certificates": certificates.collect::<Vec<_>>()})
}

#[test]
fn a_script_run_over_ssh_was_shown_and_leaves_what_the_pasted_one_leaves() {
    let ground = Ground::copied();
    for (model, door) in [("7.24", "rest"), ("6.49", "api-ssl"), ("6.49", "ssh")] {
        let name = &format!("r{}-{door}", model.replace('.', "-"));
        let password = &format!("{name}.password");
        let pasted = bare(&ground, model, &format!("{name}-pasted"));
        let script = ground.bootstrap(name, door, password).stdout;
        let printed = pasted.console(&script);
        let secret = std::fs::read_to_string(ground.site.path(password)).expect("it was drawn");
        let secret = format!("password=\"{}\"", secret.trim());
        let shown = script.replace(&secret, "password=\"…\"");
        assert_ne!(shown, script, "{script}");

        let router = bare(&ground, model, name);
        let address = router.ssh();
        let (host, port) = address.split_once(':').expect("host and port");
        let key = host_key(host, port);
        let admin_password = router.password_file().display().to_string();
        let words = [
            &["router", "bootstrap", name, "--address", "127.0.0.1"][..],
            &["--door", door, "--password-file", password],
            &["--admin", Router::USER],
            &["--admin-password-file", &admin_password],
            &["--ssh-port", port, "--host-key", &key],
        ]
        .concat();
        let before = left(&router);
        let refused = ground.client(&words).refused(2, &["nobody is here"]);
        assert!(refused.stderr.contains(shown.trim()), "{refused}");
        assert_eq!(left(&router), before, "{model} {door}");
        assert_eq!(asked(&router, "/requests")["logins"], 0);

        let done = ground.client(&[&words[..], &["--yes"]].concat()).ok();
        assert!(done.stderr.contains(shown.trim()), "{done}");
        assert_eq!(left(&router), left(&pasted), "{model} {door}");
        let requests = asked(&router, "/requests")["requests"].to_string();
        assert!(!requests.contains("/system/resource"), "{requests}");
        let fingerprint = done.stdout.trim();
        assert_eq!(fingerprint.lines().count(), 1, "{done}");
        let address = router.door(door);
        ground.add(name, door, &address, fingerprint).ok();
        if door != "ssh" {
            assert_eq!(printed.trim().len(), fingerprint.len(), "{printed}");
        }
    }
}

fn host_key(host: &str, port: &str) -> String {
    let port = port.parse().expect("a port");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let key = runtime.block_on(ca_routeros::host_key(
        host,
        port,
        std::time::Duration::from_secs(30),
    ));
    key.expect("a host key").key().to_string()
}

#[test]
fn the_first_key_of_a_router_is_asked_for_and_kept() {
    let ground = Ground::copied();
    for (model, door) in [("7.24", "rest"), ("6.49", "api-ssl"), ("6.49", "ssh")] {
        let name = &format!("r{}-{door}", model.replace('.', "-"));
        let password = &format!("{name}.password");
        let router = bare(&ground, model, name);
        let printed = router.console(&ground.bootstrap(name, door, password).stdout);
        let address = router.door(door);
        let (host, port) = address.split_once(':').expect("host and port");
        let certificate = &format!("{name}.example.net");
        let words = [
            &["router", "add", name, "--address", host, "--port", port][..],
            &["--door", door, "--password-file", password],
            &["--certificate-name", certificate],
        ]
        .concat();
        let known = || {
            ground
                .fleet_text()
                .contains(&format!("name = \"{name}\"\n"))
        };
        ground
            .client(&words)
            .refused(2, &["nobody is here to compare it", "--fingerprint"]);
        let no = ground.attended(&words, "n");
        assert_eq!(no.code, Some(2), "{no}");
        assert!(no.stdout.contains("is it the one of the router?"), "{no}");
        if door != "ssh" {
            let fingerprint = printed.trim().lines().last().expect("it prints one");
            assert!(no.stdout.contains(fingerprint), "{no}");
        }
        assert!(!known());
        assert_eq!(asked(&router, "/requests")["logins"], 0);
        let yes = ground.attended(&words, "y");
        assert_eq!(yes.code, Some(0), "{yes}");
        assert!(known());
        // The key that was accepted is the only one that gets the login.
        ground
            .client(&["router", "call", name, "/system/identity/print"])
            .ok();
        let fleet = ground.fleet_text();
        let pin = fleet
            .rsplit("sha256:")
            .next()
            .and_then(|rest| rest.get(..64));
        let pin = pin.expect("the entry has a pin");
        ground.write_fleet(&fleet.replace(pin, &"22".repeat(32)));
        ground
            .client(&["router", "call", name, "/system/identity/print"])
            .refused(1, &["another one is pinned"]);
    }
}
