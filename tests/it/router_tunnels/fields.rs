//! One field that is wrong takes the tunnel, whichever field it is.

use ca_tests::Network;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};

use super::{
    At::{self, Berlin, Munich},
    REFUSED, Tunnel,
};

/// Where, which command, the wrong words and the right ones; what berlin is told, and what munich logs.
type Change = (
    At,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const IDENTITY: &str = "/ip ipsec identity set [find]";
const PEER: &str = "/ip ipsec peer set berlin";
const PROFILE: &str = "/ip ipsec profile set fleet";
const PROPOSAL: &str = "/ip ipsec proposal set fleet";
const POLICY: &str = "/ip ipsec policy set [find peer=berlin]";
const NO_PROPOSAL: &str = "NO_PROPOSAL_CHOSEN";

#[rustfmt::skip]
const CHANGES: &[Change] = &[
    (Munich, IDENTITY, "remote-id=fqdn:bonn-01.example.net", "remote-id=fqdn:berlin-01.example.net",
        REFUSED, "no matching peer config found"),
    (Berlin, IDENTITY, "my-id=fqdn:bonn-01.example.net", "my-id=auto",
        REFUSED, "no matching peer config found"),
    (Munich, IDENTITY, "my-id=dn", "my-id=auto",
        REFUSED, "no matching peer config found"),
    (Munich, IDENTITY, "auth-method=pre-shared-key secret=guessed", "auth-method=digital-signature",
        NO_PROPOSAL, "no IKE config found"),
    (Munich, IDENTITY, "disabled=yes", "disabled=no",
        NO_PROPOSAL, "no IKE config found"),
    (Munich, PROFILE, "hash-algorithm=sha512", "hash-algorithm=sha256",
        NO_PROPOSAL, "received proposals unacceptable"),
    (Munich, PROFILE, "enc-algorithm=aes-128", "enc-algorithm=aes-256",
        NO_PROPOSAL, "received proposals unacceptable"),
    (Munich, PROFILE, "dh-group=ecp256", "dh-group=modp2048",
        NO_PROPOSAL, "received proposals unacceptable"),
    (Munich, PROPOSAL, "enc-algorithms=aes-128-cbc", "enc-algorithms=aes-256-cbc",
        NO_PROPOSAL, "no acceptable proposal found"),
    (Munich, PROPOSAL, "auth-algorithms=sha512", "auth-algorithms=sha256",
        NO_PROPOSAL, "no acceptable proposal found"),
    (Munich, PROPOSAL, "disabled=yes", "disabled=no",
        "TS_UNACCEPTABLE", ""),
    (Munich, POLICY, "dst-address=10.84.0.1/32", "dst-address=10.82.0.1/32",
        "TS_UNACCEPTABLE", "10.81.0.1/32 === 10.82.0.1/32 unacceptable"),
    (Munich, PEER, "address=10.66.0.77/32", "address=10.66.0.2/32",
        NO_PROPOSAL, "no IKE config found"),
    (Munich, PEER, "exchange-mode=main", "exchange-mode=ike2",
        NO_PROPOSAL, "no IKE config found"),
    (Munich, PEER, "disabled=yes", "disabled=no",
        NO_PROPOSAL, "no IKE config found"),
    (Munich, "/certificate set [find]", "trusted=no", "trusted=yes",
        REFUSED, "no trusted RSA public key found"),
    // Every list that counts is to be had, and munich has none.
    (Munich, "/certificate settings set", "crl-use=yes", "crl-use=no",
        REFUSED, "constraint check failed"),
];

/// Changes each field, and changes it back.
#[track_caller]
pub(super) fn each_takes_the_tunnel(tunnel: &Tunnel<'_>, network: &Network) {
    for &(at, command, wrong, right, said, logged) in CHANGES {
        let side = tunnel.side(at);
        side.router.console(&format!("{command} {wrong}\n"));
        tunnel.breaks(said, logged);
        side.router.console(&format!("{command} {right}\n"));
        tunnel.stands(network);
    }
    a_pinned_certificate(tunnel, network);
    a_certificate_whose_time_is_not_now(tunnel, network);
}

/// Munich wants one certificate, and no name.
#[track_caller]
fn a_pinned_certificate(tunnel: &Tunnel<'_>, network: &Network) {
    let munich = &tunnel.munich;
    let own = munich.bound();
    munich.set_identity(&format!(
        "match-by=certificate remote-certificate=\"{}\"",
        own[0]
    ));
    tunnel.breaks(REFUSED, "constraint");
    munich.set_identity("match-by=remote-id remote-certificate=none");
    tunnel.stands(network);
}

/// Another CA that munich trusts gives berlin its name: for now, for the past and for later.
#[track_caller]
fn a_certificate_whose_time_is_not_now(tunnel: &Tunnel<'_>, network: &Network) {
    let Tunnel { berlin, munich, .. } = tunnel;
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params
        .distinguished_name
        .push(DnType::CommonName, "Another CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, key()).expect("a root");
    munich.router.console("/file print file=another\n");
    munich.write("another.txt", &authority.pem());
    munich.import_file("another.txt", 1, 0);
    let own = berlin.bound();
    for (name, from, until, taken) in [
        ("now", 2020, 2099, true),
        ("past", 2020, 2021, false),
        ("later", 2098, 2099, false),
    ] {
        let names = vec!["berlin-01.example.net".to_owned()];
        let mut params = CertificateParams::new(names).expect("a name");
        // A certificate without a key identifier serves no tunnel.
        params.is_ca = IsCa::ExplicitNoCa;
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = key();
        let leaf = params.signed_by(&key, &authority).expect("a leaf");
        let file = format!("{name}.pem");
        berlin.router.console(&format!("/file add name={file}\n"));
        berlin.write(&file, &(leaf.pem() + &key.serialize_pem()));
        berlin.import_file(&file, 1, 1);
        berlin.bind(&[format!("{file}_0")]);
        if taken {
            tunnel.stands(network);
        } else {
            tunnel.breaks(REFUSED, "certificate invalid (valid from");
        }
    }
    berlin.bind(&own);
    tunnel.stands(network);
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}
