//! An OpenVPN daemon is told what the router holds, and nothing else.

use std::fs;

use rcgen::IsCa;
use routeros_sim::{openvpn, view::RouterView};
use tempfile::TempDir;

use crate::ground::{authority, certificates, files, held_ca, held_leaf, row, set, use_crls};

const SERVER: &str = "/interface/ovpn-server/server";
const CLIENT: &str = "/interface/ovpn-client";

/// A router that takes callers and dials: its certificate, the chain, and another CA of the name of the root.
fn site() -> RouterView {
    let root = authority("Root", None);
    let issuing = authority("Issuing", Some(&root));
    let mut view = RouterView {
        identity: "r1".to_owned(),
        ..RouterView::default()
    };
    for (menu, properties) in [
        (
            SERVER,
            "enabled=true certificate=own require-client-certificate=true cipher=aes256 auth=sha1",
        ),
        (
            CLIENT,
            "name=hq connect-to=hq.example user=u password=p certificate=own cipher=aes256-gcm \
             auth=sha256 verify-server-certificate=true",
        ),
        (
            "/ppp/secret",
            "name=anna password=pw service=ovpn local-address=10.9.0.1 remote-address=10.9.0.2",
        ),
    ] {
        view.menus.insert(menu.to_owned(), vec![row(properties)]);
    }
    view.certificates = vec![
        held_leaf("own", &["r1.example"], &issuing, IsCa::ExplicitNoCa),
        held_ca("issuing", &issuing, false),
        held_ca("root", &root, true),
        held_ca("twin", &authority("Root", None), true),
    ];
    view
}

fn exported(view: &RouterView) -> TempDir {
    let out = tempfile::tempdir().expect("a temporary directory");
    openvpn::export(view, out.path()).expect("a writable directory");
    out
}

fn text(out: &TempDir, file: &str) -> String {
    fs::read_to_string(out.path().join(file)).unwrap_or_default()
}

/// Fails when: a server without a certificate or its key serves, or one that is off; or nobody is asked for a certificate, or everybody.
#[test]
fn facts_7_openvpn_serves_with_a_certificate_and_asks_for_one_when_told() {
    for (properties, asks) in [
        ("", Some("verify-client-cert require")),
        (
            "require-client-certificate=false",
            Some("verify-client-cert none"),
        ),
        ("certificate=none", None),
        ("certificate=*0", None),
        ("certificate=root", None),
        ("enabled=false", None),
    ] {
        let mut view = site();
        set(&mut view, SERVER, 0, properties);
        let server = text(&exported(&view), "server.conf");
        let line = |wanted: &str| server.lines().any(|line| line == wanted);
        assert_eq!(!server.is_empty(), asks.is_some(), "{properties}: {server}");
        assert!(asks.is_none_or(line), "{properties}: {server}");
    }
}

/// Fails when: an instance of the list of 7.17 has another name than its own, or one that is disabled serves.
#[test]
fn facts_7_openvpn_serves_each_instance_of_the_list() {
    let mut view = site();
    let instance = "certificate=own cipher=aes256-gcm auth=sha256 protocol=udp";
    let rows = [
        format!("name=a port=1195 disabled=false {instance}"),
        format!("name=b port=1196 disabled=true {instance}"),
    ];
    view.menus.insert(
        SERVER.to_owned(),
        rows.iter().map(|text| row(text)).collect(),
    );
    let out = exported(&view);
    let found = files(out.path(), ".");
    let there = |name: &str| found.iter().any(|one| one == name);
    assert!(
        there("a.conf") && !there("b.conf") && !there("server.conf"),
        "{found:?}"
    );
    assert!(text(&out, "a.conf").contains("port 1195\nproto udp\n"));
}

/// Fails when: the name of the server is not compared, is compared when nobody said so, or anybody is trusted.
#[test]
fn facts_7_openvpn_checks_the_server_when_told() {
    for (properties, compares) in [("", true), ("verify-server-certificate=false", false)] {
        let mut view = site();
        set(&mut view, CLIENT, 0, properties);
        let out = exported(&view);
        let client = text(&out, "hq.conf");
        let compared = client.contains("verify-x509-name hq.example name\n");
        assert_eq!(compared, compares, "{client}");
        let trusted = format!("ca {}/trusted.pem", out.path().display());
        assert!(client.contains(&trusted), "{client}");
    }
}

/// Fails when: a word for a cipher or a digest is left out or another one.
#[test]
fn facts_7_openvpn_speaks_what_is_set() {
    let out = exported(&site());
    let (server, client) = (text(&out, "server.conf"), text(&out, "hq.conf"));
    for (file, line) in [
        (&server, "data-ciphers AES-256-CBC"),
        (&server, "auth sha1"),
        (&server, "tls-version-max 1.2"),
        (&client, "data-ciphers AES-256-GCM"),
        (&client, "auth sha256"),
        (&client, "tls-version-max 1.2"),
    ] {
        assert!(file.lines().any(|one| one == line), "{line}: {file}");
    }
}

/// Fails when: lists are looked at with `crl-use=no`, or not with `crl-use=yes`.
#[test]
fn facts_7_openvpn_has_no_lists_but_those_of_the_router() {
    let mut view = site();
    for (answer, looks) in [("no", false), ("yes", true)] {
        use_crls(&mut view, answer);
        let out = exported(&view);
        for file in ["server.conf", "hq.conf"] {
            let text = text(&out, file);
            assert_eq!(
                text.contains("crl-verify"),
                looks,
                "{answer} {file}: {text}"
            );
            assert_eq!(
                text.contains("tls-verify"),
                looks,
                "{answer} {file}: {text}"
            );
        }
    }
}

/// Fails when: a second CA of a name is trusted too, the root is sent, or the chain is left out.
#[test]
fn facts_7_openvpn_of_two_cas_of_one_name_the_first_is_taken() {
    let mut view = site();
    let der = |view: &RouterView, place: usize| view.certificates[place].der.clone();
    for first in [2, 3] {
        let out = exported(&view);
        let trusted = certificates(&out.path().join("trusted.pem"));
        assert_eq!(trusted, [der(&view, 2)], "{first}");
        let sent = certificates(&out.path().join("server.pem"));
        assert_eq!(sent, [der(&view, 0), der(&view, 1)]);
        view.certificates.swap(2, 3);
    }
}
