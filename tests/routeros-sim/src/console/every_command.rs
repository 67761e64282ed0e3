//! Every command of the menus that a fleet of routers needs is played, on every version.

use std::collections::BTreeMap;

use super::export_certificate::pem;
use super::{Caller, World};
use crate::assumption::Assumptions;
use crate::model::Model;
use crate::row::{Reply, Request};
use crate::ssh::host_key;
use crate::state::State;
use crate::trap::Trap;
use crate::tree::{self, FieldKind, Trait, Tree};

/// The menus that are looked at, with all that are below them.
const MENUS: &str = "/certificate /file /ip/service /ip/ipsec /interface/sstp-server \
    /interface/sstp-client /interface/ovpn-server /interface/ovpn-client /interface/l2tp-server \
    /interface/l2tp-client /ppp/secret /ppp/profile /ppp/active /radius /user /system/identity \
    /system/resource /system/clock /system/ntp /system/backup /system/license \
    /system/device-mode /system/logging /ip/address /ip/firewall/filter /ip/dns /ip/ssh /log";

/// Commands of menus of which no others are looked at.
const ALONE: [(&str, &str); 4] = [
    ("/", "export"),
    ("/tool", "fetch"),
    ("/system", "reboot"),
    ("/system", "shutdown"),
];

/// Menus that are answered as empty ones, and why.
const EMPTY: [(&str, &str); 8] = [
    (
        "/certificate/builtin",
        "which authorities a release brings along is not public",
    ),
    (
        "/system/resource/cpu",
        "the load of a board that is not there",
    ),
    (
        "/system/resource/hardware",
        "a virtual router has no devices that a fleet asks for",
    ),
    ("/system/resource/hardware/usb-settings", "no USB"),
    ("/system/resource/irq", "no interrupts"),
    ("/system/resource/irq/rps", "no interrupts"),
    ("/system/resource/pci", "no cards"),
    ("/system/resource/usb", "no USB, nor its settings below"),
];

/// Commands that are refused, with the answer and why; every menu or command where there is none.
const REFUSED: [(&str, &str, &str, &str); 18] = [
    (
        "",
        "edit",
        "failure: no terminal to edit in",
        "assumption edit-without-terminal",
    ),
    (
        "/certificate",
        "card-reinstall",
        "failure: no smart card",
        "assumption smart-card-text",
    ),
    (
        "/certificate",
        "card-verify",
        "failure: no smart card",
        "assumption smart-card-text",
    ),
    (
        "/certificate/crl",
        "reset",
        "failure: can not reset url",
        "assumption reset-required",
    ),
    (
        "/ip/ipsec/key",
        "reset",
        "failure: can not reset name",
        "assumption reset-required",
    ),
    (
        "/ip/ipsec/key/rsa",
        "reset",
        "failure: can not reset name",
        "assumption reset-required",
    ),
    (
        "/certificate/scep-server/requests",
        "",
        "no such item",
        "nobody asks this server",
    ),
    (
        "/ip/ipsec/installed-sa",
        "",
        "no such item",
        "no packet is carried",
    ),
    (
        "/user/active",
        "",
        "no such item",
        "sessions are not listed",
    ),
    (
        "/system/backup/cloud",
        "",
        "no such item",
        "assumption online-commands",
    ),
    (
        "/ip/dns/cache",
        "get",
        "no such item",
        "no name is looked up",
    ),
    (
        "/ip/dns/cache/all",
        "get",
        "no such item",
        "no name is looked up",
    ),
    (
        "/user/group",
        "remove",
        "failure: item is in use",
        "a user has it",
    ),
    (
        "/ip/ipsec/active-peers",
        "add",
        NOT_PLAYED,
        "what it adds is not documented",
    ),
    (
        "/user/active",
        "add",
        NOT_PLAYED,
        "what it adds is not documented",
    ),
    (
        "/ip/ipsec/installed-sa",
        "add",
        NOT_PLAYED,
        "what it adds is not documented",
    ),
    (
        "/interface/ovpn-client",
        "import-ovpn-configuration",
        NOT_PLAYED,
        "files of OpenVPN are no matter of certificates",
    ),
    (
        "/interface/ovpn-server/server",
        "export-client-configuration",
        NOT_PLAYED,
        "files of OpenVPN are no matter of certificates",
    ),
];

const NOT_PLAYED: &str = "failure: not in this simulator";

