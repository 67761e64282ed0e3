//! The commands of ca-server: from arguments to an exit code.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use ca_store::files::SystemFiles;
use ca_types::{Clock as _, Code, Passphrase, SystemClock, SystemEntropy};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::audit::{AuditError, AuditOptions, verify};
use crate::check::check;
use crate::cli::{
    AdminCommand, AuditCommand, AuditVerifyArgs, CeremonyCommand, CheckArgs, Cli, Command,
    InitArgs, KeyCommand, RecoverArgs, RewrapArgs, ServeArgs, SettingsArgs,
};
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::init::{InitOptions, InitPlan, farewell};
use crate::keystore::rewrap_keys;
use crate::lock::DataDirLock;
use crate::passphrase::{PassphraseError, is_readable_by_others, read_passphrase};
use crate::printer::Printer;
use crate::recover::recover;
use crate::serve::{ServeOptions, Server};
use crate::settings::{Settings, SettingsError};
use crate::telemetry;

mod backup;
mod ceremony;
mod store;
mod transfer;

/// Runs the command that was typed.
///
/// # Errors
/// Fails with what the command was refused for, or could not do.
pub async fn run(cli: Cli, printer: &mut Printer) -> Result<ExitCode, Failure> {
    match cli.command {
        Command::Init(args) => init(args, printer).await,
        Command::Serve(args) => {
            telemetry::start_log(&cli.log)?;
            serve(args, printer).await
        }
        Command::Check(args) => look(args, printer).await,
        Command::Admin(AdminCommand::Recover(args)) => recover_admin(args, printer).await,
        Command::Backup(command) => backup::run(command, printer).await,
        Command::Store(command) => store::run(&command, printer).await,
        Command::Audit(AuditCommand::Verify(args)) => audit(args, printer).await,
        Command::Key(KeyCommand::Rewrap(args)) => rewrap(&args, printer),
        Command::Ceremony(CeremonyCommand::Root(command)) => ceremony::run(command, printer),
    }
}

