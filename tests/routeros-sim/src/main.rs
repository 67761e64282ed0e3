//! The command line of the simulator.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use routeros_sim::assumption::Assumptions;
use routeros_sim::control;
use routeros_sim::door::{self, API, API_SSL, REST, REST_HTTP, SSH, SSTP};
use routeros_sim::factory::{Factory, FactoryCertificate};
use routeros_sim::model::Model;
use routeros_sim::openvpn;
use routeros_sim::replay::{self, Verdict};
use routeros_sim::router::{Door, Router, Settings};
use routeros_sim::strongswan::{self, Options};
use routeros_sim::tree::Tree;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Plays a RouterOS router: REST, the binary API, SSH, and a control port for tests.
///
/// Prints `ready` when all doors accept. The address of a door is what its option says, whatever
/// `port` the service has.
#[derive(Debug, Parser)]
#[command(name = "routeros-sim", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes the configuration of a strongSwan daemon that can do what the router could do.
    ExportStrongswan(Export),
    /// Writes the configurations of OpenVPN that can do what the router could do.
    ExportOpenvpn(ExportOpenvpn),
}

#[derive(Debug, Args)]
struct ExportOpenvpn {
    /// The directory of the state; the router may be running.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// The directory to write; what is in it is removed.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct Export {
    /// The directory of the state; the router may be running.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// The directory to write; credentials of an earlier export are removed.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The daemon's address where a peer has no local-address.
    #[arg(long, value_name = "ADDRESS")]
    local_address: Option<String>,
}

#[derive(Debug, Args)]
struct Run {
    /// The version: 6.49, 7.9, 7.12, 7.16, 7.20 or 7.24.
    #[arg(long)]
    model: Option<String>,
    /// The directory of the state; made when absent.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// A user in group full.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The file with the user's password; one newline at its end is left out.
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
    /// The name of the router.
    #[arg(long, value_name = "NAME", default_value = "MikroTik")]
    identity: String,
    /// REST over TLS (www-ssl), from version 7; until an upgrade to it nobody listens there.
    #[arg(long, value_name = "ADDR")]
    rest: Option<SocketAddr>,
    /// REST without TLS (www), from version 7; until an upgrade to it nobody listens there.
    #[arg(long, value_name = "ADDR")]
    rest_http: Option<SocketAddr>,
    /// The binary API.
    #[arg(long, value_name = "ADDR")]
    api: Option<SocketAddr>,
    /// The binary API over TLS.
    #[arg(long, value_name = "ADDR")]
    api_ssl: Option<SocketAddr>,
    /// SSH, with SFTP and SCP.
    #[arg(long, value_name = "ADDR")]
    ssh: Option<SocketAddr>,
    /// SSTP, up to the login: no packet is carried.
    #[arg(long, value_name = "ADDR")]
    sstp: Option<SocketAddr>,
    /// The control port, for tests: it asks nobody for a password.
    #[arg(long, value_name = "ADDR")]
    control: Option<SocketAddr>,
    /// Leaves www-ssl and api-ssl without a certificate.
    #[arg(long)]
    no_factory_certificate: bool,
    /// Answers a question that no public source settles; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    assume: Vec<String>,
    /// Lists these questions and ends.
    #[arg(long)]
    list_assumptions: bool,
    /// Compares itself with a router that `ca-client router record` kept, and ends: 0 when nothing differs, else 1.
    #[arg(long, value_name = "FILE")]
    replay_check: Option<PathBuf>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::ExportStrongswan(settings)) => return ended(export(settings)),
        Some(Command::ExportOpenvpn(settings)) => return ended(export_openvpn(&settings)),
        None => {}
    }
    if cli.run.list_assumptions {
        return match list_assumptions() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(2),
        };
    }
    if let Some(file) = &cli.run.replay_check {
        return replayed(replay_check(file, &cli.run.assume));
    }
    ended(run(cli.run))
}

fn replayed(verdict: anyhow::Result<Verdict>) -> ExitCode {
    let same = verdict.and_then(|verdict| {
        write!(std::io::stdout(), "{verdict}")?;
        Ok(verdict.found.is_empty())
    });
    match same {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => ended(Err(error)),
    }
}