/// Commands that neither say nor change anything, and why.
const QUIET: [(&str, &str, &str); 15] = [
    ("", "print", "a list may be empty"),
    ("", "export", "a menu may have nothing to export"),
    ("", "reset-counters", "nothing is counted"),
    ("", "reset-counters-all", "nothing is counted"),
    ("", "reset-freq-drift", "the clock has no drift"),
    ("", "expire-password", "nobody is asked for a new password"),
    ("", "renew", "no server answers"),
    ("", "pause", "no list is fetched"),
    ("", "reload", "no list is fetched"),
    (
        "/certificate",
        "scep-renew",
        "no server answers: the status stays",
    ),
    (
        "/certificate",
        "acme-renew",
        "no server answers: the status stays",
    ),
    ("/certificate/crl", "flush", "no list was downloaded"),
    ("/ip/dns/cache", "flush", "no name is looked up"),
    ("/ip/ipsec/installed-sa", "flush", "no packet is carried"),
    (
        "/user/ssh-keys/private",
        "reset",
        "an import takes no comment",
    ),
];

/// Rows and files that commands are about; each line is a command, played where its menu is the one
/// that is looked at, or where it begins with a star.
const AT_HAND: &str = "* /certificate add name=own common-name=own key-size=1024 days-valid=10
* /ip/ipsec/peer add name=p address=192.0.2.1/32
* /user/group add name=gg policy=read
* /user add name=u group=gg
/certificate add-scep template=own scep-url=http://a.example/scep name=s1
/certificate add-acme domain-names=a.example name=a1
/certificate/crl add url=http://pki.example/a.crl
/certificate/scep-server add ca-cert=own path=/scep/a
/certificate/scep-server/otp generate
/certificate/scep-server/ra add name=ra server-url=http://a.example/ template=own
/interface/l2tp-client add connect-to=192.0.2.1 user=u
/interface/l2tp-server add name=l1 user=u
/interface/ovpn-client add connect-to=192.0.2.1 user=u
/interface/ovpn-server add name=o1 user=u
/interface/ovpn-server/server add name=s1
/interface/sstp-client add connect-to=192.0.2.1 user=u
/interface/sstp-server add name=t1 user=u
/ip/address add address=192.0.2.9/24 interface=ether1
/ip/dns/adlist add url=https://a.example/
/ip/dns/forwarders add name=f
/ip/dns/static add name=a.example address=192.0.2.1
/ip/dns/static add name=b.example address=192.0.2.2
/ip/firewall/filter add chain=input action=accept
/ip/firewall/filter add chain=forward action=drop
/ip/ipsec/identity add peer=p
/ip/ipsec/key import name=k file-name=ca.key passphrase=
/ip/ipsec/key/psk add id=a key=b peer=p
/ip/ipsec/key/rsa import name=k file-name=ca.key passphrase=
/ip/ipsec/mode-config add name=m
/ip/ipsec/policy add peer=p tunnel=yes
/ip/ipsec/policy/group add name=g
/ip/ipsec/profile add name=x
/ip/ipsec/proposal add name=x
/log info message=hello
/ppp/profile add name=pp
/ppp/secret add name=s
/radius add address=192.0.2.1
/radius add address=192.0.2.2
/system/logging add topics=info action=memory
/system/logging/action add name=aa target=memory
/system/ntp/client/servers add address=192.0.2.1
/system/ntp/key add key-id=1
/user/ssh-keys add user=u key=KEY comment=old
/user/ssh-keys/private import user=u private-key-file=ca.key passphrase=";

