//! A strongSwan daemon is told what the router holds, and nothing else.

use routeros_sim::{
    signing::{self, Template},
    strongswan::{self, Options},
    view::{HeldCertificate, RouterView, Row},
};
use std::{fs, path::Path, sync::OnceLock};
use tempfile::TempDir;

fn row(properties: &str) -> Row {
    let property = |word: &str| {
        let (key, value) = word.split_once('=').expect("key=value");
        (key.to_owned(), value.to_owned())
    };
    properties.split_whitespace().map(property).collect()
}

fn held(name: &str, san: &[&str], is_ca: bool) -> HeldCertificate {
    let template = Template {
        common_name: name.to_owned(),
        san: san.iter().map(ToString::to_string).collect(),
        key_usage: vec!["digital-signature".to_owned()],
        days: 90,
        key_size: 2048,
        organization: None,
        is_ca,
    };
    let (der, key) = signing::self_sign(&template, None, 1_790_000_000).expect("a sound template");
    HeldCertificate {
        name: name.to_owned(),
        der,
        key_pkcs8: (!is_ca).then_some(key),
        trusted: true,
        is_ca,
    }
}

/// Made once: RSA keys take their time.
fn store() -> &'static [HeldCertificate] {
    static STORE: OnceLock<Vec<HeldCertificate>> = OnceLock::new();
    STORE.get_or_init(|| {
        vec![
            held("leaf", &["DNS:r1.example"], false),
            HeldCertificate {
                trusted: false,
                ..held("issuing", &[], true)
            },
            held("root", &[], true),
            held("other", &["email:a@b.example"], false),
        ]
    })
}

/// A router with one tunnel to a named peer.
fn site() -> RouterView {
    let mut view = RouterView {
        identity: "r1".to_owned(),
        ..RouterView::default()
    };
    for (menu, properties) in [
        (
            "profile",
            "name=default enc-algorithm=aes-128,3des hash-algorithm=sha1 dh-group=modp2048,modp1024",
        ),
        (
            "profile",
            "name=strong enc-algorithm=aes-256,aes-128 hash-algorithm=sha256 dh-group=ecp256 prf-algorithm=sha512 dpd-interval=1m30s",
        ),
        (
            "proposal",
            "name=default auth-algorithms=sha1 enc-algorithms=aes-256-cbc,aes-128-cbc pfs-group=modp1024 disabled=false",
        ),
        (
            "proposal",
            "name=strong auth-algorithms=sha512,sha256 enc-algorithms=aes-256-cbc,aes-128-gcm pfs-group=none",
        ),
        (
            "peer",
            "name=hq address=192.0.2.2/32 exchange-mode=ike2 profile=strong passive=false disabled=false",
        ),
        (
            "identity",
            "peer=hq auth-method=digital-signature certificate=leaf,issuing my-id=fqdn:r1.example remote-id=fqdn:r2.example generate-policy=no",
        ),
        (
            "policy",
            "template=true group=default src-address=::/0 dst-address=::/0 proposal=default",
        ),
        (
            "policy",
            "peer=hq tunnel=yes src-address=10.91.0.0/24 dst-address=10.92.0.0/24 proposal=strong",
        ),
    ] {
        view.menus
            .entry(format!("/ip/ipsec/{menu}"))
            .or_default()
            .push(row(properties));
    }
    view.certificates = store().to_vec();
    view.crls = vec![vec![0x30, 0]];
    view
}

fn set(view: &mut RouterView, menu: &str, index: usize, properties: &str) {
    let rows = view
        .menus
        .get_mut(&format!("/ip/ipsec/{menu}"))
        .expect("a menu of the site");
    rows[index].extend(row(properties));
}

fn exported(view: &RouterView) -> (TempDir, String) {
    let out = tempfile::tempdir().expect("a temporary directory");
    strongswan::export(view, &Options::default(), out.path()).expect("a writable directory");
    let text = fs::read_to_string(out.path().join("swanctl.conf")).expect("it was written");
    (out, text)
}

