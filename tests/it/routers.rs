//! Certificates into routers: from an empty router to a tunnel, and out again.

use std::{fs, time::Duration};

use ca_tests::{
    ANNA, BERLIN, BERLIN_NET, BERLIN_WISHES, Charon, MUNICH, MUNICH_NET, MUNICH_WISHES, Network,
    RoadWarrior, Router, Spine, until,
};

use crate::router_ground::Ground;

/// Anna gets a `.p12` file, and goes on the road with it.
fn anna(ground: &Ground, network: &Network) -> RoadWarrior {
    let passphrase = ground.site.path("anna-passphrase");
    fs::write(&passphrase, "four words are enough\n").expect("the test directory is writable");
    let passphrase = passphrase.to_str().expect("UTF-8");
    ground.site.issue(
        "vpn-client",
        ANNA,
        &["--p12", "--key-passphrase-file", passphrase],
    );
    let (folder, issued) = (ground.site.path("road"), ground.site.path(ANNA));
    Spine::anna(network, &folder, &issued, "four words are enough")
}

/// Revokes a certificate and lets munich fetch the CRL that has it.
fn revoke(ground: &Ground, munich_router: &Router, name: &str, class: &str, munich: &Charon) {
    let issuer = &ground.site.issuers()[class];
    let before = ground.site.crl(issuer);
    ground
        .site
        .client(&["revoke", "--name", name, "--reason", "key-compromise"])
        .ok();
    until(Duration::from_secs(60), "a new CRL", || {
        (ground.site.crl(issuer) != before).then_some(())
    });
    munich_router.console("/certificate crl download\n");
    munich_router.export_strongswan(&ground.site.path("munich-charon"));
    munich.reload();
}

#[test]
fn two_routers_get_a_tunnel_and_lose_it_by_revocation() {
    let ground = Ground::new();
    let spine = Spine::start(&ground.site.path("routers"));
    let (berlin_router, munich_router) = (&spine.berlin, &spine.munich);
    ground.adopt(berlin_router, BERLIN, BERLIN_WISHES);
    ground.adopt(munich_router, MUNICH, MUNICH_WISHES);
    let fleet = ground.fleet();
    ground.write_fleet(&fleet.replace("# crl-use = true", "crl-use = true"));

    let plan = ground.client(&["router", "plan"]).ok();
    for part in [
        "/certificate/crl",
        "www-ssl",
        "api-ssl",
        "munich",
        "fqdn:berlin-01.example.net",
    ] {
        assert!(
            plan.stdout.contains(part),
            "no `{part}` in the plan:\n{}",
            plan.stdout
        );
    }
    let unproved = ground.client(&["router", "push", "--yes"]);
    assert_eq!(
        unproved.code,
        Some(1),
        "a tunnel that nobody dialled: {unproved}"
    );
    assert!(unproved.stdout.contains("unproved"), "{unproved}");

    let network = Spine::network();
    let folder = |host: &str| ground.site.path(&format!("{host}-charon"));
    let munich = Spine::charon(munich_router, &network, "munich", &folder("munich"));
    let berlin = Spine::charon(berlin_router, &network, "berlin", &folder("berlin"));
    let child = Spine::tunnel_of(&folder("berlin"), "munich");
    berlin
        .initiate(&child)
        .unwrap_or_else(|why| panic!("{why}"));
    network.host("berlin").ping(BERLIN_NET, MUNICH_NET).ok();
    let road = anna(&ground, &network);
    road.dial().unwrap_or_else(|why| panic!("{why}"));
    network
        .host("road")
        .ping(road.virtual_address(), MUNICH_NET)
        .ok();
    berlin_router.feed_back(&berlin.sas());
    munich_router.feed_back(&munich.sas());
    let verified = ground.client(&["router", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified}");
    let again = ground.client(&["router", "push", "--yes"]);
    assert_eq!(again.code, Some(0), "{again}");
    assert!(
        again.stdout.contains("nothing to do") || !again.stdout.contains("unproved"),
        "{again}"
    );

    road.hang_up();
    for connection in berlin.sas() {
        berlin.terminate(&connection.name);
    }
    revoke(&ground, munich_router, ANNA, "vpn-client", &munich);
    assert!(road.dial().is_err(), "a revoked person dials in");
    revoke(
        &ground,
        munich_router,
        "berlin-01.example.net",
        "router",
        &munich,
    );
    assert!(
        berlin.initiate(&child).is_err(),
        "a revoked router dials in"
    );
    assert!(
        munich.log().contains("certificate was revoked"),
        "{}",
        munich.log()
    );
    let plan = ground.client(&["router", "plan", BERLIN]).ok();
    assert!(
        plan.stdout.contains("new key"),
        "a revoked certificate stays in use: {plan}"
    );
}
