//! Connections: one for each certificate identity of a peer with `exchange-mode=ike2`, with its children and pools.

use super::{
    HeldCertificate, Options, Plan, RouterView, Row, algorithm, file_name, identity, is_set, list,
    section::{self, Section},
    word, word_or,
};
use crate::x509::CertificateFacts;
use std::collections::BTreeSet;

/// Turns the rows of a router into `swanctl.conf`.
pub(super) fn plan(view: &RouterView, options: &Options) -> Plan {
    let mut plan = Plan {
        section: Section::default(),
        certificates: BTreeSet::new(),
        keys: BTreeSet::new(),
        chain: BTreeSet::new(),
    };
    let mut connections = Section::default();
    let mut pools = Section::default();
    let peers = view.rows("/ip/ipsec/peer").iter();
    for peer in
        peers.filter(|peer| word(peer, "exchange-mode") == "ike2" && !is_set(peer, "disabled"))
    {
        let own = view
            .rows("/ip/ipsec/identity")
            .iter()
            .filter(|identity| word(identity, "peer") == word(peer, "name"));
        for (index, identity) in own.enumerate() {
            if word(identity, "auth-method") != "digital-signature" || is_set(identity, "disabled")
            {
                continue;
            }
            let draft = Draft {
                view,
                peer,
                identity,
                name: format!("{}-{index}", section::name(word(peer, "name"))),
            };
            match draft.write(options, &mut pools, &mut plan) {
                Ok(connection) => connections.add(&draft.name, connection),
                Err(reason) => {
                    connections.comment(&format!("{} is left out: {reason}", draft.name));
                }
            }
        }
    }
    plan.section
        .comment(&format!("What {} holds", view.identity));
    plan.section.add("connections", connections);
    if !pools.is_empty() {
        plan.section.add("pools", pools);
    }
    plan
}

/// One connection in the making.
struct Draft<'a> {
    view: &'a RouterView,
    peer: &'a Row,
    identity: &'a Row,
    name: String,
}

/// What a mode-config makes of a connection.
enum ModeConfig {
    None,
    /// Asks the peer for an address.
    Asks,
    /// Hands out addresses of these pools, for these networks or what the template says.
    Answers {
        pools: Vec<String>,
        networks: Vec<String>,
    },
}

