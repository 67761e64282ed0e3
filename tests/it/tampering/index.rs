//! Somebody who writes into the index: `audit verify` finds it, and no start believes it.

use std::path::Path;

use ca_tests::{Algorithm, Site};

use super::audit;

/// Octets of one row that become others of the same length.
struct Edit {
    what: &'static str,
    from: &'static [u8],
    to: &'static [u8],
}

const EDITS: [Edit; 2] = [
    Edit {
        what: "an agent becomes an admin",
        from: b"\0\0\0\x05agent",
        to: b"\0\0\0\x05admin",
    },
    Edit {
        what: "a certificate gets another name",
        from: b"one.example.net",
        to: b"eve.example.net",
    },
];

#[test]
fn what_somebody_wrote_into_the_index_is_found_and_not_believed() {
    let site = Site::new(Algorithm::P256);
    let server = site.serve();
    let used = server.log();
    assert!(used.contains("index=Used"), "init vouched for it: {used}");
    site.issue("router", "one.example.net", &[]);
    site.client(&["actor", "add", "robot", "--role", "agent", "--out", "robot"])
        .ok();
    let expect = answers(&site);
    assert!(expect[1].contains("agent"), "{expect:?}");
    server.terminate();
    let sound = audit(&site.data(), Vec::new());
    assert!(sound.sound, "{}", sound.text());
    for edit in EDITS {
        change(&index(&site), &|db| rewrite(db, &edit));
        let report = audit(&site.data(), Vec::new());
        let kinds: Vec<_> = report.findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, ["index"], "{}: {}", edit.what, report.text());
        let checked = site.server_command(&["check"]);
        assert!(
            checked.stdout.contains("not those of the leaves"),
            "{}: {checked}",
            edit.what
        );
        believes_nothing(&site, &expect, "not those of the leaves");
    }
    // The seal goes, or is of rows before the edit: nobody vouches for it.
    change(&index(&site), &|db| {
        db.remove("seal")
            .expect("it is writable")
            .expect("there was one");
    });
    believes_nothing(&site, &expect, "nobody vouches");
    // A killed server leaves what is sealed and some rows behind; these are compared with the log.
    let server = site.serve();
    site.issue("router", "two.example.net", &[]);
    server.terminate();
    change(&index(&site), &|db| {
        let seal = db
            .get("seal")
            .expect("it is readable")
            .expect("there is one");
        let leaves = u64::from_be_bytes(seal[..8].try_into().expect("eight octets"));
        let mut forged = seal.to_vec();
        forged[..8].copy_from_slice(&(leaves - 1).to_be_bytes());
        db.insert("seal", forged).expect("it is writable");
    });
    let expect = {
        let server = site.serve();
        assert!(server.log().contains("index=Rebuilt"), "{}", server.log());
        let answers = answers(&site);
        server.kill();
        answers
    };
    let server = site.serve();
    assert!(server.log().contains("index=Used"), "{}", server.log());
    assert_eq!(answers(&site), expect);
    server.terminate();
    // Built without a server: with the passphrase the key of the log vouches for it.
    let passphrase = site.passphrase();
    let passphrase = passphrase.to_str().expect("it is UTF-8");
    for (more, what) in [
        (&[][..], "index=Rebuilt"),
        (&["--passphrase-file", passphrase][..], "index=Used"),
    ] {
        let built = site.server_command(&[&["store", "rebuild"], more].concat());
        assert_eq!(built.ok().stdout.contains("nobody"), more.is_empty());
        let server = site.serve();
        assert!(server.log().contains(what), "{}", server.log());
        server.terminate();
    }
}

/// What a server says of certificates and actors.
fn answers(site: &Site) -> [String; 2] {
    let said = |words: &[&str]| site.client(words).ok().stdout;
    [said(&["list"]), said(&["actor", "list"])]
}

/// Starts a server: it builds the index anew, for this reason, and answers as before.
fn believes_nothing(site: &Site, expect: &[String; 2], reason: &str) {
    let server = site.serve();
    let log = server.log();
    assert!(
        log.contains("index=Rebuilt") && log.contains(reason),
        "{log}"
    );
    assert_eq!(answers(site), *expect);
    server.terminate();
}

fn index(site: &Site) -> std::path::PathBuf {
    let found = std::fs::read_dir(site.data()).expect("it is a directory");
    found
        .map(|entry| entry.expect("it is readable").path())
        .find(|path| path.to_string_lossy().contains("/index-"))
        .expect("there is an index")
}

fn change(index: &Path, edit: &dyn Fn(&sled::Db)) {
    let db = sled::Config::new().path(index).open().expect("an index");
    edit(&db);
    db.flush().expect("it is writable");
    drop(db);
    // A thread of sled's may still hold the file for a moment, and the server would not start.
    let file = std::fs::File::open(index.join("db")).expect("it is there");
    file.lock().expect("it is free in the end");
    file.unlock().expect("it is ours");
}

/// Rewrites one row, as an able attacker does: its checksum is right.
fn rewrite(db: &sled::Db, edit: &Edit) {
    for pair in db.scan_prefix("page") {
        let (key, page) = pair.expect("it is readable");
        let mut page = page.to_vec();
        let mut begin = 0;
        while begin < page.len() {
            let length = page[begin + 4..begin + 8].try_into().expect("four octets");
            let length = usize::try_from(u32::from_be_bytes(length)).expect("a length");
            let row = &mut page[begin + 8..begin + 8 + length];
            let (content, checksum) = row.split_at_mut(length - 4);
            let found = content
                .windows(edit.from.len())
                .position(|part| part == edit.from);
            if let Some(place) = found {
                content[place..place + edit.to.len()].copy_from_slice(edit.to);
                checksum.copy_from_slice(&crc32c::crc32c(content).to_be_bytes());
                db.insert(key, page).expect("it is writable");
                return;
            }
            begin += 8 + length;
        }
    }
    panic!("{}: no row has it", edit.what);
}
