//! A router in memory: rows by menu, a store of certificates, and every call that it got.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::fleet::serial_of;
use async_trait::async_trait;
use ca_routeros::{Call, Command, Door, Reply, RouterError, RouterTransport, Row};
use ca_types::{Clock as _, FakeClock, KeyId, UnixTime};
use ca_verify::Certificate;
use rcgen::{KeyPair, PublicKeyData as _};

type Fields = BTreeMap<String, String>;

/// A router; clones are the same one.
#[derive(Clone)]
pub(crate) struct FakeRouter {
    door: Door,
    clock: FakeClock,
    pub(crate) state: Arc<Mutex<State>>,
}

/// What a TLS handshake shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tls {
    /// The certificate that is bound, and what leads to the root.
    #[default]
    Right,
    /// Nothing: it fails.
    Broken,
    /// Another certificate.
    Other,
    /// Only the certificate that is bound.
    Alone,
}

/// What the router has, and how it misbehaves.
#[derive(Default)]
pub(crate) struct State {
    version: String,
    menus: BTreeMap<String, Vec<Fields>>,
    store: Vec<Certificate>,
    pub(crate) files: BTreeMap<String, String>,
    ids: u32,
    connected: bool,
    /// Every call, as it is shown.
    pub(crate) calls: Vec<String>,
    pub(crate) trusted: Vec<KeyId>,
    /// How many imports of a key attach nothing.
    pub(crate) lost_keys: u32,
    /// Where the connection is cut once, and whether the call was done before.
    pub(crate) cut: Option<(&'static str, Command<'static>, bool)>,
    pub(crate) tls: Tls,
    /// Whether the CA serves CRLs.
    pub(crate) crls_answer: bool,
    /// Whether the other end of a tunnel dials after a change.
    pub(crate) peer_dials: bool,
    /// What the user may not do.
    pub(crate) denied: Option<(&'static str, Command<'static>)>,
    /// How far the clock is off.
    pub(crate) seconds_slow: u64,
}

