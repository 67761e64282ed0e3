//! Commands that are killed: each can be repeated, nothing is lost, and no half of anything is taken for whole.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ca_store::{CaStore as _, LogStore, OpenOptions};
use ca_tests::{Algorithm, Site, first_ca, openssl, program, run};
use ca_types::{Clock as _, SystemClock};
use ca_verify::{Change, Console, Entry, KeyBlocked, Origin};

use crate::crash::make_keys_cheap;

/// How often each command is killed, at moments spread over the time that it takes.
const MOMENTS: u32 = 4;
/// Leaves enough to be in the middle of.
const LEAVES: u16 = 1_000;

#[test]
fn a_killed_backup_or_restore_is_whole_or_can_be_repeated() {
    let site = site();
    let said = said(&site);
    let tar = site.path("backup.tar");
    kill(
        || command(&site, &["backup", "create", "--out", text(&tar)]),
        || {
            if !tar.exists() {
                command_ok(&site, &["backup", "create", "--out", text(&tar)]);
            }
            run(Command::new(program("ca-server"))
                .args(["backup", "verify"])
                .arg(&tar))
            .ok();
            std::fs::remove_file(&tar).expect("it is ours");
        },
    );

    command_ok(&site, &["backup", "create", "--out", text(&tar)]);
    let crls = site.data().join("crl");
    let target = site.path("restored");
    let restore = || {
        let mut command = Command::new(program("ca-server"));
        command
            .args(["backup", "restore", text(&tar), "--data", text(&target)])
            .args(["--published-crl", text(&crls)])
            .args(["--passphrase-file", text(&site.passphrase())]);
        command
    };
    kill(restore, || {
        if !target.exists() {
            run(&mut restore()).ok();
        }
        let found = said_in(&site, &target);
        assert!(found.starts_with(&said), "leaves of the backup are lost");
        std::fs::remove_dir_all(&target).expect("it is ours");
    });
    // Into an empty directory everything is moved on its own: killed when so much was.
    let mut halves = 0;
    for moved in [0, 4, 7] {
        std::fs::create_dir(&target).expect("the test directory is writable");
        assert!(kill_while_moving(&target, moved, &restore()), "{moved}");
        if !target.join("ca-server.toml").exists() {
            halves += 1;
            assert!(is_something_left(&target), "{moved}");
            run(&mut restore()).ok();
            assert!(!is_something_left(&target), "{moved}");
        }
        let found = said_in(&site, &target);
        assert!(found.starts_with(&said), "leaves of the backup are lost");
        std::fs::remove_dir_all(&target).expect("it is ours");
    }
    assert!(halves > 0, "all were whole");
}

#[test]
fn a_killed_init_into_an_empty_directory_can_be_repeated() {
    let site = Site::empty();
    let init = || {
        let mut command = site.init_command();
        command
            .args(["--organization", "Example Fleet", "--key-algorithm", "p256"])
            .args(["--publish-url", "http://pki.example.net"])
            .args(["--server-name", "localhost"]);
        command
    };
    std::fs::create_dir(site.data()).expect("the test directory is writable");
    assert!(kill_while_moving(&site.data(), 1, &init()));
    if site.data().join("ca-server.toml").exists() {
        return;
    }
    assert!(is_something_left(&site.data()));
    run(&mut init()).ok();
    assert!(!is_something_left(&site.data()));
    site.serve();
    run(&mut init()).refused(1, &["is not empty"]);
}

