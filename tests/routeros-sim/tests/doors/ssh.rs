//! SSH, SFTP and SCP, asked by OpenSSH.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use routeros_sim::model::Model;
use tempfile::TempDir;

use crate::rig::Rig;

/// OpenSSH on the way to a router.
pub(crate) struct Client<'a> {
    rig: &'a Rig,
    user: &'a str,
    folder: TempDir,
}

impl<'a> Client<'a> {
    pub(crate) fn new(rig: &'a Rig, user: &'a str, password: &str) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let ask = folder.path().join("ask");
        fs::write(&ask, format!("#!/bin/sh\necho '{password}'\n")).expect("a script");
        fs::set_permissions(&ask, Permissions::from_mode(0o700)).expect("the script is ours");
        Self { rig, user, folder }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Runs a program of OpenSSH, and returns whether it was content and what it said.
    pub(crate) async fn run(&self, program: &str, words: &[&str]) -> (bool, String) {
        let known = format!("UserKnownHostsFile={}", self.path("known"));
        let port = self.rig.ssh.port().to_string();
        let port_flag = if program == "ssh" { "-p" } else { "-P" };
        let mut command = Command::new(program);
        command
            .args(["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", &known])
            .args(["-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1"])
            .args([port_flag, &port])
            .args(words)
            .env("SSH_ASKPASS", self.path("ask"))
            .env("SSH_ASKPASS_REQUIRE", "force")
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = output
            .await
            .expect("it runs")
            .expect("OpenSSH is installed");
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    }

    pub(crate) async fn ssh(&self, command: &str) -> String {
        let host = format!("{}@127.0.0.1", self.user);
        self.run("ssh", &[&host, command]).await.1
    }

    pub(crate) async fn sftp(&self, batch: &str) -> (bool, String) {
        fs::write(self.folder.path().join("batch"), batch).expect("a file");
        let host = format!("{}@127.0.0.1", self.user);
        let words = ["-o", "BatchMode=no", "-b", &self.path("batch"), &host];
        self.run("sftp", &words).await
    }
}

fn write(folder: &Path, name: &str, contents: &[u8]) -> String {
    let path = folder.join(name);
    fs::write(&path, contents).expect("a file");
    path.display().to_string()
}

