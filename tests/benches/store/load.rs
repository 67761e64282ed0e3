//! Sixteen writers, and one, with a store and without.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use ca_store::{CaStore as _, LogStore};

use crate::{
    floor,
    machine::median,
    report::{Report, Wanted},
    signing::{Order, SigningPath},
};

const WRITERS: usize = 16;
/// How many each of them issues in a round.
const ISSUES: usize = 400;
/// The three are measured by turns, so that what else the machine does meets all of them.
const ROUNDS: usize = 9;
const ONE_BY_ONE: usize = 1_500;

pub(crate) fn measure(
    path: SigningPath,
    [empty, full]: [LogStore; 2],
    report: &mut Report,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let path = Arc::new(path);
    let [empty, full] = [empty, full].map(Arc::new);
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let orders = orders(&format!("round-{round}"));
        let mut rates = [0.0; 3];
        for (rate, store) in rates.iter_mut().zip([None, Some(&empty), Some(&full)]) {
            *rate = runtime.block_on(round_of(&path, store, &orders))?;
        }
        rounds.push(rates);
    }
    println!("issues/s in each round: signing alone, empty store, full store");
    for [signing, with_empty, with_full] in &rounds {
        println!("{signing:>8.0} {with_empty:>8.0} {with_full:>8.0}");
    }
    let middle =
        |of: &dyn Fn(&[f64; 3]) -> f64| median(rounds.iter().map(of).collect::<Vec<f64>>());
    let [signing, with_empty, with_full] = [0, 1, 2].map(|place| middle(&|rates| rates[place]));
    report.ratio(
        "16 writers, against signing without a store",
        format!("{with_full:.0}/s of {signing:.0}/s"),
        middle(&|rates| rates[2] / rates[0]),
        Wanted::AtLeast(0.6),
    );
    report.ratio(
        "16 writers, full store against an empty one",
        format!("{with_full:.0}/s of {with_empty:.0}/s"),
        middle(&|rates| rates[2] / rates[1]),
        Wanted::AtLeast(0.9),
    );
    one_writer(&runtime, &path, &full, report)
}

/// Makes the orders of one round, on all cores.
fn orders(prefix: &str) -> Vec<Arc<[Order]>> {
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    (0..ISSUES)
                        .map(|number| Order::new(format!("{prefix}-{writer}-{number}.example.net")))
                        .collect()
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("no worker panics"))
            .collect()
    })
}

/// Returns how many issues there were in a second.
async fn round_of(
    path: &Arc<SigningPath>,
    store: Option<&Arc<LogStore>>,
    orders: &[Arc<[Order]>],
) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut writers = tokio::task::JoinSet::new();
    for orders in orders {
        let (path, store) = (Arc::clone(path), store.map(Arc::clone));
        let orders = Arc::clone(orders);
        writers.spawn(async move {
            for order in &*orders {
                let entry = path.sign(order)?;
                match &store {
                    Some(store) => drop(store.commit(entry).await?),
                    None => tokio::task::yield_now().await,
                }
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    let issues = u32::try_from(WRITERS * ISSUES)?;
    Ok(f64::from(issues) / begun.elapsed().as_secs_f64())
}

/// One issue after the other: what each waits for is its signature and one sync.
fn one_writer(
    runtime: &tokio::runtime::Runtime,
    path: &Arc<SigningPath>,
    store: &Arc<LogStore>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let micros =
        |times: Vec<Duration>| median(times.iter().map(|time| time.as_secs_f64() * 1e6).collect());
    let (path, store) = (Arc::clone(path), Arc::clone(store));
    let (signed, issued, appended) = runtime.block_on(runtime.spawn(async move {
        let [mut signed, mut issued, mut appended] = [(); 3].map(|()| Vec::new());
        let orders = (0..ONE_BY_ONE).map(|number| format!("one-{number}.example.net"));
        let orders: Vec<_> = orders.map(Order::new).collect();
        // By turns, for the same reason as above.
        for orders in orders.chunks(ONE_BY_ONE / 3) {
            appended.extend(floor::appends(500)?);
            for order in orders {
                let begun = Instant::now();
                let entry = path.sign(order)?;
                signed.push(begun.elapsed());
                store.commit(entry).await?;
                issued.push(begun.elapsed());
            }
        }
        anyhow::Ok((micros(signed), micros(issued), micros(appended)))
    }))??;
    report.ratio(
        "one writer, against one fdatasync and the signing",
        format!("{issued:.0} µs of {appended:.0}+{signed:.0} µs"),
        issued / (appended + signed),
        Wanted::AtMost(1.5),
    );
    Ok(())
}