/// Runs a command that fills an empty directory, slowly, and kills it when so much was moved there; tells whether it
/// was killed.
fn kill_while_moving(directory: &Path, moved: usize, command: &Command) -> bool {
    let mut strace = Command::new("strace");
    // The command stays the child of the test.
    strace.args(["-D", "-f", "-qq", "-o", "/dev/null"]);
    strace.args([
        "-e",
        "trace=rename",
        "-e",
        "inject=rename:delay_enter=300000",
    ]);
    strace.arg(command.get_program()).args(command.get_args());
    let mut child = strace
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("strace is there");
    while child.try_wait().expect("it is ours").is_none() {
        let (there, unfinished): (Vec<_>, Vec<_>) = std::fs::read_dir(directory)
            .expect("it is there")
            .map(|entry| entry.expect("it is readable").path())
            .partition(|path| !is_unfinished(path));
        let is_moving = unfinished.iter().any(|path| path.join("moving").exists());
        if is_moving && there.len() >= moved {
            child.kill().expect("it is ours");
            child.wait().expect("it is ours");
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// Tells whether an unfinished directory is in this one.
fn is_something_left(directory: &Path) -> bool {
    let mut entries = std::fs::read_dir(directory).expect("it is there").flatten();
    entries.any(|entry| is_unfinished(&entry.path()))
}

#[test]
fn a_killed_export_or_import_is_whole_or_can_be_repeated() {
    let site = site();
    let said = said(&site);
    let lines = site.path("log.jsonl");
    kill(
        || command(&site, &["store", "export", "--out", text(&lines)]),
        || {
            if !lines.exists() {
                command_ok(&site, &["store", "export", "--out", text(&lines)]);
            }
            let written = std::fs::read_to_string(&lines).expect("it is there");
            assert!(written.ends_with(&said), "a half export");
            std::fs::remove_file(&lines).expect("it is ours");
        },
    );

    command_ok(&site, &["store", "export", "--out", text(&lines)]);
    let copy = site.path("copy");
    let import = || {
        let mut command = Command::new(program("ca-server"));
        command.args(["store", "import", text(&lines), "--data", text(&copy)]);
        command
    };
    kill(import, || {
        if !copy.join("log").exists() {
            run(&mut import()).ok();
        }
        assert_eq!(said_in(&site, &copy), said);
        let names = std::fs::read_dir(&copy).expect("it is there");
        let names = names.map(|entry| entry.expect("it is readable").file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert_eq!(names, ["ca-server.toml", "lock", "log"]);
        std::fs::remove_dir_all(&copy).expect("it is ours");
    });
}

#[test]
fn a_killed_rebuild_of_the_index_is_repeated_by_the_next_start() {
    let site = site();
    let said = said(&site);
    kill(
        || command(&site, &["store", "rebuild"]),
        || assert_eq!(self::said(&site), said),
    );
    // The start that builds the index is killed itself; the next one goes on.
    let remove = || super::disk::remove_indexes(&site);
    remove();
    let begun = Instant::now();
    site.serve().terminate();
    let whole = begun.elapsed();
    for moment in 1..=MOMENTS {
        remove();
        let is_killed = kill_after(site.serve_command(), whole * moment / (MOMENTS + 1));
        assert!(is_killed, "the server ended by itself");
    }
    let server = site.serve();
    let found = self::said(&site);
    assert!(found.starts_with(&said), "leaves are lost");
    server.terminate();
    let verified = site.server_command(&["audit", "verify"]).ok();
    assert!(verified.stdout.contains("sound"), "{verified}");
}

#[test]
fn a_killed_change_of_the_passphrase_leaves_one_for_all_keys() {
    let site = Site::new(Algorithm::P256);
    // Encrypting is what takes the time.
    let key_of = |class: &str| format!("{}.key", first_ca(class));
    for class in ["router", "vpn-server", "vpn-client"] {
        let key = site.data().join("keys").join(key_of(class));
        std::fs::remove_file(key).expect("the directory is ours");
    }
    make_keys_cheap(&site);
    let other = site.path("other");
    std::fs::write(&other, "another horse battery staple\n").expect("the directory is ours");
    let rewrap = |from: &Path, to: &Path| {
        let words = ["key", "rewrap", "--passphrase-file", text(from)];
        let mut command = command(&site, &words);
        command.arg("--new-passphrase-file").arg(to);
        command
    };
    let (first, mut changed) = (site.passphrase(), 0);
    kill(
        || rewrap(&first, &other),
        || {
            // All keys have the one or the other; either way the former comes back.
            if run(&mut rewrap(&other, &first)).code == Some(0) {
                changed += 1;
            }
            let pass = format!("file:{}", first.display());
            for key in [key_of("control"), "log.key".to_owned()] {
                let key = site.data().join("keys").join(key);
                let words = ["pkey", "-in", text(&key), "-noout", "-passin", &pass];
                openssl(&site.path(""), &words).ok();
            }
            for left in ["keys-new", "keys-former"] {
                assert!(!site.data().join(left).exists(), "{left} is left");
            }
        },
    );
    assert!(changed > 0, "the run that was not killed changed it");
}

/// A stopped CA with a log of some length.
fn site() -> Site {
    let site = Site::new(Algorithm::P256);
    make_keys_cheap(&site);
    // The CRLs of all CAs are made by the first start.
    site.serve().terminate();
    let (store, _report) =
        LogStore::open(&site.data(), OpenOptions::system()).expect("it is stopped");
    let store = std::sync::Arc::new(store);
    let runtime = tokio::runtime::Runtime::new().expect("the machine has threads");
    runtime.block_on(async {
        let mut commits = tokio::task::JoinSet::new();
        for number in 0..LEAVES {
            let store = std::sync::Arc::clone(&store);
            commits.spawn(async move { store.commit(blocked(number)).await });
        }
        while let Some(done) = commits.join_next().await {
            done.expect("it does not panic").expect("it is taken");
        }
    });
    store.close();
    site
}

fn blocked(number: u16) -> Entry {
    let mut key = [0xb1; 32];
    key[..2].copy_from_slice(&number.to_be_bytes());
    Entry {
        time: SystemClock.now(),
        origin: Origin {
            actor: None,
            address: Console::TASK.to_owned(),
            request: None,
            settings: [0; 32].into(),
        },
        changes: vec![Change::KeyBlocked(KeyBlocked {
            key: key.into(),
            comment: "one of many".to_owned(),
        })],
    }
}

/// Runs a command, then again and again, killed earlier while it lived; `judge` looks at what each left, and makes room
/// for the next.
fn kill(mut command: impl FnMut() -> Command, mut judge: impl FnMut()) {
    let begun = Instant::now();
    run(&mut command()).ok();
    let whole = begun.elapsed();
    judge();
    for moment in 1..=MOMENTS {
        let mut time = whole * moment / (MOMENTS + 1);
        while !kill_after(command(), time) {
            judge();
            time /= 2;
        }
        judge();
    }
}

/// Starts a program and kills it after a while; tells whether it still lived.
pub(super) fn kill_after(mut command: Command, time: Duration) -> bool {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program is there");
    std::thread::sleep(time);
    let is_alive = child.try_wait().expect("it is ours").is_none();
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
    is_alive
}

fn command(site: &Site, words: &[&str]) -> Command {
    let mut command = Command::new(program("ca-server"));
    command.args(words).arg("--data").arg(site.data());
    command
}

#[track_caller]
fn command_ok(site: &Site, words: &[&str]) {
    run(&mut command(site, words)).ok();
}

/// All leaves of a site, a line each.
fn said(site: &Site) -> String {
    said_in(site, &site.data())
}

/// All leaves of a data directory, a line each; one without settings borrows those of the site.
fn said_in(site: &Site, data: &Path) -> String {
    let settings = data.join("ca-server.toml");
    if !settings.exists() {
        std::fs::copy(site.data().join("ca-server.toml"), settings).expect("it is ours");
    }
    let mut export = Command::new(program("ca-server"));
    export
        .args(["store", "export", "--out", "-", "--data"])
        .arg(data);
    let lines = run(&mut export).ok().stdout;
    // The first line counts the leaves.
    let (_heading, leaves) = lines.split_once('\n').expect("an export has lines");
    leaves.to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in ASCII")
}
