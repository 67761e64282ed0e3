//! What the stories stand on: a real server in a directory of its own, the real client, and foreign judges.

mod algorithm;
mod api;
mod documents;
mod fixture;
mod http;
mod judges;
mod namespace;
mod ports;
mod process;
mod programs;
mod proxy;
mod road_warrior;
mod run;
mod security_association;
mod site;
mod strongswan;
mod until;

pub use algorithm::Algorithm;
pub use api::{Api, Key, request_id};
pub use documents::{Document, documents};
pub use http::{HttpResponse, http};
pub use judges::{Finding, certtool, openssl, pkilint};
pub use namespace::{Namespace, Network};
pub use ports::{Ports, free_port};
pub use process::Process;
pub use programs::{peers, program, repository, target};
pub use proxy::Proxy;
pub use road_warrior::{RoadWarrior, RoadWarriorOptions};
pub use run::{Run, run, run_within};
pub use security_association::SecurityAssociation;
pub use site::{InitOptions, Site, copy};
pub use strongswan::Charon;
pub use until::until;