impl FakeRouter {
    pub(crate) fn new(version: &str, door: Door, clock: FakeClock) -> Self {
        let router = Self {
            door,
            clock,
            state: Arc::default(),
        };
        {
            let mut state = router.state();
            version.clone_into(&mut state.version);
            state.connected = true;
            state.crls_answer = true;
            state.peer_dials = true;
            state.add("/system/identity", &[("name", "Berlin")]);
            for (name, port, disabled, certificate) in [
                ("ssh", "22", "false", ""),
                ("www-ssl", "443", "true", "none"),
                ("api-ssl", "8729", "true", "none"),
            ] {
                let own = name == door.service();
                let fields = [
                    ("name", name),
                    ("port", port),
                    ("disabled", if own { "false" } else { disabled }),
                    ("certificate", if own { "bootstrap" } else { certificate }),
                ];
                state.add("/ip/service", &fields);
            }
            let open = [
                ("name", door.service()),
                ("dynamic", "true"),
                ("connection", "true"),
            ];
            state.add("/ip/service", &open);
            state.add("/certificate/settings", &[("crl-use", "false")]);
            state.add(
                "/ip/ipsec/peer",
                &[
                    ("name", "hamburg"),
                    ("exchange-mode", "ike2"),
                    ("profile", "default"),
                ],
            );
            state.add(
                "/ip/ipsec/profile",
                &[
                    ("name", "default"),
                    ("hash-algorithm", "sha1"),
                    ("enc-algorithm", "aes-128,3des"),
                    ("dh-group", "modp2048,modp1024"),
                ],
            );
            state.add(
                "/interface/sstp-server/server",
                &[("enabled", "false"), ("certificate", "none")],
            );
            state.add("/interface/sstp-client", &[("name", "to-hq")]);
        }
        router
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Returns the calls that changed something since the last time, and forgets all.
    pub(crate) fn take_changes(&self) -> Vec<String> {
        let calls = std::mem::take(&mut self.state().calls);
        let reads = |call: &String| call.split(' ').nth(1) == Some("print");
        calls.into_iter().filter(|call| !reads(call)).collect()
    }

    /// Returns a field of the first row of a menu with this name (or peer).
    pub(crate) fn field(&self, menu: &'static str, name: &str, field: &str) -> String {
        let state = self.state();
        let rows = state.menus.get(menu).map(Vec::as_slice).unwrap_or_default();
        let is_it = |row: &&Fields| {
            let named = row
                .get("name")
                .or_else(|| row.get("peer"))
                .map(String::as_str);
            named.is_none_or(|found| found == name) && !row.contains_key("dynamic")
        };
        let row = rows.iter().find(is_it);
        row.and_then(|row| row.get(field).cloned())
            .unwrap_or_default()
    }

    pub(crate) fn rows(&self, menu: &'static str) -> usize {
        self.state().menus.get(menu).map_or(0, Vec::len)
    }

    /// Returns what a TLS server at a port shows: its certificate and what leads to the root.
    pub(crate) fn shown_at(&self, port: u16) -> Result<Vec<Vec<u8>>, String> {
        let state = self.state();
        let services = &state.menus["/ip/service"];
        let text = port.to_string();
        let service = services.iter().find(|row| row.get("port") == Some(&text));
        let service = service.ok_or("connection refused")?;
        if state.tls == Tls::Broken || service.get("disabled").is_some_and(|flag| flag == "true") {
            return Err("handshake failure".to_owned());
        }
        let rows = state.menus.get("/certificate");
        let rows = rows.map(Vec::as_slice).unwrap_or_default();
        let place = rows
            .iter()
            .position(|row| row.get("name") == service.get("certificate"));
        let mut next = place.and_then(|place| state.store.get(place));
        let mut chain = Vec::new();
        while let Some(certificate) = next {
            chain.push(certificate.der().to_vec());
            let mut others = state.store.iter();
            next = others.find(|other| {
                other.subject().der() == certificate.issuer().der()
                    && other.fingerprint() != certificate.fingerprint()
            });
        }
        match state.tls {
            Tls::Right | Tls::Broken => {}
            Tls::Other => drop(chain.remove(0)),
            Tls::Alone => chain.truncate(1),
        }
        Ok(chain)
    }

    fn act(&self, call: &Call<'_>) -> Result<Reply, RouterError> {
        let mut state = self.state();
        state.calls.push(call.to_string());
        let arguments: Fields = call
            .arguments()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        if arguments.values().any(|text| text.contains("PRIVATE KEY")) && !call.has_secret() {
            return Err(refused(call, "a key in the open"));
        }
        if state.denied == Some((call.menu, call.command)) {
            return Err(RouterError::Permission {
                call: call.to_string(),
                what: String::new(),
            });
        }
        let now = self.clock.now();
        match (call.menu, call.command) {
            ("/system/resource" | "/system/clock" | "/system/device-mode", _) => {
                self.system(&state, call)
            }
            ("/file", _) => state.file(call, &arguments),
            ("/certificate", Command::Other("import")) => state.import(call, &arguments),
            ("/certificate/crl", Command::Other("download")) => {
                if state.crls_answer {
                    let due = state.local(now.plus(7 * 86_400).unwrap());
                    for row in state
                        .menus
                        .entry("/certificate/crl".to_owned())
                        .or_default()
                    {
                        row.insert("num".to_owned(), "1".to_owned());
                        row.insert("next-update".to_owned(), due.clone());
                    }
                }
                Ok(Reply::default())
            }
            (menu, Command::Print) => {
                let rows = state.menus.entry(menu.to_owned()).or_default();
                Ok(Reply {
                    rows: rows.iter().map(|row| Row::from_iter(row.clone())).collect(),
                    added: None,
                })
            }
            (menu, Command::Add) => {
                let fields: Vec<(&str, &str)> = call.arguments().collect();
                state.add(menu, &fields);
                state.dial(menu);
                Ok(Reply::default())
            }
            (menu, Command::Set) => {
                let row = state.row(menu, call.item.as_deref())?;
                for (name, value) in arguments {
                    let value = match value.as_str() {
                        "yes" => "true".to_owned(),
                        "no" if name != "generate-policy" => "false".to_owned(),
                        _ => value,
                    };
                    row.insert(name, value);
                }
                let own = row
                    .get("name")
                    .is_some_and(|name| name == self.door.service());
                if menu == "/ip/service" && own {
                    state.connected = false;
                }
                state.dial(menu);
                Ok(Reply::default())
            }
            (menu, Command::Remove) => {
                let id = state.row(menu, call.item.as_deref())?[".id"].clone();
                let rows = state.menus.entry(menu.to_owned()).or_default();
                let place = rows.iter().position(|row| row[".id"] == id).unwrap();
                rows.remove(place);
                if menu == "/certificate" {
                    state.store.remove(place);
                }
                Ok(Reply::default())
            }
            (_, Command::Other(_)) => Err(refused(call, "unknown to this fake")),
        }
    }

    fn system(&self, state: &State, call: &Call<'_>) -> Result<Reply, RouterError> {
        let now = self.clock.now();
        match call.menu {
            "/system/resource" => {
                let version = state.version.clone();
                Ok(one([
                    ("version", version),
                    ("board-name", "CHR".to_owned()),
                ]))
            }
            "/system/clock" => {
                let local = now.minus(state.seconds_slow).plus(7200).unwrap();
                let text = state.local(local);
                let (date, time) = text.split_once(' ').unwrap();
                Ok(one([
                    ("date", date.to_owned()),
                    ("time", time.to_owned()),
                    ("gmt-offset", "+02:00".to_owned()),
                ]))
            }
            menu => match state.menus.get(menu) {
                Some(rows) => Ok(Reply {
                    rows: rows.iter().map(|row| Row::from_iter(row.clone())).collect(),
                    added: None,
                }),
                None => Err(RouterError::UnknownCommand {
                    call: call.to_string(),
                    what: "no such command prefix".to_owned(),
                }),
            },
        }
    }
}

impl State {
    fn file(&mut self, call: &Call<'_>, arguments: &Fields) -> Result<Reply, RouterError> {
        match call.command {
            Command::Add => {
                let text = arguments.get("contents").cloned().unwrap_or_default();
                self.files.insert(arguments["name"].clone(), text);
                Ok(Reply::default())
            }
            Command::Print => {
                if let Some(name) = arguments.get("file") {
                    self.files.insert(format!("{name}.txt"), String::new());
                }
                let rows = self
                    .files
                    .keys()
                    .map(|name| Row::from_iter([("name", name)]));
                Ok(Reply {
                    rows: rows.collect(),
                    added: None,
                })
            }
            Command::Set => {
                let text = arguments.get("contents").cloned().unwrap_or_default();
                let name = call.item.clone().unwrap();
                self.files.insert(name, text);
                Ok(Reply::default())
            }
            Command::Remove => {
                let name = call.item.clone().unwrap();
                match self.files.remove(&name) {
                    Some(_) => Ok(Reply::default()),
                    None => Err(RouterError::NoSuchItem {
                        call: call.to_string(),
                        what: String::new(),
                    }),
                }
            }
            Command::Other(_) => Err(refused(call, "unknown to this fake")),
        }
    }

