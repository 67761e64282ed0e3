//! `/system/device-mode`: what the router may not do, whoever asks.

use std::collections::BTreeMap;

use super::{World, listed, not_here};
use crate::row::{Reply, Request, Row};
use crate::trap::Trap;
use crate::tree::Tree;

const MENU: &str = "/system/device-mode";

/// A change that was asked for, and counts when the power goes in time.
#[derive(Debug)]
pub(crate) struct Update {
    modes: BTreeMap<String, bool>,
    until: i64,
}

impl World {
    pub(super) fn device_mode(&mut self, command: &str, request: &Request) -> Result<Reply, Trap> {
        match command {
            "print" => {}
            "update" => return self.update_device_mode(request),
            _ => return Err(not_here(MENU, command)),
        }
        let row = self.modes().into_iter();
        let row: Row = row.map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(listed(vec![row]))
    }

    /// Notes a change: nobody who is not at the device can make it.
    fn update_device_mode(&mut self, request: &Request) -> Result<Reply, Trap> {
        let mut modes = BTreeMap::new();
        for (name, value) in &request.arguments {
            if name != "flagged" && !FEATURES.contains(&name.as_str()) {
                return Err(not_here(MENU, name));
            }
            modes.insert(name.clone(), Self::flag(name, value)?);
        }
        let until = self.machine_clock + ACTIVATION_TIMEOUT;
        self.mode_update = Some(Update { modes, until });
        Ok(Reply::default())
    }

    /// The power went: that is somebody at the device, who agrees to what was asked for.
    pub(crate) fn confirm_device_mode(&mut self) {
        let asked = self.mode_update.take();
        if let Some(update) = asked.filter(|update| self.machine_clock <= update.until) {
            self.set_device_mode(update.modes);
        }
    }

    /// Turns features on and off, and the flag, as somebody with a hand at the button may.
    pub(crate) fn set_device_mode(&mut self, modes: BTreeMap<String, bool>) {
        let own = self.state.settings.entry(MENU.to_owned()).or_default();
        own.extend(modes.into_iter().map(|(name, on)| (name, on.to_string())));
    }

    /// Refuses what a feature that is off would do, and new entries of a flagged router.
    pub(super) fn device_mode_allows(&self, menu: &str, command: &str) -> Result<(), Trap> {
        let is_off = |feature: &str| {
            let set = self.state.settings.get(MENU);
            set.and_then(|fields| fields.get(feature))
                .is_some_and(|value| value == "false")
        };
        if matches!(command, "add" | "enable" | "fetch" | "send") {
            let forbidden = FORBIDS
                .iter()
                .find(|(feature, prefix)| is_off(feature) && menu.starts_with(prefix));
            if let Some((feature, _)) = forbidden {
                let shortly = self.assumptions.is("device-mode-text", "not-allowed");
                return Err(Trap::failure(match shortly {
                    true => "not allowed by device-mode".to_owned(),
                    false => format!("feature {feature} is disabled in device-mode"),
                }));
            }
        }
        let flagged = self.state.setting(MENU, "flagged") == Some("true");
        if flagged && command == "add" && FLAGGED.iter().any(|prefix| menu.starts_with(prefix)) {
            return Err(Trap::failure(
                "configuration flagged, check all router configuration for unauthorized changes \
                 and update device-mode",
            ));
        }
        Ok(())
    }

    /// A feature is on while its word is in the tree: the mode that the box comes in forbids few.
    fn modes(&self) -> Vec<(&'static str, String)> {
        let mode = if self.model.since(17) {
            "advanced"
        } else {
            "enterprise"
        };
        let mut row = vec![
            ("mode", mode.to_owned()),
            (
                "flagged",
                self.truth(self.state.setting(MENU, "flagged") == Some("true")),
            ),
            ("flagging-enabled", self.truth(true)),
        ];
        let known = Tree::of(self.model).arguments(MENU, "update");
        let set = self.state.settings.get(MENU);
        for name in FEATURES {
            if known.is_some_and(|all| all.iter().any(|one| one == name)) {
                let own = set.and_then(|fields| fields.get(*name));
                let on = own.map_or_else(|| !RISKY.contains(name), |value| value == "true");
                row.push((name, self.truth(on)));
            }
        }
        row
    }
}

/// The seconds in which the button is to be pressed or the power to be cut (RouterOS manual, Device-mode).
const ACTIVATION_TIMEOUT: i64 = 300;

/// What a device mode allows or forbids.
const FEATURES: &[&str] = &[
    "bandwidth-test",
    "container",
    "email",
    "fetch",
    "hotspot",
    "install-any-version",
    "ipsec",
    "l2tp",
    "partitions",
    "pptp",
    "proxy",
    "romon",
    "routerboard",
    "scheduler",
    "smb",
    "sniffer",
    "socks",
    "traffic-gen",
    "zerotier",
];

/// What no mode allows by itself.
const RISKY: &[&str] = &[
    "container",
    "install-any-version",
    "partitions",
    "routerboard",
    "traffic-gen",
];

/// What a feature that is off forbids: adding to these menus, and the one command of some.
const FORBIDS: &[(&str, &str)] = &[
    ("fetch", "/tool"),
    ("hotspot", "/ip/hotspot"),
    ("ipsec", "/ip/ipsec"),
    ("l2tp", "/interface/l2tp-"),
    ("pptp", "/interface/pptp-"),
    ("scheduler", "/system/scheduler"),
    ("smb", "/ip/smb"),
    ("socks", "/ip/socks"),
    ("zerotier", "/zerotier"),
];

/// Menus that take no new entries while the router is flagged.
const FLAGGED: &[&str] = &[
    "/system/scheduler",
    "/ip/ipsec",
    "/interface/l2tp-",
    "/ip/socks",
    "/ip/smb",
];
