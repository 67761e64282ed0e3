//! Running other programs, each with a deadline.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

/// Runs `command` with its output on the terminal; an exit code other than zero is an error.
pub(crate) fn run(command: &mut Command, deadline: Duration) -> anyhow::Result<()> {
    let line = line(command);
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("`{line}` does not start"))?;
    succeed(&line, wait(&mut child, &line, deadline)?)
}

/// Runs `command`, shows its standard output and hands every line of it to `see`.
pub(crate) fn follow(
    command: &mut Command,
    deadline: Duration,
    mut see: impl FnMut(&str) + Send + 'static,
) -> anyhow::Result<()> {
    let line = line(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{line}` does not start"))?;
    let output = child.stdout.take().context("no pipe")?;
    let reader = thread::spawn(move || {
        for text in BufReader::new(output).lines().map_while(Result::ok) {
            println!("{text}");
            see(&text);
        }
    });
    let status = wait(&mut child, &line, deadline)?;
    if reader.join().is_err() {
        bail!("the output of `{line}` was not readable");
    }
    succeed(&line, status)
}

/// Runs `command` and returns its standard output.
pub(crate) fn read(command: &mut Command) -> anyhow::Result<String> {
    let line = line(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("`{line}` does not start"))?;
    succeed(&line, output.status)?;
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` wrote no UTF-8"))
}

/// Returns the command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

fn succeed(line: &str, status: ExitStatus) -> anyhow::Result<()> {
    if status.success() {
        Ok(())
    } else {
        bail!("`{line}`: {status}")
    }
}

fn wait(child: &mut Child, line: &str, deadline: Duration) -> anyhow::Result<ExitStatus> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() > end {
            stop_with_descendants(child);
            bail!("`{line}` did not end within {} s", deadline.as_secs());
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Kills the child and everything that it started: a hung test sits two processes down.
fn stop_with_descendants(child: &mut Child) {
    let mut ids = vec![child.id()];
    let mut queue = VecDeque::from([child.id()]);
    while let Some(parent) = queue.pop_front() {
        let children = children_of(parent);
        ids.extend(&children);
        queue.extend(children);
    }
    for id in ids {
        let killed = Command::new("kill")
            .args(["-KILL", &id.to_string()])
            .status();
        if let Err(error) = killed {
            eprintln!("process {id} is still there: {error}");
        }
    }
    if let Err(error) = child.wait() {
        eprintln!("process {} is still there: {error}", child.id());
    }
}

fn children_of(parent: u32) -> Vec<u32> {
    let tasks = Path::new("/proc").join(parent.to_string()).join("task");
    let Ok(tasks) = std::fs::read_dir(tasks) else {
        return Vec::new();
    };
    tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|text| {
            text.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<u32>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_over_its_deadline_is_an_error() {
        let error = run(Command::new("sleep").arg("60"), Duration::from_millis(10)).unwrap_err();
        assert_eq!(error.to_string(), "`sleep 60` did not end within 0 s");
    }

    #[test]
    fn an_exit_code_is_an_error() {
        let error = run(&mut Command::new("false"), Duration::from_secs(10)).unwrap_err();
        assert_eq!(error.to_string(), "`false`: exit status: 1");
    }
}