impl Draft<'_> {
    fn write(
        &self,
        options: &Options,
        pools: &mut Section,
        plan: &mut Plan,
    ) -> Result<Section, String> {
        let profile = word_or(self.peer, "profile", "default");
        let profile = self
            .view
            .row_named("/ip/ipsec/profile", profile)
            .ok_or_else(|| format!("there is no profile {profile}"))?;
        let proposals = algorithm::ike(profile);
        if proposals.is_empty() {
            return Err("strongSwan speaks no algorithm of its profile".to_owned());
        }
        let (leaf, chain) = self.certificates()?;
        let local = self.local(leaf)?;
        let (remote, pinned) = self.remote()?;
        let mode = self.mode_config(pools)?;

        let mut connection = Section::default();
        connection.set("version", "2");
        connection.set("proposals", &proposals.join(","));
        if let Some(address) = self.local_address(options) {
            connection.set("local_addrs", address);
        }
        connection.set("remote_addrs", &self.remote_address());
        let port = word_or(self.peer, "port", "500");
        if port != "500" && port != "0" {
            connection.set("remote_port", port);
        }
        connection.set("send_cert", "always");
        connection.set("mobike", "no");
        connection.set("dpd_delay", &format!("{}s", dpd_seconds(profile)));
        match &mode {
            ModeConfig::Asks => connection.set("vips", "0.0.0.0"),
            ModeConfig::Answers { pools, .. } if !pools.is_empty() => {
                connection.set("pools", &pools.join(","));
            }
            ModeConfig::Answers { .. } | ModeConfig::None => {}
        }
        connection.add("local", local);
        connection.add("remote", remote);
        connection.add("children", self.children(&mode));

        plan.certificates.insert(leaf.name.clone());
        plan.certificates.extend(pinned);
        plan.keys.insert(leaf.name.clone());
        plan.chain.extend(chain);
        Ok(connection)
    }

    /// Returns the router's own certificate, and the names of the others listed with it.
    fn certificates(&self) -> Result<(&HeldCertificate, Vec<String>), String> {
        let mut listed = Vec::new();
        for name in list(word(self.identity, "certificate")).filter(|name| *name != "none") {
            let held = self.view.held(name);
            listed.push(held.ok_or_else(|| format!("certificate {name} is not in the store"))?);
        }
        let own = listed.iter().position(|held| !held.is_ca).unwrap_or(0);
        if listed.is_empty() {
            return Err("the identity lists no certificate".to_owned());
        }
        let own = listed.remove(own);
        if CertificateFacts::parse(&own.der).is_ok_and(|facts| facts.skid.is_empty()) {
            let name = &own.name;
            return Err(format!("certificate {name} has no subject key identifier"));
        }
        Ok((
            own,
            listed.into_iter().map(|held| held.name.clone()).collect(),
        ))
    }

    fn local(&self, leaf: &HeldCertificate) -> Result<Section, String> {
        let mut local = Section::default();
        local.set("auth", "pubkey");
        local.set("certs", &file_name(&leaf.name));
        if let Some(id) = identity::local(word(self.identity, "my-id"), leaf)? {
            local.set("id", &id);
        }
        Ok(local)
    }

    /// Returns the section, and the certificate that it names.
    fn remote(&self) -> Result<(Section, Option<String>), String> {
        let mut remote = Section::default();
        remote.set("auth", "pubkey");
        let mut pinned = None;
        if word(self.identity, "match-by") == "certificate" {
            let name = word(self.identity, "remote-certificate");
            let held = self.view.held(name);
            let held =
                held.ok_or_else(|| format!("remote-certificate {name} is not in the store"))?;
            remote.set("certs", &file_name(&held.name));
            remote.set("id", "%any");
            pinned = Some(held.name.clone());
        } else {
            remote.set("id", &identity::remote(word(self.identity, "remote-id"))?);
        }
        if self.view.checks_crls() {
            remote.set("revocation", "strict");
        }
        Ok((remote, pinned))
    }

    fn local_address<'a>(&'a self, options: &'a Options) -> Option<&'a str> {
        let own = word(self.peer, "local-address");
        let own = Some(own).filter(|own| !matches!(*own, "" | "0.0.0.0" | "::"));
        own.or(options.local_address.as_deref())
    }

    /// strongSwan initiates to an address, and only answers a subnet.
    fn remote_address(&self) -> String {
        let address = word(self.peer, "address");
        if is_any(address) {
            return "%any".to_owned();
        }
        let full = if address.contains(':') { "/128" } else { "/32" };
        let host = address.strip_suffix(full).unwrap_or(address);
        let is_address = host.parse::<std::net::IpAddr>().is_ok();
        match (is_set(self.peer, "passive"), is_address) {
            (true, true) => format!("{host}{full}"),
            (true, false) if !host.contains('/') => "%any".to_owned(),
            _ => host.to_owned(),
        }
    }

    fn mode_config(&self, pools: &mut Section) -> Result<ModeConfig, String> {
        let name = word_or(self.identity, "mode-config", "none");
        if name == "none" {
            return Ok(ModeConfig::None);
        }
        let row = self
            .view
            .row_named("/ip/ipsec/mode-config", name)
            .ok_or_else(|| format!("there is no mode-config {name}"))?;
        if !is_set(row, "responder") {
            return Ok(ModeConfig::Asks);
        }
        let networks = list(word(row, "split-include"))
            .map(str::to_owned)
            .collect();
        let mut names = Vec::new();
        for (index, range) in self.ranges(row)?.into_iter().enumerate() {
            // A pool belongs to its connection: two may use one mode-config.
            let pool_name = format!("{}-pool{index}", self.name);
            let mut pool = Section::default();
            pool.set("addrs", &range);
            let servers: Vec<&str> = list(word(row, "static-dns")).collect();
            if !servers.is_empty() {
                pool.set("dns", &servers.join(","));
            }
            pools.add(&pool_name, pool);
            names.push(pool_name);
        }
        Ok(ModeConfig::Answers {
            pools: names,
            networks,
        })
    }

    fn ranges(&self, mode_config: &Row) -> Result<Vec<String>, String> {
        let whole = |range: &str| match range.contains(['-', '/']) {
            true => range.to_owned(),
            false => format!("{range}/32"),
        };
        let address = word(mode_config, "address");
        if !is_any(address) && address != "0.0.0.0" {
            return Ok(vec![whole(address)]);
        }
        let pool = word_or(mode_config, "address-pool", "none");
        if pool == "none" {
            return Ok(Vec::new());
        }
        let row = self.view.row_named("/ip/pool", pool);
        let row = row.ok_or_else(|| format!("there is no pool {pool}"))?;
        Ok(list(word(row, "ranges")).map(whole).collect())
    }

    fn children(&self, mode: &ModeConfig) -> Section {
        let mut children = Section::default();
        let generates = matches!(
            word(self.identity, "generate-policy"),
            "port-strict" | "port-override"
        );
        let group = word_or(self.identity, "policy-template-group", "default");
        let mut templates = 0;
        for (index, policy) in self.view.rows("/ip/ipsec/policy").iter().enumerate() {
            let unused = ["disabled", "dynamic", "invalid"];
            if unused.iter().any(|flag| is_set(policy, flag)) {
                continue;
            }
            let (suffix, selectors) = if is_set(policy, "template") {
                if !generates || word_or(policy, "group", "default") != group {
                    continue;
                }
                templates += 1;
                let suffix = match templates {
                    1 => "generated".to_owned(),
                    more => format!("generated{more}"),
                };
                (suffix, generated(policy, mode))
            } else if is_set(policy, "tunnel")
                && list(word(policy, "peer")).any(|peer| peer == word(self.peer, "name"))
            {
                let local = selector(policy, "src-address", "src-port");
                let remote = selector(policy, "dst-address", "dst-port");
                (format!("policy{index}"), (local, remote))
            } else {
                continue;
            };
            let name = format!("{}-{suffix}", self.name);
            match self.child(policy, &selectors) {
                Ok(child) => children.add(&name, child),
                Err(reason) => children.comment(&format!("{name} is left out: {reason}")),
            }
        }
        children
    }

    fn child(&self, policy: &Row, selectors: &(String, String)) -> Result<Section, String> {
        let action = word_or(policy, "action", "encrypt");
        let protocols = word_or(policy, "ipsec-protocols", "esp");
        if (action, protocols) != ("encrypt", "esp") {
            return Err(format!("action={action} ipsec-protocols={protocols}"));
        }
        let proposal = word_or(policy, "proposal", "default");
        let proposal = self
            .view
            .row_named("/ip/ipsec/proposal", proposal)
            .ok_or_else(|| format!("there is no enabled proposal {proposal}"))?;
        let proposals = algorithm::esp(proposal);
        if proposals.is_empty() {
            return Err("strongSwan speaks no algorithm of its proposal".to_owned());
        }
        let mut child = Section::default();
        child.set("local_ts", &selectors.0);
        child.set("remote_ts", &selectors.1);
        child.set("esp_proposals", &proposals.join(","));
        child.set("start_action", "none");
        Ok(child)
    }
}

