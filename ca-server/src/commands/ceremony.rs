//! `ceremony root sign|crl|create`: signing with the offline root.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use ca_types::{Clock as _, Passphrase, SystemClock};

use super::{warn_of_readers, written};
use crate::ceremony::{
    CeremonyFailure, CeremonyReport, CreateOptions, Occasion, RootDir, SigningPlan, create_root,
    repeat_answer,
};
use crate::cli::{CeremonyArgs, RootCommand, RootCreateArgs, RootSignArgs};
use crate::failure::Failure;
use crate::passphrase::{PassphraseError, read_passphrase};
use crate::printer::Printer;

/// Runs a ceremony.
pub(super) fn run(command: RootCommand, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let report = match command {
        RootCommand::Sign(args) => sign(&args, "issuer", printer)?,
        RootCommand::Crl(args) => sign(&args, "crl", printer)?,
        RootCommand::Create(args) => create(args, printer)?,
    };
    let command = if report.kind == "crl" {
        "crl"
    } else {
        "issuer"
    };
    let text = format!(
        "Signed {} for {}; the SHA-256 of the transcript is {}.\n\nNext, where the server is reached:\n  ca-client {command} \
         install {}\n",
        report.kind,
        report.issuer_id,
        report.transcript_sha256,
        report.answer.display()
    );
    written(printer.data(&report, &text))?;
    Ok(ExitCode::SUCCESS)
}

fn sign(
    args: &RootSignArgs,
    kind: &'static str,
    printer: &mut Printer,
) -> Result<CeremonyReport, Failure> {
    let folder = RootDir::new(&args.root_dir);
    let outcome = &args.outcome;
    let (out, transcript) = (outcome.out.as_path(), outcome.transcript.as_deref());
    if args.again {
        return Ok(repeat_answer(&folder, &args.request, out, transcript)?);
    }
    let plan = SigningPlan::prove(folder, kind, &args.request, out, transcript)?;
    let passphrase = passphrase_of(outcome, printer)?;
    confirm(&plan.text(), outcome.yes, printer)?;
    Ok(plan.sign(&passphrase, &occasion_of(outcome), out, transcript)?)
}

fn create(args: RootCreateArgs, printer: &mut Printer) -> Result<CeremonyReport, Failure> {
    let passphrase = passphrase_of(&args.outcome, printer)?;
    let occasion = occasion_of(&args.outcome);
    let yes = args.outcome.yes;
    let options = CreateOptions {
        folder: RootDir::new(args.root_dir),
        passphrase,
        key_algorithm: args.key_algorithm,
        out: args.outcome.out,
        transcript: args.outcome.transcript,
    };
    Ok(create_root(&options, &occasion, &mut |text| {
        confirm(text, yes, printer)
    })?)
}

fn occasion_of(args: &CeremonyArgs) -> Occasion {
    Occasion {
        operator: args.operator.clone(),
        now: SystemClock.now(),
    }
}

fn passphrase_of(
    args: &CeremonyArgs,
    printer: &mut Printer,
) -> Result<Passphrase, PassphraseError> {
    let path = args
        .root_passphrase_file
        .as_deref()
        .ok_or(PassphraseError::NotGiven)?;
    let passphrase = read_passphrase(path)?;
    warn_of_readers(path, printer);
    Ok(passphrase)
}

/// Shows what will be signed, and waits for a yes.
fn confirm(text: &str, yes: bool, printer: &mut Printer) -> Result<(), CeremonyFailure> {
    printer.talk(format_args!("This will be signed:\n\n{text}"));
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(CeremonyFailure::NotConfirmed);
    }
    printer.talk("Type `yes` to sign:");
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer) {
        Ok(_) if answer.trim() == "yes" => Ok(()),
        Ok(_) | Err(_) => Err(CeremonyFailure::NotConfirmed),
    }
}
