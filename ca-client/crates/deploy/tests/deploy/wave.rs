//! Many routers at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::sleep;

#[tokio::test(start_paused = true)]
async fn at_most_eight_run_at_once_and_come_back_in_order() {
    let running = AtomicUsize::new(0);
    let most = AtomicUsize::new(0);
    let jobs = (0..20_u64).map(|number| {
        let (running, most) = (&running, &most);
        async move {
            let now = running.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now, Ordering::SeqCst);
            sleep(Duration::from_secs(20 - number)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            if number == 3 { Err(number) } else { Ok(number) }
        }
    });
    let results = ca_deploy::run(jobs.collect()).await;
    assert_eq!(most.load(Ordering::SeqCst), 8);
    let numbers: Vec<u64> = results
        .iter()
        .map(|result| match result {
            Ok(number) | Err(number) => *number,
        })
        .collect();
    assert_eq!(numbers, (0..20).collect::<Vec<u64>>());
    assert_eq!(results[3], Err(3));
}