#[tokio::main]
async fn replay_check(file: &Path, assume: &[String]) -> anyhow::Result<Verdict> {
    let octets = fs::read(file).with_context(|| format!("{}", file.display()))?;
    replay::check(&octets, &chosen(assume)?)
        .await
        .map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))
}

fn chosen(assume: &[String]) -> anyhow::Result<Assumptions> {
    let mut assumptions = Assumptions::default();
    for text in assume {
        assumptions.choose(text).map_err(anyhow::Error::msg)?;
    }
    Ok(assumptions)
}

fn ended(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn export(settings: Export) -> anyhow::Result<()> {
    let view = routeros_sim::export::view(&settings.state, "ipsec")?;
    let options = Options {
        local_address: settings.local_address,
    };
    strongswan::export(&view, &options, &settings.out)
        .with_context(|| format!("{}", settings.out.display()))
}

fn export_openvpn(settings: &ExportOpenvpn) -> anyhow::Result<()> {
    let view = routeros_sim::export::view(&settings.state, "ovpn")?;
    openvpn::export(&view, &settings.out).with_context(|| format!("{}", settings.out.display()))
}

fn list_assumptions() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for one in Assumptions::list() {
        writeln!(
            out,
            "{}={}\n    {}",
            one.key,
            one.values.join("|"),
            one.reason
        )?;
    }
    writeln!(out, "menus of 6.49, whose tree nobody published:")?;
    for (menu, mark) in Tree::marks() {
        writeln!(out, "    {menu}: {mark}")?;
    }
    Ok(())
}

#[tokio::main]
async fn run(settings: Run) -> anyhow::Result<()> {
    let model: Model = settings
        .model
        .as_deref()
        .context("--model is missing")?
        .parse()?;
    let doors: Vec<(Door, SocketAddr)> = [
        (REST, settings.rest),
        (REST_HTTP, settings.rest_http),
        (API, settings.api),
        (API_SSL, settings.api_ssl),
        (SSH, settings.ssh),
        (SSTP, settings.sstp),
    ]
    .into_iter()
    .filter_map(|(door, address)| Some((door, address?)))
    .collect();
    let assumptions = chosen(&settings.assume)?;
    let router = start(&settings, model, assumptions, &doors)?;
    for (door, address) in doors {
        if door.name.starts_with("rest") && !model.has_rest() {
            tokio::spawn(door::open_in_time(Arc::clone(&router), door, address));
            continue;
        }
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| address.to_string())?;
        eprintln!("routeros-sim: {} on {}", door.name, listener.local_addr()?);
        tokio::spawn(door::serve(Arc::clone(&router), door, listener));
    }
    if let Some(address) = settings.control {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| address.to_string())?;
        eprintln!("routeros-sim: control on {}", listener.local_addr()?);
        tokio::spawn(control::serve(Arc::clone(&router), listener));
    }
    let refreshed = Arc::clone(&router);
    tokio::spawn(async move { refreshed.refresh_crls().await });
    let mut terminated = signal(SignalKind::terminate())?;
    let mut out = std::io::stdout();
    writeln!(out, "ready")?;
    out.flush()?;
    tokio::select! {
        _ = terminated.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

fn start(
    settings: &Run,
    model: Model,
    assumptions: Assumptions,
    doors: &[(Door, SocketAddr)],
) -> anyhow::Result<Arc<Router>> {
    let directory = settings.state.as_deref().context("--state is missing")?;
    let user = settings.user.as_deref().context("--user is missing")?;
    let file = settings
        .password_file
        .as_deref()
        .context("--password-file is missing")?;
    let password = fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    let password = password.strip_suffix('\n').unwrap_or(&password);
    let services: Vec<&str> = doors.iter().map(|(door, _)| door.service).collect();
    let factory = Factory {
        user,
        password,
        identity: &settings.identity,
        services: &services,
        certificate: if settings.no_factory_certificate {
            FactoryCertificate::Absent
        } else {
            FactoryCertificate::SelfSigned
        },
    };
    Router::start(
        Settings {
            model,
            assumptions,
            directory,
        },
        |world| factory.set_up(world),
    )
    .with_context(|| format!("{}", directory.display()))
}
