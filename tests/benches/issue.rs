//! Issuing under load, beside the floor of this machine: signatures, verifications and syncs alone.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
    },
};
use ca_proto::v1::IssueRequest;
use ca_tests::{Algorithm, Api, InitOptions, Key, Site, program};

const CLIENTS: usize = 16;
const LOAD: Duration = Duration::from_secs(8);

fn main() -> anyhow::Result<()> {
    println!("{CLIENTS} clients over mutual TLS, stored and durable, on this machine:\n");
    for name in ["ca-server", "ca-client"] {
        let octets = std::fs::metadata(program(name))?.len();
        println!("{name}: {} (wanted: under 25 MB)", megabytes(octets));
    }
    let sync = measure_sync()?;
    println!("append 4 KiB + fdatasync: {}", micros(sync));
    let p256 = measure_p256()?;
    println!(
        "P-256: sign {}, verify {}",
        micros(p256.sign),
        micros(p256.verify)
    );
    let rsa = measure_rsa()?;
    println!(
        "RSA-3072: sign {}, verify {}",
        micros(rsa.sign),
        micros(rsa.verify)
    );

    // The request is signed with P-256 by its end entity; what was signed is verified once.
    let floor = |ca: Signatures| p256.verify + ca.sign + ca.verify;
    let enough = |algorithm, ca, wanted, requests| -> anyhow::Result<()> {
        bench(algorithm, floor(ca), wanted, requests)
    };
    enough(Algorithm::P256, p256, 3_000, 60_000)?;
    enough(Algorithm::Rsa3072, rsa, 800, 20_000)
}

#[derive(Debug, Clone, Copy)]
struct Signatures {
    sign: Duration,
    verify: Duration,
}

fn bench(
    algorithm: Algorithm,
    floor: Duration,
    wanted: u32,
    requests: usize,
) -> anyhow::Result<()> {
    println!("\n== {} CA", algorithm.as_str());
    let site = Site::init(InitOptions {
        algorithm,
        publish_url: Some("http://pki.example.net"),
        more: &[],
    });
    let begun = Instant::now();
    let server = site.serve();
    println!(
        "start: {} ms (wanted: under 1 s)",
        begun.elapsed().as_millis()
    );
    let idle = resident(server.id())?;
    println!("resident, idle: {} (wanted: under 40 MB)", megabytes(idle));

    let prepared = prepare(requests);
    let runtime = tokio::runtime::Runtime::new()?;
    let own = std::process::id();
    let worked = [processor_time(server.id())?, processor_time(own)?];
    let begun = Instant::now();
    let mut waits = runtime.block_on(load(
        &site.data().join("admin"),
        site.ports().grpc,
        prepared,
    ))?;
    let took = begun.elapsed();
    let [by_server, by_clients] = [
        processor_time(server.id())?.saturating_sub(worked[0]),
        processor_time(own)?.saturating_sub(worked[1]),
    ];
    waits.sort_unstable();
    let rate = per_second(waits.len(), took);
    let cores = std::thread::available_parallelism()?.get();
    let most = f64::from(u32::try_from(cores)?) / floor.as_secs_f64();
    println!(
        "{rate:.0} issues/s (wanted: {wanted}); the signatures alone on {cores} cores: {most:.0}/s, ratio {:.2}",
        rate / most
    );
    // Says what the rate cannot on a machine that others use as well.
    let issued = u32::try_from(waits.len())?.max(1);
    println!(
        "processor time of an issue: server {}, its client {}",
        micros(by_server / issued),
        micros(by_clients / issued)
    );
    for (name, part) in [("median", 2), ("99th percentile", 100)] {
        let place = waits.len() - waits.len() / part;
        let wait = waits.get(place.min(waits.len().saturating_sub(1)));
        println!("{name}: {}", micros(*wait.context("nothing was issued")?));
    }
    println!(
        "resident, after {} issues: {}",
        waits.len(),
        megabytes(resident(server.id())?)
    );
    ensure!(waits.len() < requests, "too few requests were prepared");
    Ok(())
}

/// Makes keys and requests before the clock runs, on all cores.
fn prepare(requests: usize) -> Vec<Vec<IssueRequest>> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..CLIENTS)
            .map(|client| {
                scope.spawn(move || {
                    (0..requests / CLIENTS)
                        .map(|number| {
                            let name = format!("router-{client}-{number}.example.net");
                            Key::new().issue_request("router", &name)
                        })
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

/// Returns how long each answer took.
async fn load(
    admin: &Path,
    port: u16,
    prepared: Vec<Vec<IssueRequest>>,
) -> anyhow::Result<Vec<Duration>> {
    let mut clients = Vec::new();
    for requests in prepared {
        let api = Api::connect(admin, port).await?;
        clients.push(tokio::spawn(async move {
            let mut authority = api.authority();
            let begun = Instant::now();
            let mut waits = Vec::with_capacity(requests.len());
            for request in requests {
                if begun.elapsed() > LOAD {
                    break;
                }
                let sent = Instant::now();
                authority.issue(request).await?;
                waits.push(sent.elapsed());
            }
            Ok::<_, tonic::Status>(waits)
        }));
    }
    let mut all = Vec::new();
    for client in clients {
        all.extend(client.await??);
    }
    Ok(all)
}

fn measure_sync() -> anyhow::Result<Duration> {
    let folder = tempfile::tempdir()?;
    let mut file = File::create(folder.path().join("log"))?;
    let piece = [7; 4_096];
    mean(400, || {
        file.write_all(&piece)?;
        Ok(file.sync_data()?)
    })
}

fn measure_p256() -> anyhow::Result<Signatures> {
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, pair.public_key().as_ref());
    let signature = pair.sign(&random, &MESSAGE)?;
    Ok(Signatures {
        sign: mean(5_000, || {
            pair.sign(&random, &MESSAGE)?;
            Ok(())
        })?,
        verify: mean(5_000, || Ok(public.verify(&MESSAGE, signature.as_ref())?))?,
    })
}

fn measure_rsa() -> anyhow::Result<Signatures> {
    let random = SystemRandom::new();
    let pair = RsaKeyPair::generate(KeySize::Rsa3072)?;
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &random, &MESSAGE, &mut signature)?;
    Ok(Signatures {
        sign: mean(500, || {
            let mut place = signature.clone();
            Ok(pair.sign(&RSA_PKCS1_SHA256, &random, &MESSAGE, &mut place)?)
        })?,
        verify: mean(5_000, || Ok(public.verify(&MESSAGE, &signature)?))?,
    })
}

/// As long as what is signed of a certificate.
const MESSAGE: [u8; 700] = [7; 700];

fn mean(times: u32, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    for _time in 0..times {
        work()?;
    }
    Ok(begun.elapsed() / times)
}

fn per_second(number: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX)) / time.as_secs_f64()
}

/// Returns the processor time that a process used so far.
fn processor_time(id: u32) -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    let (_name, fields) = stat.rsplit_once(") ").context("no name in stat")?;
    // utime and stime (proc(5)), in hundredths of a second.
    let ticks: u64 = fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(str::parse::<u64>)
        .sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// Returns the resident memory of a process in octets.
fn resident(id: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let kilobytes: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .context("no VmRSS")?
        .parse()?;
    Ok(kilobytes * 1_024)
}

fn megabytes(octets: u64) -> String {
    format!("{}.{} MB", octets / 1_000_000, octets / 100_000 % 10)
}

fn micros(time: Duration) -> String {
    format!("{} µs", time.as_micros())
}
