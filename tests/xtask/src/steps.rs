//! Steps with headings and times, and the one line at the end.

use std::time::{Duration, Instant};

/// The steps of one task, in their order; the first that fails ends it.
#[derive(Debug)]
pub(crate) struct Steps {
    task: &'static str,
    begun: Instant,
    done: Vec<(&'static str, Duration)>,
}

impl Steps {
    /// Begins the task.
    pub(crate) fn of(task: &'static str) -> Self {
        Self {
            task,
            begun: Instant::now(),
            done: Vec::new(),
        }
    }

    /// Runs one step under its heading.
    pub(crate) fn step<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        println!("\n== {name}");
        let begun = Instant::now();
        let result = work();
        let took = begun.elapsed();
        match result {
            Ok(value) => {
                println!("== {name}: {}", seconds(took));
                self.done.push((name, took));
                Ok(value)
            }
            Err(error) => {
                println!("== {name}: FAILED after {}", seconds(took));
                println!("xtask {}: FAILED in step {name}", self.task);
                Err(error.context(name))
            }
        }
    }

    /// Prints the summary.
    pub(crate) fn finish(self, summary: &str) {
        let times: Vec<String> = self
            .done
            .iter()
            .map(|(name, took)| format!("{name} {}", seconds(*took)))
            .collect();
        println!(
            "\nxtask {}: ok in {} ({}){summary}",
            self.task,
            seconds(self.begun.elapsed()),
            times.join(", ")
        );
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
