//! A strongSwan daemon is told what the router holds, and nothing else.

use std::{fs, sync::OnceLock};

use rcgen::IsCa;
use routeros_sim::{
    signing::{self, Digest, Template},
    strongswan::{self, Options},
    view::{HeldCertificate, RouterView},
};
use tempfile::TempDir;

use crate::ground::{
    authority, certificates, files, held_ca, held_leaf, row, set as set_row, use_crls,
};

fn held(name: &str, san: &[&str], is_ca: bool) -> HeldCertificate {
    let template = Template {
        common_name: name.to_owned(),
        san: san.iter().map(ToString::to_string).collect(),
        key_usage: vec!["digital-signature".to_owned()],
        days: 90,
        key_size: 2048,
        digest: Digest::Sha256,
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
    set_row(view, &format!("/ip/ipsec/{menu}"), index, properties);
}

fn exported(view: &RouterView) -> (TempDir, String) {
    let out = tempfile::tempdir().expect("a temporary directory");
    strongswan::export(view, &Options::default(), out.path()).expect("a writable directory");
    let text = fs::read_to_string(out.path().join("swanctl.conf")).expect("it was written");
    (out, text)
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

/// Fails when: the daemon gets lists or is strict with `crl-use=no`, or is not strict or gets none with `crl-use=yes`.
#[test]
fn facts_6_ipsec_looks_at_the_lists_of_the_store_when_the_router_does() {
    let mut view = site();
    for (answer, revocation, given) in [("yes", "yes", 1), ("no", "no", 0), ("yes", "yes", 1)] {
        use_crls(&mut view, answer);
        let (out, text) = exported(&view);
        assert_eq!(text.contains("revocation = strict"), given == 1, "{text}");
        assert_eq!(files(out.path(), "x509crl").len(), given, "{answer}");
        let daemon = fs::read_to_string(out.path().join("strongswan.conf")).expect("a file");
        let line = format!("enable_crl = {revocation}");
        assert!(daemon.contains(&line), "{answer}: {daemon}");
    }
}

/// Fails when: `auto` is not the first name of the certificate, is a name where there is none, or a kind of name is another.
#[test]
fn facts_7_ipsec_calls_itself_by_its_first_name_or_its_subject() {
    let nameless = held_leaf("nameless", &[], &authority("CA", None), IsCa::ExplicitNoCa);
    for (property, line) in [
        ("my-id=auto", "id = fqdn:r1.example"),
        ("my-id=fqdn:other.example", "id = fqdn:other.example"),
        ("my-id=user-fqdn:a@b", "id = email:a@b"),
        ("my-id=address:192.0.2.1", "id = ipv4:192.0.2.1"),
        ("my-id=key-id:7", "id = keyid:7"),
        // strongSwan takes the subject by itself.
        ("my-id=dn", "!id ="),
        (
            "certificate=other,issuing my-id=auto",
            "id = email:a@b.example",
        ),
        ("certificate=other,issuing my-id=auto", "certs = other.pem"),
        ("certificate=nameless my-id=auto", "!id ="),
    ] {
        let mut view = site();
        view.certificates.push(nameless.clone());
        set(&mut view, "identity", 0, property);
        let (_out, text) = exported(&view);
        let local = text
            .split("local {")
            .nth(1)
            .and_then(|rest| rest.split('}').next());
        let local = local.expect("a local end");
        let (absent, line) = line
            .strip_prefix('!')
            .map_or((false, line), |line| (true, line));
        assert_ne!(local.contains(line), absent, "{property}: {local}");
    }
}

/// Fails when: `ignore` keeps the name, a name that is set is not asked for, or a pinned certificate is not the one.
#[test]
fn facts_7_ipsec_checks_the_name_of_the_peer_unless_it_is_ignored() {
    for (property, id) in [
        ("remote-id=fqdn:r2.example", "id = fqdn:r2.example"),
        ("remote-id=user-fqdn:a@b", "id = email:a@b"),
        ("remote-id=address:192.0.2.2", "id = ipv4:192.0.2.2"),
        ("remote-id=ignore", "id = %any"),
        ("remote-id=auto", "id = %any"),
        (
            "match-by=certificate remote-certificate=other",
            "certs = other.pem",
        ),
        ("match-by=certificate remote-certificate=other", "id = %any"),
        (
            "match-by=remote-id remote-certificate=other",
            "id = fqdn:r2.example",
        ),
    ] {
        let mut view = site();
        set(&mut view, "identity", 0, property);
        let (_out, text) = exported(&view);
        let remote = text
            .split("remote {")
            .nth(1)
            .and_then(|rest| rest.split('}').next());
        let remote = remote.expect("a remote end");
        assert!(
            remote.lines().any(|line| line.trim() == id),
            "{property}: {remote}"
        );
        let pins = property.starts_with("match-by=certificate");
        assert_eq!(remote.contains("certs ="), pins, "{property}: {remote}");
    }
}

/// A site whose store has a chain: the certificate `own` of `issuing`, and of that the root.
fn site_with_a_chain() -> RouterView {
    let root = authority("Root", None);
    let issuing = authority("Issuing", Some(&root));
    let mut view = site();
    view.certificates = vec![
        held_leaf("own", &["r1.example"], &issuing, IsCa::ExplicitNoCa),
        held_ca("issuing", &issuing, false),
        held_ca("root", &root, true),
    ];
    set(&mut view, "identity", 0, "certificate=own,issuing");
    view
}

/// Fails when: only the first certificate of the list goes along, one that nobody lists or trusts does, or the key of the list does not.
#[test]
fn facts_7_ipsec_lists_its_certificate_and_its_chain() {
    let mut view = site_with_a_chain();
    for (listed, trusted, authorities) in [
        ("own,issuing", true, &["issuing.pem", "root.pem"][..]),
        ("issuing,own", true, &["issuing.pem", "root.pem"]),
        ("own", true, &["root.pem"]),
        ("own,issuing", false, &[]),
    ] {
        set(&mut view, "identity", 0, &format!("certificate={listed}"));
        view.certificates[2].trusted = trusted;
        let (out, text) = exported(&view);
        assert!(text.contains("certs = own.pem"), "{listed}: {text}");
        assert_eq!(files(out.path(), "x509"), ["own.pem"], "{listed}");
        assert_eq!(files(out.path(), "private"), ["own.pem"], "{listed}");
        assert_eq!(
            files(out.path(), "x509ca"),
            authorities,
            "{listed} {trusted}"
        );
    }
}

/// Fails when: a certificate without its key identifier serves.
#[test]
fn facts_7_ipsec_wants_a_subject_key_identifier() {
    let mut view = site_with_a_chain();
    check(&view, &["hq-0 {", "id = fqdn:r1.example"]);
    view.certificates[0] = held_leaf("own", &["r1.example"], &authority("Root", None), IsCa::NoCa);
    let reason = "certificate own has no subject key identifier";
    check(
        &view,
        &[&format!("# hq-0 is left out: {reason}"), "!hq-0 {"],
    );
}

/// Fails when: a second CA of a name counts too, or the first does not.
#[test]
fn facts_7_ipsec_of_two_cas_of_one_name_the_first_is_taken() {
    let mut view = site_with_a_chain();
    let twin = authority("Root", None);
    view.certificates.push(held_ca("twin", &twin, true));
    let taken = |view: &RouterView| {
        let (out, _) = exported(view);
        files(out.path(), "x509ca")
    };
    assert_eq!(taken(&view), ["issuing.pem", "root.pem"]);
    view.certificates.swap(2, 3);
    // What the other one issued leads nowhere.
    let (out, _) = exported(&view);
    assert_eq!(
        certificates(&out.path().join("x509ca/twin.pem")),
        [twin.der().to_vec()]
    );
    assert!(!taken(&view).contains(&"root.pem".to_owned()));
    // One that is not trusted stands in nobody's way.
    view.certificates[2].trusted = false;
    assert_eq!(taken(&view), ["issuing.pem", "root.pem"]);
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

/// Fails when: a disabled peer or identity, or one of another kind, becomes a connection.
#[test]
fn facts_7_ipsec_takes_identities_with_a_certificate_that_are_on() {
    check(&site(), &["hq-0 {"]);
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
