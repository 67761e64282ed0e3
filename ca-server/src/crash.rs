//! For tests: the machine stops after each call to the files, and leaves of it what it may.

use std::path::Path;

use ca_store::files::{LeftOut, TracedFiles};

/// What a machine that stopped left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'p> {
    /// The directory in which all was done.
    pub(crate) dir: &'p Path,
    /// Whether nothing was left to do.
    pub(crate) is_done: bool,
    /// How many were found before it.
    pub(crate) number: usize,
}

/// Checks what every crash leaves, more than so many times; the check must fail when a sync is forgotten.
///
/// `run` does something by way of the traced files, and calls [`each_crash`].
pub(crate) fn check_crashes(few: usize, run: &mut dyn FnMut(TracedFiles) -> Result<usize, String>) {
    let states = run(TracedFiles::new()).unwrap();
    assert!(states > few, "{states} states");
    for left_out in [LeftOut::FileSyncs, LeftOut::DirectorySyncs] {
        let files = TracedFiles::new();
        files.leave_out(left_out);
        assert!(run(files).is_err(), "{left_out:?} was not seen");
    }
}

/// Judges what a crash after each step in `dir` may leave, `most` of it after one step; tells how much that was.
///
/// `prepare` makes a new directory what `dir` was before the first step.
pub(crate) fn each_crash(
    files: &TracedFiles,
    (dir, most): (&Path, usize),
    prepare: &dyn Fn(&Path),
    judge: &mut dyn FnMut(Found<'_>) -> Result<(), String>,
) -> Result<usize, String> {
    let mut number = 0;
    for steps in 0..=files.steps() {
        for crash in files.crashes(steps, most) {
            let again = tempfile::tempdir().unwrap();
            prepare(again.path());
            files.lay_out((steps, &crash), dir, again.path()).unwrap();
            let found = Found {
                dir: again.path(),
                is_done: steps == files.steps(),
                number,
            };
            judge(found).map_err(|what| format!("after step {steps} with {crash:?}: {what}"))?;
            number += 1;
        }
    }
    Ok(number)
}