/// What commands are told beside the row that they are about.
const ARGUMENTS: &str = "/ export file=b
/certificate acme-renew numbers=a1
/certificate add name=x2 copy-from=own
/certificate add-acme domain-names=b.example
/certificate add-scep template=own scep-url=http://a.example/scep
/certificate card-reinstall pin=1234
/certificate card-verify pin=1234
/certificate create-certificate-request template=own key-passphrase=12345678
/certificate enable-ssl-certificate dns-name=a.example
/certificate export-certificate numbers=ca type=pem export-passphrase=12345678
/certificate import file-name=cert_export_ca.crt passphrase=
/certificate issued-revoke numbers=leaf
/certificate scep-renew numbers=s1
/certificate sign number=own
/certificate sign-certificate-request file-name=certificate-request.pem ca=ca
/file add name=new.txt contents=x
/file copy number=a.txt name=c.rsc
/file head number=a.txt
/file read file=a.txt chunk-size=100
/file tail number=a.txt
/interface/ovpn-client import-ovpn-configuration file-name=client.ovpn
/interface/ovpn-server/server export-client-configuration server-address=a.example ca-certificate=cert_export_ca.crt
/ip/firewall/filter move destination=*1 numbers=*2
/ip/dns/static move destination=*1 numbers=*2
/ip/ipsec/key export-pub-key key=k file-name=k.pem
/ip/ipsec/key generate-key name=k2
/ip/ipsec/key import name=k3 file-name=ca.key passphrase=
/ip/ipsec/policy move destination=*1 numbers=*2
/ip/ipsec/key/psk generate peer=p count=2 size=16
/ip/ipsec/key/rsa export-pub-key key=k file-name=k.pem
/ip/ipsec/key/rsa generate-key name=k2
/ip/ipsec/key/rsa import name=k3 file-name=ca.key passphrase=
/ip/ssh export-host-key key-file-prefix=host
/ip/ssh import-host-key private-key-file=ca.key passphrase=
/log debug message=x
/log error message=x
/log info message=x
/log warning message=x
/radius move destination=*1 numbers=*2
/system/backup load name=b password=
/system/backup save name=b password=
/system/backup/cloud download-file secret-download-key=x
/system/backup/cloud remove-file number=*1
/system/backup/cloud upload-file src-file=a.txt
/system/device-mode update flagged=no
/system/logging/action clear action=memory
/tool fetch url=http://192.0.2.1/a
/user/ssh-keys import user=u public-key-file=key.pub
/user/ssh-keys/private import user=u private-key-file=ca.key passphrase=";

/// A field that is set, reset, unset and edited where the data does not say which there are.
const FIELDS: [(&str, &str, &str); 8] = [
    ("/certificate", "locality", "Riga"),
    ("/certificate/crl", "url", "http://pki.example/b.crl"),
    ("/file", "contents", "other"),
    ("/ip/ipsec/key", "name", "other"),
    ("/ip/ipsec/key/rsa", "name", "other"),
    ("/ip/ipsec/key/psk", "id", "other"),
    ("/system/clock", "time-zone-name", "Asia/Tokyo"),
    ("/user/ssh-keys/private", "comment", "x"),
];

/// A router with something at hand for the commands of a menu.
struct Bench {
    world: World,
}

impl Bench {
    /// What all benches of a version begin with: a CA with a certificate, its key as a file, a
    /// request, a backup, a key for SSH. Making keys takes long.
    fn base(model: Model) -> Result<State, String> {
        let mut bench = Self {
            world: World::fresh(model),
        };
        let size = match model.has_rest() {
            true => "prime256v1",
            false => "1024",
        };
        for line in [
            "/certificate add name=ca common-name=ca key-usage=key-cert-sign,crl-sign".to_owned(),
            "/certificate sign number=ca".to_owned(),
            "/certificate export-certificate numbers=ca export-passphrase=12345678".to_owned(),
            format!("/certificate add name=leaf common-name=leaf key-size={size}"),
            "/certificate sign number=leaf ca=ca".to_owned(),
            format!("/certificate add name=asked common-name=asked key-size={size}"),
            "/certificate create-certificate-request template=asked key-passphrase=12345678"
                .to_owned(),
        ] {
            bench.prepare(&read(&line))?;
        }
        let world = &mut bench.world;
        let key = world
            .state
            .certificates
            .first()
            .and_then(|ca| ca.key.clone());
        let key = pem("PRIVATE KEY", &key.unwrap_or_default().0);
        world.write_file("ca.key", key.into_bytes(), 0);
        world.write_file("key.pub", format!("ssh-ed25519 {KEY} u").into_bytes(), 0);
        world.write_file("a.txt", b"one\ntwo\n".to_vec(), 0);
        host_key::kept(world).map_err(|error| error.to_string())?;
        Ok(bench.world.state)
    }

