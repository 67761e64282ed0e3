//! The programs that the tests judge by: Debian packages, and Python packages in a folder of ours.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

use crate::{cargo::MINUTE, process, workspace::Workspace};

/// Installs what is missing, or tells the command that does.
pub(crate) fn ensure(workspace: &Workspace) -> anyhow::Result<()> {
    debian()?;
    python(workspace)
}

/// What shows that a package is there, and the Debian package that has it.
const DEBIAN: [(Sign, &str); 28] = [
    (Sign::Program("git"), "git"),
    (Sign::Program("g++"), "g++"),
    (Sign::Program("curl"), "curl"),
    (Sign::Program("openssl"), "openssl"),
    (Sign::Program("sftp"), "openssh-client"),
    // What a backup is piped into.
    (Sign::Program("age"), "age"),
    (Sign::Program("restic"), "restic"),
    (Sign::Program("certtool"), "gnutls-bin"),
    // It lets calls of the server to the system fail.
    (Sign::Program("strace"), "strace"),
    (Sign::Program("javac"), "default-jdk-headless"),
    (Sign::Program("xmllint"), "libxml2-utils"),
    // Of NetworkManager only the parser of its files is used.
    (Sign::Program("nmcli"), "network-manager"),
    (Sign::Program("/usr/sbin/openvpn"), "openvpn"),
    (Sign::Program("/usr/sbin/sstpc"), "sstp-client"),
    (Sign::Program("/usr/bin/python3"), "python3"),
    (Sign::PythonModule("ensurepip"), "python3-venv"),
    (Sign::Program("/usr/sbin/ip"), "iproute2"),
    (Sign::Program("ping"), "iputils-ping"),
    (Sign::Program("/usr/sbin/swanctl"), "strongswan-swanctl"),
    (Sign::Program("/usr/sbin/charon-systemd"), "charon-systemd"),
    (Sign::Plugin("openssl"), "libstrongswan-standard-plugins"),
    (Sign::Plugin("curve25519"), "libstrongswan-extra-plugins"),
    // ESP in user space: not every kernel has its own.
    (Sign::Plugin("kernel-libipsec"), "libcharon-extra-plugins"),
    (Sign::Program("pki"), "strongswan-pki"),
    (Sign::Program("certutil"), "libnss3-tools"),
    (Sign::Program("/usr/sbin/hostapd"), "hostapd"),
    (Sign::Program("eapol_test"), "eapoltest"),
    (Sign::Program("/usr/sbin/freeradius"), "freeradius"),
];

#[derive(Debug, Clone, Copy)]
enum Sign {
    Program(&'static str),
    PythonModule(&'static str),
    /// A plugin of strongSwan.
    Plugin(&'static str),
}

fn debian() -> anyhow::Result<()> {
    let missing: Vec<&str> = DEBIAN
        .iter()
        .filter(|(sign, _)| !sign.is_there())
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        println!("all Debian packages are there");
        return Ok(());
    }
    let line = format!(
        "apt-get update && apt-get install -y --no-install-recommends {}",
        missing.join(" ")
    );
    println!("missing: {}", missing.join(" "));
    if process::read(Command::new("id").arg("-u"))?.trim() != "0" {
        bail!("programs are missing that the tests need; as root: {line}");
    }
    println!("{line}");
    let mut install = Command::new("sh");
    install
        .args(["-c", &line])
        .env("DEBIAN_FRONTEND", "noninteractive");
    process::run(&mut install, 10 * MINUTE)?;
    match DEBIAN.iter().find(|(sign, _)| !sign.is_there()) {
        None => Ok(()),
        Some((sign, package)) => bail!("package {package} is installed, and no {sign:?} came"),
    }
}

impl Sign {
    fn is_there(self) -> bool {
        match self {
            Self::Program(path) if path.starts_with('/') => Path::new(path).exists(),
            Self::Program(name) => {
                let path = std::env::var_os("PATH").unwrap_or_default();
                std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
            }
            Self::PythonModule(name) => Command::new("/usr/bin/python3")
                .args(["-c", &format!("import {name}")])
                .output()
                .is_ok_and(|output| output.status.success()),
            Self::Plugin(name) => Path::new("/usr/lib/ipsec/plugins")
                .join(format!("libstrongswan-{name}.so"))
                .exists(),
        }
    }
}

fn python(workspace: &Workspace) -> anyhow::Result<()> {
    let requirements = workspace.root().join("tests/peers/requirements.txt");
    let wanted = std::fs::read_to_string(&requirements)
        .with_context(|| format!("{}", requirements.display()))?;
    let venv = venv(workspace);
    let stamp = venv.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("all Python packages are there");
        return Ok(());
    }
    std::fs::create_dir_all(&venv)?;
    process::run(
        Command::new("/usr/bin/python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv),
        5 * MINUTE,
    )?;
    process::run(
        Command::new(venv.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(&requirements),
        10 * MINUTE,
    )?;
    std::fs::write(stamp, wanted)?;
    Ok(())
}

/// Returns the folder of the Python packages.
pub(crate) fn venv(workspace: &Workspace) -> PathBuf {
    workspace.target().join("peers/venv")
}
