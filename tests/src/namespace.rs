//! Hosts of their own on this machine: network namespaces on one bridge.

use std::{
    fs::OpenOptions,
    net::Ipv4Addr,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use crate::{Run, run, run_within};

/// Hosts that reach each other, and nothing else.
#[derive(Debug)]
pub struct Network {
    hosts: Vec<(String, Namespace)>,
    // Dropped after the hosts: it holds the other ends of their cables.
    _bridge: Namespace,
}

impl Network {
    /// Makes a host for every name; the first has the address 10.66.0.1, the next 10.66.0.2.
    ///
    /// # Panics
    /// When this machine gives no namespaces.
    #[track_caller]
    pub fn new(names: &[&str]) -> Self {
        if let Some(missing) = Self::missing() {
            panic!("{missing}");
        }
        let bridge = Namespace::new(Ipv4Addr::UNSPECIFIED);
        bridge.ip(&["link", "add", "bridge", "type", "bridge"]);
        bridge.ip(&["link", "set", "bridge", "up"]);
        let hosts = (1..)
            .zip(names)
            .map(|(number, name)| {
                let host = Namespace::new(Ipv4Addr::new(10, 66, 0, number));
                host.plug_into(&bridge, number);
                ((*name).to_owned(), host)
            })
            .collect();
        Self {
            hosts,
            _bridge: bridge,
        }
    }

    /// Tells what this machine lacks for it, and how to get it.
    pub fn missing() -> Option<String> {
        for (file, package) in [
            ("/usr/sbin/ip", "iproute2"),
            ("/usr/bin/ping", "iputils-ping"),
            ("/usr/sbin/charon-systemd", "charon-systemd"),
            ("/usr/sbin/swanctl", "strongswan-swanctl"),
            (
                "/usr/lib/ipsec/plugins/libstrongswan-openssl.so",
                "libstrongswan-standard-plugins",
            ),
            (
                "/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so",
                "libcharon-extra-plugins",
            ),
        ] {
            if !Path::new(file).exists() {
                return Some(format!(
                    "{file} is missing: `apt-get install -y --no-install-recommends {package}`, \
                     or `cargo xtask packages` for all of them"
                ));
            }
        }
        let tunnels = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/net/tun");
        if let Err(error) = tunnels {
            return Some(format!(
                "/dev/net/tun does not open ({error}): tunnels need root and the TUN driver; in a container give it \
                 `--device /dev/net/tun --cap-add NET_ADMIN --cap-add SYS_ADMIN`"
            ));
        }
        let probe = next_name();
        let made = run(Command::new("ip").args(["netns", "add", &probe]));
        if made.code == Some(0) {
            remove(&probe);
            return None;
        }
        Some(format!(
            "no network namespaces ({}): they need root; in a container give it `--cap-add NET_ADMIN --cap-add SYS_ADMIN`",
            made.stderr.trim()
        ))
    }

    /// Returns a host.
    ///
    /// # Panics
    /// When there is none of this name.
    #[track_caller]
    pub fn host(&self, name: &str) -> &Namespace {
        self.hosts
            .iter()
            .find_map(|(key, host)| (key == name).then_some(host))
            .unwrap_or_else(|| panic!("no host {name}"))
    }
}

/// One host; dropping it removes it.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    address: Ipv4Addr,
}

impl Namespace {
    fn new(address: Ipv4Addr) -> Self {
        let name = next_name();
        run(Command::new("ip").args(["netns", "add", &name])).ok();
        let namespace = Self { name, address };
        namespace.ip(&["link", "set", "lo", "up"]);
        namespace
    }

    /// Lays a cable from `eth0` here to the bridge.
    fn plug_into(&self, bridge: &Self, number: u8) {
        let port = format!("port{number}");
        self.ip(&[
            "link",
            "add",
            "eth0",
            "type",
            "veth",
            "peer",
            "name",
            &port,
            "netns",
            &bridge.name,
        ]);
        bridge.ip(&["link", "set", &port, "master", "bridge", "up"]);
        self.ip(&[
            "address",
            "add",
            &format!("{}/24", self.address),
            "dev",
            "eth0",
        ]);
        self.ip(&["link", "set", "eth0", "up"]);
    }

    /// Returns its address on the bridge.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Gives it a further address on a cable to nowhere: a network behind it, to be reached through a tunnel only.
    #[track_caller]
    pub fn add_address(&self, address: Ipv4Addr) {
        self.ip(&["address", "add", &format!("{address}/32"), "dev", "lo"]);
    }

    /// Returns a command that runs a program here.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        // `ip` becomes the program: the process id stays the same.
        command
            .args(["netns", "exec", &self.name])
            .arg(program.as_ref());
        command
    }

    /// Sends echo requests until one is answered, for three seconds at the most, and tells what happened.
    #[track_caller]
    pub fn ping(&self, from: Ipv4Addr, to: Ipv4Addr) -> Run {
        let mut command = self.command("ping");
        // `-w` ends it at the deadline, `-c` with the first answer.
        command.args(["-c", "1", "-i", "0.2", "-w", "10"]).args([
            "-I",
            &from.to_string(),
            &to.to_string(),
        ]);
        run_within(&mut command, Duration::from_secs(60))
    }

    #[track_caller]
    fn ip(&self, words: &[&str]) {
        run(Command::new("ip").args(["-n", &self.name]).args(words)).ok();
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

fn remove(name: &str) {
    // A namespace that stays is no reason to fail a test that passed.
    match Command::new("ip").args(["netns", "del", name]).output() {
        Ok(done) if done.status.success() => {}
        Ok(done) => eprint!("{}", String::from_utf8_lossy(&done.stderr)),
        Err(error) => eprintln!("ip netns del {name}: {error}"),
    }
}

/// Names a namespace after this process.
fn next_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("fca-{}-{number}", std::process::id())
}