    pub(crate) fn add(&mut self, menu: &str, fields: &[(&str, &str)]) {
        self.ids += 1;
        let mut row: Fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        row.insert(".id".to_owned(), format!("*{:X}", self.ids));
        self.menus.entry(menu.to_owned()).or_default().push(row);
    }

    pub(crate) fn set_version(&mut self, version: &str) {
        version.clone_into(&mut self.version);
    }

    /// Changes fields of the row with this name, or of the only row; an empty value takes the field out.
    pub(crate) fn change(&mut self, menu: &str, name: &str, fields: &[(&str, &str)]) {
        let mut rows = self.menus.get_mut(menu).unwrap().iter_mut();
        let row = rows
            .find(|row| row.get("name").is_none_or(|own| own == name))
            .unwrap();
        for (field, value) in fields {
            row.remove(*field);
            if !value.is_empty() {
                row.insert((*field).to_owned(), (*value).to_owned());
            }
        }
    }

    pub(crate) fn clear(&mut self, menu: &str) {
        self.menus.remove(menu);
    }

    fn row(&mut self, menu: &str, item: Option<&str>) -> Result<&mut Fields, RouterError> {
        let rows = self.menus.entry(menu.to_owned()).or_default();
        let row = match item {
            None => rows.first_mut(),
            Some(item) => rows.iter_mut().find(|row| row[".id"] == item),
        };
        row.ok_or_else(|| RouterError::NoSuchItem {
            call: format!("{menu} {item:?}"),
            what: String::new(),
        })
    }

    fn dial(&mut self, menu: &str) {
        if menu == "/ip/ipsec/identity" && self.peer_dials {
            self.clear("/ip/ipsec/active-peers");
            self.add(
                "/ip/ipsec/active-peers",
                &[
                    ("id", "hamburg.example.net"),
                    ("state", "established"),
                    ("uptime", "0s"),
                ],
            );
        }
    }