async fn a_router_answers_as_its_console(model: Model) {
    let rig = Rig::start(model).await;
    let client = Client::new(&rig, "admin", "secret");
    let put = ":put [/system identity get name]";
    assert_eq!(client.ssh(put).await, "r1\r\n");
    assert_eq!(
        client.ssh("/system identity set name=\"a\\$b\\\"]\"").await,
        ""
    );
    assert_eq!(client.ssh(put).await, "a$b\"]\r\n");
    let added = client
        .ssh(":put [/ip pool add name=p ranges=192.0.2.1-192.0.2.9]")
        .await;
    assert_eq!(added, "*1\r\n");
    let terse = client.ssh("/ip pool print terse where name=p").await;
    assert!(
        terse.starts_with(" 0 ") && terse.contains("name=p"),
        "{terse}"
    );
    for (command, expect) in [
        (
            "/ip nothing print",
            "bad command name nothing (line 1 column 5)\r\n",
        ),
        (
            "/ip pool frob",
            "bad command name frob (line 1 column 10)\r\n",
        ),
        (
            "/ip pool add nme=p; :put never",
            "expected end of command (line 1 column 14)\r\n",
        ),
        (
            ":put once; /ip pool remove *99; :put never",
            "once\r\nno such item\r\n",
        ),
        (
            "/ip service set telnet disabled=perhaps",
            "input does not match any value of disabled\r\n",
        ),
    ] {
        assert_eq!(client.ssh(command).await, expect, "{command}");
    }
    let wrong = Client::new(&rig, "admin", "guess");
    let refused = wrong.run("ssh", &["admin@127.0.0.1", put]).await;
    assert!(
        !refused.0 && refused.1.contains("Permission denied"),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_router_answers_as_its_console() {
    a_router_answers_as_its_console(Model::V6_49).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newer_router_answers_as_its_console() {
    a_router_answers_as_its_console(Model::V7_24).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_both_ways_and_scripts_are_imported() {
    for model in [Model::V6_49, Model::V7_24] {
        let rig = Rig::start(model).await;
        let client = Client::new(&rig, "admin", "secret");
        let octets: Vec<u8> = (0..200_000_u32)
            .map(|number| (number % 251) as u8)
            .collect();
        let big = write(client.folder.path(), "big", &octets);
        let (back, older) = (client.path("back"), client.path("older"));
        let script = write(
            client.folder.path(),
            "s.rsc",
            b"/system identity\nset name=scripted\n",
        );
        let batch = format!(
            "put {big} big.p12\nput {script} s.rsc\nrename big.p12 other.p12\nls -l\nget other.p12 {back}\n"
        );
        let (good, said) = client.sftp(&batch).await;
        assert!(good && said.contains("200000"), "{said}");
        assert!(fs::read(&back).expect("it came back") == octets);
        let remote = "admin@127.0.0.1:older.p12";
        for words in [["-O", &big, remote], ["-O", remote, &older]] {
            let (good, said) = client.run("scp", &words).await;
            assert!(good, "{said}");
        }
        assert!(fs::read(&older).expect("it came back") == octets);
        let said = client.ssh("/import file-name=s.rsc").await;
        assert!(said.contains("executed successfully"), "{said}");
        assert_eq!(
            client.ssh(":put [/system identity get name]").await,
            "scripted\r\n"
        );
        assert!(client.sftp("rm other.p12\nrm older.p12\n").await.0);
        assert!(!client.sftp("rm other.p12\n").await.0);
        let left = client.ssh("/file print count-only").await;
        assert_eq!(left, "1\r\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_does_what_the_group_allows() {
    let rig = Rig::start(Model::V7_24).await;
    rig.paste(
        "/user group add name=look policy=ssh,read\n/user add name=eve password=pw group=look\n\
         /user group add name=blind policy=read,ftp,api\n/user add name=bob password=pw group=blind",
    )
    .await;
    let eve = Client::new(&rig, "eve", "pw");
    assert_eq!(eve.ssh(":put [/system identity get name]").await, "r1\r\n");
    let refused = "not enough permissions (9)\r\n";
    assert_eq!(eve.ssh("/system identity set name=x").await, refused);
    assert!(!eve.sftp("ls\n").await.0, "without ftp there is no SFTP");
    let bob = Client::new(&rig, "bob", "pw");
    assert!(bob.ssh(":put x").await.contains("Permission denied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_logs_in_and_ends_the_password() {
    let rig = Rig::start(Model::V7_24).await;
    let client = Client::new(&rig, "admin", "secret");
    let key = client.path("key");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f", &key])
        .status();
    assert!(made.expect("OpenSSH is installed").success());
    assert!(client.sftp(&format!("put {key}.pub key.pub\n")).await.0);
    assert_eq!(
        client
            .ssh("/user ssh-keys import public-key-file=key.pub user=admin")
            .await,
        ""
    );
    let put = ["admin@127.0.0.1", ":put in"];
    assert!(!client.run("ssh", &put).await.0, "the password is over");
    let with_key = [["-i", &key], put].concat();
    assert_eq!(
        client.run("ssh", &with_key).await,
        (true, "in\r\n".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_beside_a_key_is_a_setting() {
    for (model, setting, value, with_key, without) in [
        (Model::V7_24, "password-authentication", "yes", true, true),
        (Model::V7_24, "password-authentication", "no", false, false),
        (
            Model::V7_24,
            "password-authentication",
            "yes-if-no-key",
            false,
            true,
        ),
        (
            Model::V7_20,
            "always-allow-password-login",
            "yes",
            true,
            true,
        ),
        (
            Model::V7_20,
            "always-allow-password-login",
            "no",
            false,
            true,
        ),
    ] {
        let rig = Rig::start(model).await;
        rig.paste(&format!("/ip ssh set {setting}={value}")).await;
        let put = ["admin@127.0.0.1", ":put in"];
        let client = Client::new(&rig, "admin", "secret");
        assert_eq!(
            client.run("ssh", &put).await.0,
            without,
            "{setting}={value}"
        );
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAIBf5Wc3cVf7Nj7e3nyh1y2hDCZlUPmJDcTdYVqzq7q4L";
        let add = format!("/user ssh-keys add user=admin key=\"ssh-ed25519 {key} a\"");
        rig.paste(&add).await;
        assert_eq!(
            client.run("ssh", &put).await.0,
            with_key,
            "{setting}={value}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_without_a_file_is_printed() {
    for model in [Model::V6_49, Model::V7_24] {
        let rig = Rig::start(model).await;
        let client = Client::new(&rig, "admin", "secret");
        client.ssh("/ip pool add name=p ranges=192.0.2.1").await;
        let said = client.ssh("/ip pool export").await;
        assert_eq!(said, "/ip/pool\r\nadd name=p ranges=192.0.2.1\r\n");
    }
}

/// Fails when: one of the three lists is the same with `strong-crypto=yes`.
#[tokio::test(flavor = "multi_thread")]
async fn strong_crypto_leaves_the_old_algorithms_out() {
    let old = [
        "KexAlgorithms=diffie-hellman-group14-sha1",
        "Ciphers=aes128-ctr",
        "MACs=hmac-sha1",
    ];
    for model in [Model::V6_49, Model::V7_24] {
        let mut rig = Rig::start(model).await;
        for (strong, taken) in [("false", true), ("true", false)] {
            rig = rig.with_setting("/ip/ssh", "strong-crypto", strong).await;
            let client = Client::new(&rig, "admin", "secret");
            for algorithms in old {
                let words = ["-o", algorithms, "admin@127.0.0.1", ":put in"];
                let (good, said) = client.run("ssh", &words).await;
                assert_eq!(
                    good,
                    taken,
                    "{} {strong} {algorithms}: {said}",
                    model.name()
                );
            }
            assert_eq!(client.ssh(":put in").await, "in\r\n");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_changes_cuts_its_connections() {
    let rig = Rig::start(Model::V7_24).await;
    let client = Client::new(&rig, "admin", "secret");
    let (good, _) = client
        .run(
            "ssh",
            &[
                "admin@127.0.0.1",
                "/ip service set ssh port=2022; :put never",
            ],
        )
        .await;
    assert!(!good);
    assert_eq!(
        client.ssh(":put [/ip service get ssh port]").await,
        "2022\r\n"
    );
}
