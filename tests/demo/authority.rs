//! A certificate authority: it comes up, issues, revokes, and hands out new keys.

use crate::stage::Stage;

/// Plays it; the server runs from here on.
pub(crate) fn play(stage: &mut Stage) -> anyhow::Result<()> {
    hierarchy(stage)?;
    stage.serve()?;
    certificates(stage)?;
    revocation(stage)?;
    renewal(stage)
}

fn hierarchy(stage: &Stage) -> anyhow::Result<()> {
    stage.say(
        "A certificate authority comes up",
        "One root, whose key goes to root-offline/ to be moved away, and four issuing CAs: routers, \
         gateways, clients, and the API of the server itself. A client CA can never make a gateway.",
    );
    stage.secret("passphrase", "correct horse battery staple")?;
    let (api, http, operations) = stage.addresses();
    let publish = format!("http://{http}");
    stage.server(&[
        "init",
        "--data",
        "ca",
        "--organization",
        "Example Fleet",
        "--publish-url",
        &publish,
        "--passphrase-file",
        "passphrase",
        "--listen",
        &api,
        "--http-listen",
        &http,
        "--operations-listen",
        &operations,
    ])
}

fn certificates(stage: &Stage) -> anyhow::Result<()> {
    stage.say(
        "Certificates for a router, a gateway and a person",
        "The keys are made here and never leave this machine; the server sees certification requests.",
    );
    stage.client(&[
        "issue",
        "--profile",
        "router",
        "--name",
        "hamburg-01.example.net",
        "--out",
        "router",
    ])?;
    stage.client(&[
        "issue",
        "--profile",
        "vpn-server",
        "--name",
        "vpn.example.net",
        "--san",
        "ip:192.0.2.1",
        "--out",
        "gateway",
    ])?;
    stage.client(&[
        "issue",
        "--profile",
        "vpn-client",
        "--name",
        "anna@example.net",
        "--out",
        "anna",
    ])?;
    stage.client(&["list"])?;
    stage.say(
        "OpenSSL is asked, not we",
        "Chain, CRLs of the issuing CA and of the root, all extensions strictly.",
    );
    stage.fetch_crls()?;
    stage.openssl_accepts("gateway", "vpn.example.net.pem")?;
    stage.openssl_accepts("anna", "anna@example.net.pem")
}

fn revocation(stage: &Stage) -> anyhow::Result<()> {
    stage.say(
        "Anna's laptop is stolen",
        "The revocation is durable before the reply, and in the published CRL within two seconds.",
    );
    stage.client(&[
        "revoke",
        "--name",
        "anna@example.net",
        "--reason",
        "key-compromise",
    ])?;
    stage.wait_until_refused("anna", "anna@example.net.pem")
}

fn renewal(stage: &Stage) -> anyhow::Result<()> {
    stage.say(
        "The router gets a new key before its certificate ends",
        "The holder signs the request with the old key: no operator, and the old certificate stays valid beside \
         the new one until that was seen working.",
    );
    stage.client(&[
        "rekey",
        "--cert",
        "router/hamburg-01.example.net.pem",
        "--out",
        "router-next",
    ])?;
    stage.client(&["list", "--name", "hamburg-*"])?;
    stage.say(
        "Who did what",
        "Every change is a leaf of a log that is the truth; the index beside it can be thrown away.",
    );
    stage.client(&["audit", "show"])
}