    fn import(&mut self, call: &Call<'_>, arguments: &Fields) -> Result<Reply, RouterError> {
        let file = &arguments["file-name"];
        let text = self.files.get(file).cloned();
        let text = text.ok_or_else(|| refused(call, "does not match any value of file-name"))?;
        let is_new = !self.version.starts_with('6');
        if is_new {
            self.files.remove(file);
        }
        let mut counters = [0, 0, 0];
        if text.contains("PRIVATE KEY") {
            let key = KeyPair::from_pem(&text).unwrap().subject_public_key_info();
            let mut store = self.store.iter();
            let place = store.position(|one| one.public_key().spki_der() == key);
            if let (Some(place), 0) = (place, self.lost_keys) {
                let row = &mut self.menus.get_mut("/certificate").unwrap()[place];
                row.insert("private-key".to_owned(), "true".to_owned());
                counters[1] = 1;
            } else {
                self.lost_keys = self.lost_keys.saturating_sub(1);
                counters[2] = 1;
            }
        } else {
            let certificate = Certificate::from_pem_or_der(text.as_bytes()).unwrap();
            counters[0] = 1;
            let local = |time: UnixTime| self.local(time.plus(7200).unwrap());
            let own = format!("{file}_0");
            let (name, trusted) = match arguments.get("name") {
                Some(name) => (name.clone(), arguments["trusted"].clone()),
                None => (own, "no".to_owned()),
            };
            let common_name = certificate.subject().common_name().unwrap();
            let fields = [
                ("name", name),
                ("trusted", trusted),
                ("common-name", common_name.to_owned()),
                ("issuer", certificate.issuer().to_string()),
                ("key-type", "ec".to_owned()),
                ("key-size", "prime256v1".to_owned()),
                ("fingerprint", certificate.fingerprint().to_string()),
                (
                    "serial-number",
                    serial_of(&certificate).to_ascii_uppercase(),
                ),
                ("invalid-before", local(certificate.validity().not_before())),
                ("invalid-after", local(certificate.validity().not_after())),
            ];
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            self.add("/certificate", &fields);
            self.store.push(certificate);
        }
        Ok(one([
            ("certificates-imported", counters[0].to_string()),
            ("private-keys-imported", counters[1].to_string()),
            ("files-imported", "1".to_owned()),
            ("decryption-failures", "0".to_owned()),
            ("keys-with-no-certificate", counters[2].to_string()),
        ]))
    }

    /// Writes a local time as the release does.
    fn local(&self, time: UnixTime) -> String {
        let text = time.to_string();
        let (date, clock) = text.trim_end_matches('Z').split_once('T').unwrap();
        if !self.version.starts_with('6') {
            return format!("{date} {clock}");
        }
        let parts: Vec<&str> = date.split('-').collect();
        let months = "jan feb mar apr may jun jul aug sep oct nov dec";
        let month = parts[1].parse::<usize>().unwrap() - 1;
        let month = months.split(' ').nth(month).unwrap();
        format!("{month}/{}/{} {clock}", parts[2], parts[0])
    }
}

fn refused(call: &Call<'_>, what: &str) -> RouterError {
    RouterError::Refused {
        call: call.to_string(),
        what: what.to_owned(),
    }
}

fn one<const N: usize>(fields: [(&str, String); N]) -> Reply {
    Reply {
        rows: vec![Row::from_iter(fields)],
        added: None,
    }
}

#[async_trait]
impl RouterTransport for FakeRouter {
    fn door(&self) -> Door {
        self.door
    }

    async fn call(&mut self, call: &Call<'_>) -> Result<Reply, RouterError> {
        let closed = || RouterError::Closed {
            call: call.to_string(),
        };
        if !self.state().connected {
            return Err(closed());
        }
        let cut = self.state().cut;
        match cut.filter(|(menu, command, _)| *menu == call.menu && *command == call.command) {
            None => self.act(call),
            Some((_, _, is_done)) => {
                if is_done {
                    self.act(call)?;
                }
                let mut state = self.state();
                state.cut = None;
                state.connected = false;
                Err(closed())
            }
        }
    }

    async fn reconnect(&mut self) -> Result<(), RouterError> {
        self.state().connected = true;
        Ok(())
    }

    fn trust_also(&mut self, pin: KeyId) {
        self.state().trusted.push(pin);
    }
}