fn files(out: &Path, directory: &str) -> Vec<String> {
    let entries = fs::read_dir(out.join(directory)).expect("it was made");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// Every line must be there, and with `!` in front must not.
#[track_caller]
fn check(view: &RouterView, lines: &[&str]) {
    let (_out, text) = exported(view);
    for wanted in lines {
        let (absent, line) = wanted
            .strip_prefix('!')
            .map_or((false, *wanted), |line| (true, line));
        let found = text.lines().any(|own| own.trim() == line);
        assert_eq!(found, !absent, "{wanted}\n{text}");
    }
}

#[test]
fn a_tunnel_is_written_as_its_rows_say() {
    let (out, text) = exported(&site());
    let expected = "\
# What r1 holds
connections {
  hq-0 {
    version = 2
    proposals = aes256-sha256-prfsha512-ecp256,aes128-sha256-prfsha512-ecp256
    remote_addrs = 192.0.2.2
    send_cert = always
    mobike = no
    dpd_delay = 90s
    local {
      auth = pubkey
      certs = leaf.pem
      id = fqdn:r1.example
    }
    remote {
      auth = pubkey
      id = fqdn:r2.example
    }
    children {
      hq-0-policy1 {
        local_ts = 10.91.0.0/24
        remote_ts = 10.92.0.0/24
        esp_proposals = aes256-sha512,aes256-sha256,aes128gcm16
        start_action = none
      }
    }
  }
}
";
    assert_eq!(text, expected);
    assert_eq!(files(out.path(), "x509"), ["leaf.pem"]);
    assert_eq!(files(out.path(), "private"), ["leaf.pem"]);
    assert_eq!(
        files(out.path(), "x509ca"),
        ["root.pem"],
        "an issuing CA that leads nowhere"
    );
    assert_eq!(files(out.path(), "x509crl").len(), 0, "crl-use is off");
    let daemon = fs::read_to_string(out.path().join("strongswan.conf")).expect("it was written");
    assert!(daemon.contains("enable_crl = no") && daemon.contains("enable_ocsp = no"));
    assert!(!daemon.contains("curl"), "the daemon must not fetch");
}

#[test]
fn an_export_leaves_nothing_of_the_one_before() {
    let mut view = site();
    let (out, _) = exported(&view);
    view.certificates[0].key_pkcs8 = None;
    view.certificates.remove(2);
    strongswan::export(&view, &Options::default(), out.path()).expect("a writable directory");
    assert_eq!(files(out.path(), "private").len(), 0);
    assert_eq!(files(out.path(), "x509ca").len(), 0);
    assert_eq!(
        files(out.path(), "x509"),
        ["leaf.pem"],
        "the connection is there and fails"
    );
}

#[test]
fn lists_count_only_when_the_router_uses_them() {
    let mut view = site();
    view.settings
        .insert("/certificate/settings".to_owned(), row("crl-use=yes"));
    check(&view, &["revocation = strict"]);
    let (out, _) = exported(&view);
    assert_eq!(files(out.path(), "x509crl"), ["0.pem"]);
    let daemon = fs::read_to_string(out.path().join("strongswan.conf")).expect("it was written");
    assert!(daemon.contains("enable_crl = yes"));
    view.settings
        .insert("/certificate/settings".to_owned(), row("crl-use=no"));
    check(&view, &["!revocation = strict"]);
}

#[test]
fn names_follow_the_identity() {
    for (property, lines) in [
        (
            "my-id=auto",
            ["id = fqdn:r1.example", "id = fqdn:r2.example"],
        ),
        (
            "my-id=user-fqdn:a@b",
            ["id = email:a@b", "id = fqdn:r2.example"],
        ),
        (
            "my-id=address:192.0.2.1",
            ["id = ipv4:192.0.2.1", "id = fqdn:r2.example"],
        ),
        (
            "my-id=dn",
            ["!id = fqdn:r1.example", "id = fqdn:r2.example"],
        ),
        (
            "certificate=other,issuing my-id=auto",
            ["id = email:a@b.example", "certs = other.pem"],
        ),
        (
            "remote-id=ignore",
            ["id = \"%any\"", "id = fqdn:r1.example"],
        ),
        ("remote-id=auto", ["id = %any", "id = fqdn:r1.example"]),
        (
            "match-by=certificate remote-certificate=other",
            ["certs = other.pem", "id = %any"],
        ),
    ] {
        let mut view = site();
        set(&mut view, "identity", 0, property);
        let lines = lines.map(|line| line.replace('"', ""));
        check(&view, &lines.each_ref().map(String::as_str));
    }
}

#[test]
fn what_the_router_could_not_do_is_left_out() {
    for (menu, index, properties, reason) in [
        (
            "identity",
            0,
            "certificate=gone",
            "certificate gone is not in the store",
        ),
        (
            "identity",
            0,
            "certificate=none",
            "the identity lists no certificate",
        ),
        (
            "identity",
            0,
            "remote-id=fqdn:*",
            "remote-id=fqdn:* is no plain name",
        ),
        (
            "identity",
            0,
            "remote-id=dn",
            "remote-id=dn names no subject",
        ),
        (
            "identity",
            0,
            "my-id=x",
            "my-id=x is no name that strongSwan has",
        ),
        ("identity", 0, "mode-config=x", "there is no mode-config x"),
        ("peer", 0, "profile=x", "there is no profile x"),
        (
            "profile",
            1,
            "enc-algorithm=x",
            "strongSwan speaks no algorithm of its profile",
        ),
    ] {
        let mut view = site();
        set(&mut view, menu, index, properties);
        check(
            &view,
            &[&format!("# hq-0 is left out: {reason}"), "!hq-0 {"],
        );
    }
}

#[test]
fn rows_of_other_kinds_are_no_connections() {
    for (menu, index, properties) in [
        ("peer", 0, "disabled=true"),
        ("peer", 0, "exchange-mode=main"),
        ("identity", 0, "disabled=yes"),
        ("identity", 0, "auth-method=pre-shared-key"),
        ("identity", 0, "peer=other"),
    ] {
        let mut view = site();
        set(&mut view, menu, index, properties);
        check(&view, &["!hq-0 {"]);
    }
}

#[test]
fn policies_that_carry_nothing_are_no_children() {
    for (menu, index, properties, reason) in [
        (
            "policy",
            1,
            "action=discard",
            "action=discard ipsec-protocols=esp",
        ),
        (
            "policy",
            1,
            "ipsec-protocols=ah",
            "action=encrypt ipsec-protocols=ah",
        ),
        ("policy", 1, "proposal=x", "there is no enabled proposal x"),
        (
            "proposal",
            1,
            "disabled=true",
            "there is no enabled proposal strong",
        ),
        (
            "proposal",
            1,
            "enc-algorithms=twofish",
            "strongSwan speaks no algorithm of its proposal",
        ),
    ] {
        let mut view = site();
        set(&mut view, menu, index, properties);
        check(
            &view,
            &["hq-0 {", &format!("# hq-0-policy1 is left out: {reason}")],
        );
    }
    for properties in [
        "disabled=true",
        "tunnel=false",
        "peer=other",
        "dynamic=true",
        "invalid=true",
    ] {
        let mut view = site();
        set(&mut view, "policy", 1, properties);
        check(&view, &["hq-0 {", "!hq-0-policy1 {"]);
    }
}

#[test]
fn addresses_say_who_may_begin() {
    for (properties, line) in [
        ("address=", "remote_addrs = %any"),
        ("address=0.0.0.0/0", "remote_addrs = %any"),
        ("address=192.0.2.0/24", "remote_addrs = 192.0.2.0/24"),
        ("address=2001:db8::2/128", "remote_addrs = 2001:db8::2"),
        ("address=hq.example", "remote_addrs = hq.example"),
        ("passive=true", "remote_addrs = 192.0.2.2/32"),
        ("passive=true address=hq.example", "remote_addrs = %any"),
        ("local-address=192.0.2.9", "local_addrs = 192.0.2.9"),
        ("local-address=0.0.0.0", "!local_addrs = 0.0.0.0"),
        ("port=4500", "remote_port = 4500"),
    ] {
        let mut view = site();
        set(&mut view, "peer", 0, properties);
        check(&view, &[line]);
    }
}

#[test]
fn a_road_warrior_gets_an_address() {
    let mut view = site();
    set(&mut view, "peer", 0, "address= passive=true name=rw.1");
    set(
        &mut view,
        "identity",
        0,
        "peer=rw.1 generate-policy=port-strict mode-config=rw remote-id=ignore",
    );
    let mode = "name=rw responder=true address-pool=rw split-include=10.91.0.0/24,10.93.0.0/24 static-dns=10.91.0.1";
    view.menus
        .insert("/ip/ipsec/mode-config".to_owned(), vec![row(mode)]);
    view.menus.insert(
        "/ip/pool".to_owned(),
        vec![row("name=rw ranges=10.99.0.10-10.99.0.20,10.99.1.1")],
    );
    check(
        &view,
        &[
            "rw_2e1-0 {",
            "pools = rw_2e1-0-pool0,rw_2e1-0-pool1",
            "rw_2e1-0-generated {",
            "local_ts = 10.91.0.0/24,10.93.0.0/24",
            "remote_ts = dynamic",
            "esp_proposals = aes256-sha1-modp1024,aes128-sha1-modp1024",
            "rw_2e1-0-pool0 {",
            "addrs = 10.99.0.10-10.99.0.20",
            "addrs = 10.99.1.1/32",
            "dns = 10.91.0.1",
        ],
    );
    set(
        &mut view,
        "mode-config",
        0,
        "split-include= address=10.99.2.1",
    );
    set(&mut view, "policy", 0, "src-address=10.91.0.0/16");
    check(
        &view,
        &[
            "local_ts = 10.91.0.0/16",
            "remote_ts = dynamic",
            "addrs = 10.99.2.1/32",
        ],
    );
    set(&mut view, "mode-config", 0, "responder=false");
    check(
        &view,
        &[
            "vips = 0.0.0.0",
            "local_ts = dynamic",
            "remote_ts = 0.0.0.0/0",
            "!pools {",
        ],
    );
    set(&mut view, "identity", 0, "policy-template-group=x");
    check(&view, &["!rw_2e1-0-generated {"]);
    set(
        &mut view,
        "identity",
        0,
        "policy-template-group=default mode-config=none",
    );
    check(
        &view,
        &[
            "local_ts = 10.91.0.0/16",
            "remote_ts = 0.0.0.0/0",
            "!vips = 0.0.0.0",
        ],
    );
}

#[test]
fn odd_names_stay_names() {
    let mut view = site();
    view.certificates[0].name = "cert_p12/../*".to_owned();
    set(
        &mut view,
        "identity",
        0,
        "certificate=cert_p12/../*,issuing remote-id=fqdn:a}\"\\b",
    );
    check(
        &view,
        &[
            "certs = cert_p12_2f_2e_2e_2f_2a.pem",
            r#"id = "fqdn:a}\"\\b""#,
        ],
    );
    let (out, _) = exported(&view);
    assert_eq!(
        files(out.path(), "private"),
        ["cert_p12_2f_2e_2e_2f_2a.pem"]
    );
    assert!(!format!("{view:?}").contains("PRIVATE"));
}