    fn new(model: Model, base: &State, menu: &str) -> Result<Self, String> {
        let mut bench = Self {
            world: World::new(model, Assumptions::default(), base.clone()),
        };
        let tree = Tree::of(model);
        let of_menu = format!("{menu} ");
        for line in AT_HAND.lines() {
            let always = line.strip_prefix("* ");
            if always.is_none() && !line.starts_with(&of_menu) {
                continue;
            }
            let mut request = read(always.unwrap_or(line));
            if let Some(known) = tree.arguments(&request.menu, &request.command) {
                request.arguments.retain(|(name, _)| known.contains(name));
                bench.prepare(&request)?;
            }
        }
        let session = |field: &str| -> BTreeMap<String, String> {
            [(field, "u"), ("comment", "old")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        };
        let world = &mut bench.world;
        world.active_peers.push(session("id"));
        world.feed_ppp(vec![session("name")]);
        world.note("system,info", "hello");
        world.downloads.clear();
        Ok(bench)
    }

    /// Gives a command before the one that is looked at.
    fn prepare(&mut self, request: &Request) -> Result<(), String> {
        let model = self.world.model.name();
        self.play(request)
            .map(|_| ())
            .map_err(|trap| format!("{model} {request:?}, before: {trap}"))
    }

    fn play(&mut self, request: &Request) -> Result<Reply, Trap> {
        self.world.execute(Caller::Console, request)
    }

    /// The row that a command is about: the last, as the first ones are often there for good.
    fn row(&mut self, menu: &str) -> Option<String> {
        let rows = self.play(&Request::new(menu, "print")).ok()?.rows;
        rows.last()?.get(".id").cloned()
    }

    /// All that a command can have changed.
    fn mark(&self, menu: &str) -> String {
        let world = &self.world;
        let state = &world.state;
        let rows = (state.table(menu), state.settings.get(menu), &state.crls);
        let keys = (state.table("/ip/ipsec/key/rsa"), &state.ssh_host_key);
        let certificates = state.certificates.iter().map(|one| {
            let signed = (one.der.is_some(), one.signer, one.revoked);
            (one.id, &one.name, one.trusted, signed, &one.template)
        });
        let certificates: Vec<_> = certificates.collect();
        let files = state.files.iter();
        let files: Vec<_> = files
            .map(|file| (&file.name, file.contents.0.len()))
            .collect();
        let sessions = (&world.active_peers, &world.ppp_sessions, &world.log);
        let wanted = (
            &world.downloads,
            &world.fetching,
            &world.mode_update,
            &world.cut,
        );
        let power = (world.is_off, state.clock_offset, state.next_file);
        format!("{rows:?} {keys:?} {certificates:?} {files:?} {sessions:?} {wanted:?} {power:?}")
    }
}

fn read(line: &str) -> Request {
    let mut words = line.split(' ');
    let mut word = || words.next().unwrap_or_default();
    let mut request = Request::new(word(), word());
    for (name, value) in line
        .split(' ')
        .skip(2)
        .filter_map(|word| word.split_once('='))
    {
        let value = if value == "KEY" {
            "ssh-ed25519 KEY u"
        } else {
            value
        };
        request = request.with(name, &value.replace("KEY", KEY));
    }
    request
}

/// A field of the menu that a row can lose again, and another value for it.
fn field(model: Model, menu: &str) -> (String, String) {
    let tree = Tree::of(model);
    let own = FIELDS.iter().find(|(path, ..)| *path == menu);
    if let Some((_, name, value)) = own {
        return ((*name).to_owned(), (*value).to_owned());
    }
    let known = tree::menus().get(menu);
    let found = known
        .into_iter()
        .flat_map(|known| &known.fields)
        .find_map(|(name, field)| {
            let usual = field.default(model).map_or("", String::as_str);
            let value = match field.kind {
                FieldKind::String => "x".to_owned(),
                FieldKind::Bool => (usual != "true").to_string(),
                FieldKind::Number => "77".to_owned(),
                FieldKind::Time => "77s".to_owned(),
                FieldKind::Address => "192.0.2.77".to_owned(),
                FieldKind::Enum | FieldKind::Words => {
                    field.values.iter().find(|value| *value != usual)?.clone()
                }
                FieldKind::Identity | FieldKind::Reference | FieldKind::Policy => return None,
            };
            let is_name = known.is_some_and(|known| known.name.as_ref() == Some(name));
            let can_go = !is_name && !field.is(Trait::Required) && name != "disabled";
            let can_be_set = tree
                .arguments(menu, "set")
                .is_some_and(|all| all.contains(name));
            (can_go && can_be_set).then(|| (name.clone(), value))
        });
    found.unwrap_or_else(|| ("comment".to_owned(), "x".to_owned()))
}

/// A command with all that it needs, on a router where it has something to do.
fn ready(
    model: Model,
    base: &State,
    menu: &str,
    command: &str,
) -> Result<(Bench, Request), String> {
    let mut bench = Bench::new(model, base, menu)?;
    if command == "load" {
        bench.prepare(&read("/system/backup save name=b password="))?;
    }
    let known = Tree::of(model).arguments(menu, command).unwrap_or_default();
    let has = |name: &str| known.iter().any(|one| one == name);
    let wanted = format!("{menu} {command} ");
    let mut told = ARGUMENTS
        .lines()
        .chain(AT_HAND.lines().map(|line| line.trim_start_matches("* ")))
        .filter(|line| line.starts_with(&wanted))
        .map(read);
    if let Some(mut request) = told.next() {
        request.arguments.retain(|(name, _)| has(name));
        if command == "add" {
            // The row is there; another takes its place.
            bench.world.state.table_mut(menu).items.clear();
            bench.world.state.crls.clear();
        }
        return Ok((bench, request));
    }
    let row = bench.row(menu).unwrap_or_else(|| "*1".to_owned());
    let with_row = |request: Request| {
        let known = Tree::of(model)
            .arguments(menu, &request.command)
            .unwrap_or_default();
        let item = known
            .iter()
            .find(|name| matches!(name.as_str(), "numbers" | "number"));
        match item {
            Some(item) => request.with(item, &row),
            None => request,
        }
    };
    let mut request = Request::new(menu, command);
    if ["set", "reset", "unset", "edit", "comment"].contains(&command) {
        let (name, value) = match command {
            "comment" => ("comment".to_owned(), "x".to_owned()),
            _ => field(model, menu),
        };
        let can_be_set = Tree::of(model)
            .arguments(menu, "set")
            .is_some_and(|all| all.contains(&name));
        if matches!(command, "reset" | "unset") && can_be_set {
            bench.prepare(&with_row(Request::new(menu, "set").with(&name, &value)))?;
        }
        request = match command {
            "set" | "comment" if has(&name) => request.with(&name, &value),
            "reset" if has(&name) => request.with(&name, ""),
            "unset" | "edit" => request.with("value-name", &name),
            _ => request,
        };
    }
    if command == "enable" {
        bench.prepare(&with_row(Request::new(menu, "disable")))?;
    }
    Ok((bench, with_row(request)))
}

/// What is wrong with what a command did, if anything.
fn fault(model: Model, base: &State, menu: &str, command: &str) -> Option<String> {
    if EMPTY.iter().any(|(path, _)| {
        menu == *path
            || menu
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'))
    }) {
        return None;
    }
    let (mut bench, request) = match ready(model, base, menu, command) {
        Ok(ready) => ready,
        Err(fault) => return Some(fault),
    };
    let before = bench.mark(menu);
    let said = bench.play(&request);
    let shown = format!("{} {request:?}", model.name());
    match said {
        Err(trap) => {
            let known = REFUSED.iter().any(|(path, refused, text, _)| {
                (path.is_empty() || *path == menu)
                    && (refused.is_empty() || *refused == command)
                    && trap.message() == *text
            });
            (!known).then(|| format!("{shown}: {trap}"))
        }
        Ok(reply) => {
            let quiet = QUIET
                .iter()
                .any(|(path, quiet, _)| (path.is_empty() || *path == menu) && *quiet == command);
            let answers = !reply.rows.is_empty() || reply.ret.is_some();
            let changes = before != bench.mark(menu);
            (!quiet && !answers && !changes).then(|| format!("{shown}: nothing was done"))
        }
    }
}

/// Fails when: a command of the tree is passed over, does nothing, or is refused in other words than the table has.
#[test]
fn every_command_of_the_tree_is_played_on_every_version() {
    let mut faults = Vec::new();
    for model in Model::ALL {
        let base = Bench::base(model).unwrap_or_else(|fault| panic!("{fault}"));
        for (menu, commands) in Tree::of(model).menus() {
            let below = |top: &str| {
                menu.strip_prefix(top)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            for command in commands.keys() {
                if MENUS.split(' ').any(below) || ALONE.contains(&(menu, command)) {
                    faults.extend(fault(model, &base, menu, command));
                }
            }
        }
    }
    assert!(
        faults.is_empty(),
        "{} commands:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIBf5Wc3cVf7Nj7e3nyh1y2hDCZlUPmJDcTdYVqzq7q4L";
