//! `store export|import`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter};
use std::process::ExitCode;

use super::backup::{is_stream, step};
use super::{settings_of, written};
use crate::atomic::write_whole;
use crate::cli::{ExportArgs, ImportArgs};
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::transfer::{TransferError, Transferred, export, import};

pub(super) fn write(args: &ExportArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let data = settings_of(&args.settings)?.data;
    let bar = printer.progress(0, "Exporting");
    let exported = if is_stream(&args.out) {
        let mut output = BufWriter::new(io::stdout().lock());
        export(&data, args.format, &mut output, &step(&bar))
    } else {
        write_whole(&args.out, |file| {
            export(&data, args.format, &mut BufWriter::new(file), &step(&bar))
        })
    };
    bar.finish_and_clear();
    let exported = exported?;
    let text = text("Wrote", &exported);
    if is_stream(&args.out) {
        printer.talk(text.trim_end());
    } else {
        written(printer.data(&exported, &text))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn read(args: &ImportArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let mut input: Box<dyn BufRead> = if is_stream(&args.file) {
        Box::new(BufReader::new(io::stdin()))
    } else {
        Box::new(BufReader::new(
            File::open(&args.file).map_err(TransferError::Input)?,
        ))
    };
    let bar = printer.progress(0, "Importing");
    let imported = import(&DataDir::new(&args.data), &mut *input, &step(&bar));
    bar.finish_and_clear();
    let imported = imported?;
    written(printer.data(&imported, &text("Made", &imported)))?;
    Ok(ExitCode::SUCCESS)
}

fn text(verb: &str, log: &Transferred) -> String {
    format!(
        "{verb} {} leaves of log {}, root {}.\n",
        log.leaves, log.log_id, log.root
    )
}
