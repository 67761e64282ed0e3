//! Several routers at once.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Runs jobs, eight at a time, and returns what they return in the order in which they were given.
pub async fn run<J: Future>(jobs: Vec<J>) -> Vec<J::Output> {
    let mut waiting = jobs.into_iter().enumerate();
    let mut running: Vec<(usize, Pin<Box<J>>)> = Vec::new();
    let mut done: Vec<(usize, J::Output)> = Vec::new();
    poll_fn(|context| {
        loop {
            let free = AT_ONCE.saturating_sub(running.len());
            running.extend(
                waiting
                    .by_ref()
                    .take(free)
                    .map(|(place, job)| (place, Box::pin(job))),
            );
            let before = done.len();
            running.retain_mut(|(place, job)| match job.as_mut().poll(context) {
                Poll::Ready(output) => {
                    done.push((*place, output));
                    false
                }
                Poll::Pending => true,
            });
            if running.is_empty() && waiting.len() == 0 {
                return Poll::Ready(());
            }
            if done.len() == before {
                return Poll::Pending;
            }
        }
    })
    .await;
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, output)| output).collect()
}

const AT_ONCE: usize = 8;
