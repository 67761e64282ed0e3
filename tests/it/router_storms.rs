//! Pushes to routers whose links, power and releases do not hold still.

use ca_tests::Router;
use serde_json::{Value, json};

use crate::router_ground::Ground;
use crate::router_push::{
    leaf, left_no_file, nothing_is_to_do, serves_what_was_pushed, shown, state,
};

const V7: &str = "7.24";
const V6: &str = "6.49";

#[track_caller]
fn tell(router: &Router, method: &str, path: &str, body: &Value) {
    let answer = router.control(method, path, body);
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 204, "{path}: {text}");
}

/// The valid certificates that the CA knows of a router.
fn valid(ground: &Ground, name: &str) -> usize {
    let name = format!("{name}.example.net");
    let rows = ground
        .site
        .client_json(&["list", "--name", &name, "--state", "valid"]);
    rows.as_array().expect("a list").len()
}

#[test]
fn whatever_chance_does_to_a_push_the_door_works_and_the_next_push_mends_it() {
    let ground = Ground::copied();
    let routers = [
        (ground.bare(V7, "seven", &[]), "seven"),
        (ground.bare("7.12", "twelve", &[]), "twelve"),
        (ground.bare(V6, "six", &[]), "six"),
        (ground.bare_over_ssh("7.20", "twenty", &[]), "twenty"),
    ];
    let mut codes = Vec::new();
    for seed in 1..=3 {
        for (router, _) in &routers {
            let chance = json!({"seed": seed, "one-in": 10});
            tell(router, "PUT", "/chance", &chance);
        }
        codes.push(ground.client(&["router", "push", "--yes"]).code);
        for (router, name) in &routers {
            tell(router, "PUT", "/chance", &json!({"seed": 0, "one-in": 0}));
            if *name != "twenty" {
                let (run, blocks) = shown(&ground, router, name);
                assert!(!blocks.is_empty(), "{name} serves nothing: {run}");
            }
        }
    }
    // A push that met no fault that matters proves nothing here.
    assert!(codes.contains(&Some(1)), "{codes:?}");
    assert!(
        codes.iter().all(|code| matches!(code, Some(0 | 1))),
        "{codes:?}"
    );
    ground.client(&["router", "push", "--yes"]).ok();
    for (router, name) in &routers {
        left_no_file(router);
        leaf(router, name);
        if *name != "twenty" {
            serves_what_was_pushed(&ground, router, name);
        }
        assert_eq!(valid(&ground, name), 1, "{name}");
    }
    let all: Vec<&Router> = routers.iter().map(|(router, _)| router).collect();
    nothing_is_to_do(&ground, &all);
}

#[test]
fn a_push_that_the_power_took_is_made_again_and_an_upgrade_keeps_it() {
    let ground = Ground::copied();
    let (seven, six) = (
        ground.bare("7.12", "seven", &[]),
        ground.bare(V6, "six", &[]),
    );
    let routers = [(&seven, "seven"), (&six, "six")];
    for (router, _) in routers {
        // What the bootstrap wrote is on the flash by then.
        tell(router, "POST", "/time", &json!({"seconds": 60}));
    }
    ground.client(&["router", "push", "--yes"]).ok();
    for (router, name) in routers {
        leaf(router, name);
        tell(router, "POST", "/power", &json!({"do": "loss"}));
        let left = state(router)["certificates"].as_array().map(Vec::len);
        assert_eq!(left, Some(1), "{name}: only the first certificate was safe");
    }
    ground.client(&["router", "push", "--yes"]).ok();
    for (router, name) in routers {
        serves_what_was_pushed(&ground, router, name);
        tell(router, "POST", "/upgrade", &json!({"model": V7}));
    }
    // 7.19 forgets what 7.4 and older trusted; nothing else is to do.
    let plan = ground.client(&["router", "plan"]).ok();
    assert!(plan.stdout.contains("seven: nothing to do"), "{plan}");
    let (_, of_six) = plan.stdout.split_once("six:").expect("its plan");
    let lines: Vec<&str> = of_six.lines().filter(|line| line.contains('~')).collect();
    assert!(!lines.is_empty(), "{plan}");
    for line in lines {
        assert!(line.ends_with("trusted: no -> yes"), "{plan}");
    }
    assert!(!of_six.contains("+ "), "{plan}");
    ground.client(&["router", "push", "--yes"]).ok();
    nothing_is_to_do(&ground, &[&seven, &six]);
    for (router, name) in routers {
        serves_what_was_pushed(&ground, router, name);
        let version = router.console(":put [/system resource get version]\n");
        assert!(version.starts_with(V7), "{version}");
    }
    ground.client(&["router", "verify"]).ok();
}
