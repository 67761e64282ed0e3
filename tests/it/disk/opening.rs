//! While the store is opened: the CRLs of the last run are served, and operators see why the rest is not.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use ca_tests::{Algorithm, HttpResponse, Site, http, run, until};
use ca_verify::CertificateList;

use super::indexes;

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn crls_are_served_while_the_store_is_opened() {
    let (site, server) = Site::running(Algorithm::P256);
    let issuers = site.issuers();
    server.terminate();
    let file = |name: &str| site.data().join(format!("crl/{name}.crl"));
    let kept = std::fs::read(file(&issuers["router"])).expect("the server kept it");
    std::fs::copy(file(&issuers["router"]), file("stranger")).expect("the directory is ours");
    std::fs::write(file(&issuers["vpn-client"]), "no CRL").expect("the directory is ours");
    let client_crl = format!("/crl/{}.crl", issuers["vpn-client"]);
    let certificate = format!("/ca/{}.cer", issuers["router"]);

    let pipe = hold_up(&site);
    std::thread::scope(|scope| {
        let starting = scope.spawn(|| site.serve());
        let crl = until(PATIENCE, "the listeners", || {
            ask(
                site.ports().http,
                &format!("/crl/{}.crl", issuers["router"]),
            )
        });
        assert_eq!((crl.status, &crl.body), (200, &kept));
        assert_eq!(crl.header("cache-control"), "no-cache");
        assert_eq!(site.get("/crl/stranger.crl").status, 200);
        for path in [&client_crl, &certificate] {
            let absent = site.get(path);
            assert_eq!(absent.status, 503, "{path}");
            assert_eq!(absent.header("retry-after"), "5");
        }
        let shown = |path| http(site.ports().operations, "GET", path, &[]);
        let ready = shown("/readyz");
        let text = String::from_utf8(ready.body).expect("it is text");
        assert_eq!(ready.status, 503, "{text}");
        assert!(text.contains("the store is being opened"), "{text}");
        assert_eq!(shown("/healthz").status, 200);
        let metrics = String::from_utf8(shown("/metrics").body).expect("it is text");
        assert!(metrics.contains("\nca_store_accepting 0\n"), "{metrics}");

        let _open = let_go(&pipe);
        let _server = starting.join().expect("the server starts");
        assert_eq!(shown("/readyz").body, b"ready\n");
        assert_eq!(site.get("/crl/stranger.crl").status, 404);
        assert_eq!(site.get(&certificate).status, 200);
        CertificateList::from_der(&site.get(&client_crl).body).expect("it was made anew");
    });
}

#[test]
fn a_server_that_is_still_opening_ends_when_asked() {
    let site = Site::new(Algorithm::P256);
    let _pipe = hold_up(&site);
    let mut server = site
        .serve_command()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(site.path("server.log")).expect("the directory is ours"))
        .spawn()
        .expect("it starts");
    until(PATIENCE, "the listeners", || {
        ask(site.ports().operations, "/healthz")
    });
    run(Command::new("kill").args(["-TERM", &server.id().to_string()])).ok();
    let ended = until(PATIENCE, "the end", || {
        server.try_wait().expect("the child is ours")
    });
    assert!(ended.success(), "{ended:?}");
}

#[test]
fn an_index_that_another_process_holds_is_refused() {
    let site = Site::new(Algorithm::P256);
    let index = indexes(&site).remove(0);
    let file = File::open(index.join("db")).expect("it is there");
    file.lock().expect("nobody holds it");
    let refused = run(&mut site.serve_command());
    refused.refused(2, &[&index.display().to_string(), "in use"]);
    file.unlock().expect("it is ours");
    site.serve();
}

/// Puts a pipe where the index is read first: opening it waits until somebody writes.
fn hold_up(site: &Site) -> PathBuf {
    let pipe = indexes(site).remove(0).join("conf");
    std::fs::remove_file(&pipe).expect("the directory is ours");
    run(Command::new("mkfifo").arg(&pipe)).ok();
    pipe
}

/// Opens the pipe for both; what waits for it goes on.
fn let_go(pipe: &Path) -> File {
    let both = OpenOptions::new().read(true).write(true).open(pipe);
    both.expect("the pipe is ours")
}

/// Asks as soon as somebody listens.
fn ask(port: u16, path: &str) -> Option<HttpResponse> {
    let listens = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    listens.then(|| http(port, "GET", path, &[]))
}