/// Returns what a template lets a peer ask for.
fn generated(template: &Row, mode: &ModeConfig) -> (String, String) {
    let local = selector(template, "src-address", "src-port");
    let remote = selector(template, "dst-address", "dst-port");
    match mode {
        ModeConfig::None => (local, remote),
        ModeConfig::Asks => ("dynamic".to_owned(), remote),
        ModeConfig::Answers { networks, .. } if networks.is_empty() => {
            (local, "dynamic".to_owned())
        }
        ModeConfig::Answers { networks, .. } => (networks.join(","), "dynamic".to_owned()),
    }
}

/// Returns one side of a policy, with protocol and port unless they are open.
fn selector(policy: &Row, address: &str, port: &str) -> String {
    let address = word(policy, address);
    // The template that every router starts with says `::/0` and matches both families.
    let address = if is_any(address) {
        "0.0.0.0/0"
    } else {
        address
    };
    let protocol = word_or(policy, "protocol", "all");
    let port = word_or(policy, port, "any");
    match (protocol, port) {
        ("all", "any" | "0") => address.to_owned(),
        ("all", port) => format!("{address}[any/{port}]"),
        (protocol, "any" | "0") => format!("{address}[{protocol}]"),
        (protocol, port) => format!("{address}[{protocol}/{port}]"),
    }
}

fn is_any(address: &str) -> bool {
    matches!(address, "" | "0.0.0.0/0" | "::/0")
}

/// Returns `dpd-interval` in seconds; `disable-dpd` is none.
fn dpd_seconds(profile: &Row) -> u32 {
    let mut seconds = 0_u32;
    let mut number = 0_u32;
    for character in word_or(profile, "dpd-interval", "2m").chars() {
        let unit = match character {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => match character.to_digit(10) {
                Some(digit) => {
                    number = number.saturating_mul(10).saturating_add(digit);
                    continue;
                }
                None => return 0,
            },
        };
        seconds = seconds.saturating_add(number.saturating_mul(unit));
        number = 0;
    }
    seconds.saturating_add(number)
}
