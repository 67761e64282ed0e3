//! Two routers and a person: certificates go in, a tunnel comes up, one certificate is revoked, its holder is refused.

use std::{
    fs,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use ca_tests::{
    ANNA, BERLIN, BERLIN_NET, BERLIN_WISHES, Charon, MUNICH, MUNICH_NET, MUNICH_WISHES, Network,
    RoadWarrior, Router, Spine,
};

use crate::stage::Stage;

/// Plays it; without namespaces the tunnels are left out, unless everything is required.
pub(crate) fn play(stage: &Stage, require_all: bool) -> anyhow::Result<()> {
    let spine = adoption(stage)?;
    push(stage)?;
    match Network::missing() {
        Some(why) if require_all => bail!("the tunnels cannot be shown: {why}"),
        Some(why) => println!("\nLeft out: the tunnels. {why}"),
        None => tunnels(stage, &spine)?,
    }
    Ok(())
}

fn adoption(stage: &Stage) -> anyhow::Result<Spine> {
    stage.say(
        "Two routers of two generations",
        "Simulated, since none is at hand: RouterOS 7.24, reached over REST, and 6.49, reached over the binary API. \
         Their owners have set up tunnels that still lack certificates.",
    );
    let spine = Spine::start(&stage.folder().join("routers"));
    stage.say(
        "Each gets a user with few rights, by a script pasted into its console",
        "It ends with the fingerprint of a first certificate. `router add` sends the password only to whoever shows \
         that certificate, and pins its key.",
    );
    adopt(stage, &spine.berlin, BERLIN, "rest", &spine.berlin.rest())?;
    wish(stage, BERLIN_WISHES)?;
    adopt(
        stage,
        &spine.munich,
        MUNICH,
        "api-ssl",
        &spine.munich.api_ssl(),
    )?;
    wish(stage, MUNICH_WISHES)?;
    Ok(spine)
}

fn adopt(
    stage: &Stage,
    router: &Router,
    name: &str,
    door: &str,
    address: &str,
) -> anyhow::Result<()> {
    let (host, port) = address.split_once(':').unwrap_or((address, "443"));
    let password = format!("{name}.password");
    let script = stage.read_client(&[
        "router",
        "bootstrap",
        "--print",
        name,
        "--address",
        host,
        "--door",
        door,
        "--password-file",
        &password,
    ])?;
    let printed = router.console(&script);
    let fingerprint = printed.trim().lines().last().unwrap_or_default();
    println!("… pasted; the console prints\n{fingerprint}");
    stage.client(&[
        "router",
        "add",
        name,
        "--address",
        host,
        "--port",
        port,
        "--door",
        door,
        "--fingerprint",
        fingerprint,
        "--password-file",
        &password,
        "--certificate-name",
        &format!("{name}.example.net"),
    ])
}

/// Adds to the last entry of the fleet file, as its owner would with an editor.
fn wish(stage: &Stage, wishes: &str) -> anyhow::Result<()> {
    let path = stage.folder().join("fleet.toml");
    let mut file = fs::OpenOptions::new().append(true).open(&path)?;
    file.write_all(wishes.as_bytes())?;
    let text = fs::read_to_string(&path)?;
    fs::write(&path, text.replace("# crl-use = true", "crl-use = true"))?;
    println!(
        "\nAn editor adds to its entry in fleet.toml: crl-use = true, and\n{}",
        wishes.trim()
    );
    Ok(())
}

fn push(stage: &Stage) -> anyhow::Result<()> {
    stage.say(
        "What would change, then the change",
        "Keys are made in the memory of ca-client and go over pinned TLS. Each service is looked at from outside \
         afterwards; where that fails, the former certificate is put back.",
    );
    stage.client(&["router", "plan"])?;
    stage.client(&["router", "push", "--yes", "--accept-unproved"])?;
    stage.say(
        "Once more: nothing to do, so nothing is sent",
        "A line for cron is the same command.",
    );
    stage.client(&["router", "push", "--yes", "--accept-unproved"])
}

fn tunnels(stage: &Stage, spine: &Spine) -> anyhow::Result<()> {
    stage.say(
        "strongSwan judges",
        "Its daemons get what the routers hold, nothing else: the listed certificates, the chain and the CRLs in their \
         stores, their exact proposals. Each runs in a network namespace of its own.",
    );
    let network = Spine::network();
    let folder = |host: &str| stage.folder().join(format!("{host}-charon"));
    let munich = Spine::charon(&spine.munich, &network, "munich", &folder("munich"));
    let berlin = Spine::charon(&spine.berlin, &network, "berlin", &folder("berlin"));
    let tunnel = Spine::tunnel_of(&folder("berlin"), "munich");
    up(berlin.initiate(&tunnel), "berlin dials munich")?;
    println!(
        "{}",
        network
            .host("berlin")
            .ping(BERLIN_NET, MUNICH_NET)
            .ok()
            .stdout
            .trim()
    );
    let road = anna(stage, &network)?;
    up(road.dial(), "Anna dials munich from the road")?;
    spine.berlin.feed_back(&berlin.sas());
    spine.munich.feed_back(&munich.sas());
    stage.client(&["router", "verify"])?;
    road.hang_up();
    stage.say(
        "Anna's new laptop is stolen, too",
        "The routers fetch CRLs hourly; here munich is told to do it now.",
    );
    stage.client(&["revoke", "--name", ANNA, "--reason", "key-compromise"])?;
    refused(spine, &munich, &folder("munich"), &road)
}

fn anna(stage: &Stage, network: &Network) -> anyhow::Result<RoadWarrior> {
    stage.client(&[
        "issue",
        "--profile",
        "vpn-client",
        "--name",
        ANNA,
        "--out",
        "laptop",
        "--p12",
        "--key-passphrase-file",
        "passphrase",
    ])?;
    let (folder, issued) = (stage.folder().join("road"), stage.folder().join("laptop"));
    Ok(Spine::anna(
        network,
        &folder,
        &issued,
        "correct horse battery staple",
    ))
}

fn up(dialled: Result<(), String>, what: &str) -> anyhow::Result<()> {
    match dialled {
        Ok(()) => println!("{what}: the tunnel is up"),
        Err(why) => bail!("{what}: {why}"),
    }
    Ok(())
}

/// Waits until munich has the CRL that refuses Anna: it is published at most two seconds after the reply.
fn refused(
    spine: &Spine,
    munich: &Charon,
    folder: &Path,
    road: &RoadWarrior,
) -> anyhow::Result<()> {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        spine.munich.console("/certificate crl download\n");
        spine.munich.export_strongswan(folder);
        munich.reload();
        if road.dial().is_err() {
            break;
        }
        road.hang_up();
        ensure!(Instant::now() < end, "munich lets a revoked person in");
    }
    let log = munich.log();
    let why = log.lines().rev().find(|line| line.contains("was revoked"));
    println!(
        "Anna dials munich from the road: refused\n{}",
        why.unwrap_or_default()
    );
    Ok(())
}
