//! Requests for faults, and for what time and power do.

use std::collections::BTreeMap;

use hyper::{Method, StatusCode};
use serde::Deserialize;

use super::read;
use crate::console::Battery;
use crate::router::Router;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    on: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Time {
    seconds: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Power {
    r#do: Ending,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ending {
    Reboot,
    Loss,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Upgrade {
    model: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Storage {
    free: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Cpu {
    seconds_per_key: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    topics: String,
    message: String,
}

/// Does what a request says.
pub(super) fn answer(
    router: &Router,
    method: &Method,
    path: &str,
    body: &[u8],
) -> Result<(), (StatusCode, String)> {
    let wrong = |error: String| (StatusCode::BAD_REQUEST, format!("{error}\n"));
    match (method, path) {
        (&Method::POST, "/faults") => router.plan(read(body)?),
        (&Method::PUT, "/chance") => router.leave_to(read(body)?),
        (&Method::POST, "/time") => {
            let time: Time = read(body)?;
            router.let_pass(time.seconds);
        }
        (&Method::PUT, "/battery") => {
            let battery: Switch = read(body)?;
            router.world().battery = match battery.on {
                true => Battery::Present,
                false => Battery::Absent,
            };
        }
        (&Method::PUT, "/lockout") => {
            let lockout: Switch = read(body)?;
            router.lock_out(lockout.on);
        }
        (&Method::POST, "/power") => {
            let power: Power = read(body)?;
            let is_lost = matches!(power.r#do, Ending::Loss);
            router
                .restart(is_lost)
                .map_err(|error| wrong(error.to_string()))?;
        }
        (&Method::POST, "/upgrade") => {
            let upgrade: Upgrade = read(body)?;
            let model = upgrade.model.parse();
            router.upgrade(model.map_err(|error| wrong(format!("{error}")))?);
        }
        (&Method::PUT, "/storage") => {
            let storage: Storage = read(body)?;
            router.world().leave_free(storage.free);
        }
        (&Method::PUT, "/memory") => {
            let memory: Storage = read(body)?;
            router.world().free_memory = memory.free;
        }
        (&Method::PUT, "/device-mode") => {
            let modes: BTreeMap<String, bool> = read(body)?;
            let mut world = router.world();
            world.set_device_mode(modes);
            router.save(&world);
        }
        (&Method::POST, "/log") => {
            let line: Line = read(body)?;
            router.world().note(&line.topics, &line.message);
        }
        (&Method::PUT, "/cpu") => {
            let cpu: Cpu = read(body)?;
            router.world().seconds_per_key = cpu.seconds_per_key;
        }
        _ => {
            let text = format!("{method} {path}: not known\n");
            return Err((StatusCode::NOT_FOUND, text));
        }
    }
    Ok(())
}