async fn init(args: InitArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let plan = InitPlan::prove(&InitOptions {
        data: args.data,
        organization: args.organization,
        publish_url: args.publish_url,
        passphrase_file: args.passphrase_file,
        root_passphrase_file: args.root_passphrase_file,
        domains: args.domains,
        server_names: args.server_names,
        listen: args.listen,
        http_listen: args.http_listen,
        operations_listen: args.operations_listen,
        key_algorithm: args.key_algorithm,
        host_name: host_name(),
    })?;
    for warning in plan.warnings() {
        printer.warn(warning);
    }
    let bar = printer.progress(InitPlan::STEPS, "Making keys");
    let founded = plan.found(SystemClock.now(), &mut SystemEntropy, &|| bar.inc(1));
    bar.finish_and_clear();
    // From here on Ctrl-C waits for the end, a second or two away, so that no key is left in a half-made directory.
    let _unheard = stop_signal()?;
    let report = Box::pin(plan.build(founded?, &mut SystemEntropy)).await?;
    written(printer.data(&report, &farewell(&plan, &report)))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(args: ServeArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let settings = settings_of(&args.settings)?;
    let passphrase = passphrase_of(args.passphrase_file.as_deref(), &settings, printer)?;
    if settings.policy.domains.is_empty() {
        tracing::warn!("any well-formed name may be issued: name your domains in the settings");
    }
    let bar = printer.progress(0, "Opening the store");
    let shown = bar.clone();
    let options = ServeOptions {
        data: settings.data.clone(),
        settings,
        passphrase,
        clock: Arc::new(SystemClock),
        metrics: Some(telemetry::start_metrics()?),
        files: Arc::new(SystemFiles),
        progress: Box::new(move |progress| {
            shown.set_length(progress.total);
            shown.set_position(progress.done);
        }),
    };
    let stop = stop_signal()?;
    let hangup = signal(SignalKind::hangup()).map_err(no_signals)?;
    let starting = Box::pin(Server::start(options));
    let server = tokio::select! {
        server = starting => Some(server),
        () = stop.cancelled() => None,
    };
    bar.finish_and_clear();
    let Some(server) = server.transpose()? else {
        tracing::info!("stopped while starting");
        return Ok(ExitCode::SUCCESS);
    };
    server.reload_at(hangup);
    written(printer.ready())?;
    server.run(stop).await?;
    Ok(ExitCode::SUCCESS)
}

async fn look(args: CheckArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let settings = settings_of(&args.settings)?;
    let passphrase = given_passphrase(args.passphrase_file.as_deref(), &settings, printer)?;
    let findings = check(&settings, passphrase.as_ref(), &SystemClock).await;
    written(printer.data(&findings, &findings.text()))?;
    Ok(if findings.is_sound() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

async fn audit(args: AuditVerifyArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let options = AuditOptions {
        data: DataDir::new(args.data),
        log_key: args.log_key,
        checkpoints: args.checkpoints,
        certificates: args.certificates,
    };
    warn_of_backup(&options.data, printer);
    let bar = printer.progress(0, "Reading the log");
    let shown = bar.clone();
    let verifying = tokio::task::spawn_blocking(move || {
        verify(&options, &mut |leaves| shown.set_position(leaves))
    });
    let report = verifying
        .await
        .map_err(|_lost| AuditError::Interrupted)
        .flatten();
    bar.finish_and_clear();
    let report = report?;
    written(printer.data(&report, &report.text()))?;
    Ok(if report.sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

async fn recover_admin(args: RecoverArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let settings = settings_of(&args.settings)?;
    let passphrase = passphrase_of(args.passphrase_file.as_deref(), &settings, printer)?;
    let recovered = recover(&settings, &passphrase, &SystemClock).await?;
    let profile = recovered.profile_file.display();
    let passphrase = args
        .passphrase_file
        .as_deref()
        .map(|file| format!(" --passphrase-file {}", file.display()));
    let text = format!(
        "Made the admin {}, serial {}, until {}.\n\nNext:\n  ca-server serve --data {}{}\n  \
         ca-client --profile-file {profile} actor list\n\nThe admins before it can still call; remove them with \
         `ca-client actor remove NAME`.\n",
        recovered.name,
        recovered.serial,
        recovered.not_after,
        settings.data.path().display(),
        passphrase.unwrap_or_default(),
    );
    written(printer.data(&recovered, &text))?;
    Ok(ExitCode::SUCCESS)
}

fn rewrap(args: &RewrapArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let data = DataDir::new(&args.data);
    let old = read_passphrase(&args.passphrase_file)?;
    let new = read_passphrase(&args.new_passphrase_file)?;
    warn_of_readers(&args.new_passphrase_file, printer);
    let _lock = DataDirLock::take(&data)?;
    let bar = printer.progress(0, "Encrypting keys");
    let rewrapped = rewrap_keys(&data, &old, &new, &|| bar.inc(1));
    bar.finish_and_clear();
    let keys = rewrapped?;
    let text = format!(
        "{keys} keys have the new passphrase.\n\nNext: start the server with --passphrase-file {}, and make a backup; \
         those before keep the former passphrase.\n",
        args.new_passphrase_file.display()
    );
    written(printer.data(&Rewrapped { keys }, &text))?;
    Ok(ExitCode::SUCCESS)
}

#[derive(serde::Serialize)]
struct Rewrapped {
    keys: u64,
}

fn settings_of(args: &SettingsArgs) -> Result<Settings, SettingsError> {
    match (&args.config, &args.data) {
        (Some(file), _) => Settings::read(file),
        (None, Some(data)) => Settings::of(&DataDir::new(data)),
        (None, None) => Settings::of(&DataDir::new(".")),
    }
}

fn passphrase_of(
    flag: Option<&Path>,
    settings: &Settings,
    printer: &mut Printer,
) -> Result<Passphrase, PassphraseError> {
    let path = flag
        .or(settings.passphrase_file.as_deref())
        .ok_or(PassphraseError::NotGiven)?;
    let passphrase = read_passphrase(path)?;
    warn_of_readers(path, printer);
    Ok(passphrase)
}

/// Returns no passphrase for a command that does what it can without.
fn given_passphrase(
    flag: Option<&Path>,
    settings: &Settings,
    printer: &mut Printer,
) -> Result<Option<Passphrase>, PassphraseError> {
    match passphrase_of(flag, settings, printer) {
        Ok(passphrase) => Ok(Some(passphrase)),
        Err(PassphraseError::NotGiven) => Ok(None),
        Err(error) => Err(error),
    }
}

fn warn_of_readers(path: &Path, printer: &mut Printer) {
    if is_readable_by_others(path) {
        printer.warn(format_args!(
            "passphrase file {} can be read by others",
            path.display()
        ));
    }
}

fn warn_of_backup(data: &DataDir, printer: &mut Printer) {
    if data.is_unpacked_backup() {
        printer.warn(format_args!(
            "{} was taken out of a backup: it can be verified, and no server starts on it before `backup restore`",
            data.path().display()
        ));
    }
}

/// Returns a token that is cancelled when the process is asked to end.
fn stop_signal() -> Result<CancellationToken, Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends with the process, not with the tasks that it stops"
    )]
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopped.cancel();
    });
    Ok(stop)
}

fn no_signals(source: std::io::Error) -> Failure {
    Failure {
        code: Code::Internal,
        message: format!("signals cannot be received: {source}"),
        hint: None,
    }
}

fn host_name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(text.trim().to_owned()).filter(|name| !name.is_empty())
}

fn written(result: std::io::Result<()>) -> Result<(), Failure> {
    result.map_err(|source| Failure {
        code: Code::Unavailable,
        message: format!("cannot write to stdout: {source}"),
        hint: Some("keep whatever reads it alive".to_owned()),
    })
}
