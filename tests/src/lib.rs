//! What the stories stand on: a real server in a directory of its own, the real client, and foreign judges.

mod algorithm;
mod api;
mod documents;
mod fixture;
mod http;
mod judges;
mod ports;
mod programs;
mod proxy;
mod run;
mod server;
mod site;
mod until;

pub use algorithm::Algorithm;
pub use api::{Api, Key, request_id};
pub use documents::{Document, documents};
pub use http::{HttpResponse, http};
pub use judges::{Finding, certtool, openssl, pkilint};
pub use ports::{Ports, free_port};
pub use programs::{peers, program, repository, target};
pub use proxy::Proxy;
pub use run::{Run, run, run_within};
pub use server::Server;
pub use site::{InitOptions, Site, copy};
pub use until::until;
