//! The host `vault` of the manuals, which OpenSSH reaches.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use ca_tests::{Process, free_port, peers, repository, run};

/// A host that takes files, and the `ssh` that knows it.
#[derive(Debug)]
pub(crate) struct Vault {
    _host: Process,
    folder: tempfile::TempDir,
}

impl Vault {
    /// Starts the host.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("the directory for temporary files is writable");
        let path = |name: &str| folder.path().join(name);
        let (host_key, user_key) = (path("host"), path("user"));
        for key in [&host_key, &user_key] {
            run(Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(key))
            .ok();
        }
        for folder in ["files", "programs"] {
            fs::create_dir(path(folder)).expect("the test directory is writable");
        }
        let port = free_port().to_string();
        let public = fs::read_to_string(path("host.pub")).expect("ssh-keygen wrote it");
        write(&path("known"), &format!("[127.0.0.1]:{port} {public}"));
        let configuration = format!(
            "Host vault\n HostName 127.0.0.1\n Port {port}\n User vault\n IdentitiesOnly yes\n \
             IdentityFile {}\n UserKnownHostsFile {}\n BatchMode yes\n",
            user_key.display(),
            path("known").display()
        );
        write(&path("config"), &configuration);
        let ssh = path("programs/ssh");
        // OpenSSH takes the home of its user from the system, whatever the environment says.
        let script = format!(
            "#!/bin/sh\nexec /usr/bin/ssh -F {} \"$@\"\n",
            path("config").display()
        );
        write(&ssh, &script);
        fs::set_permissions(&ssh, fs::Permissions::from_mode(0o700)).expect("it is ours");
        let mut command = Command::new(peers("python"));
        command
            .arg(repository().join("tests/peers/ssh_host.py"))
            .arg(port)
            .args([&host_key, &user_key, &path("files")]);
        let host = Process::start(command, &path("log"));
        Self {
            _host: host.unwrap_or_else(|log| panic!("the host did not start: {log}")),
            folder,
        }
    }

    /// Returns the folder of its `ssh`, which goes before others.
    pub(crate) fn programs(&self) -> PathBuf {
        self.folder.path().join("programs")
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("the test directory is writable");
}
