//! What the stories stand on: a real server in a directory of its own, the real client, and foreign judges.

mod algorithm;
mod api;
mod charon_folder;
mod documents;
mod first_ca;
mod fixture;
mod http;
mod judges;
mod namespace;
mod openvpn;
mod ports;
mod process;
mod programs;
mod proxy;
mod road_warrior;
mod router;
mod run;
mod security_association;
mod site;
mod spine;
mod strace;
mod strongswan;
mod until;

pub use algorithm::Algorithm;
pub use api::{Api, Key, request_id};
pub use charon_folder::CharonFolder;
pub use documents::{Document, documents};
pub use first_ca::first_ca;
pub use http::{HttpResponse, http, http_with_body};
pub use judges::{Finding, certtool, openssl, pkilint};
pub use namespace::{Namespace, Network};
pub use openvpn::Openvpn;
pub use ports::{Ports, free_port};
pub use process::Process;
pub use programs::{peers, program, repository, target};
pub use proxy::Proxy;
pub use road_warrior::{RoadWarrior, RoadWarriorOptions};
pub use router::{Router, RouterOptions};
pub use run::{Run, run, run_within};
pub use security_association::SecurityAssociation;
pub use site::{InitOptions, Site, copy};
pub use spine::{
    ANNA, BERLIN, BERLIN_NET, BERLIN_WISHES, MUNICH, MUNICH_NET, MUNICH_WISHES, Spine,
};
pub use strace::Strace;
pub use strongswan::Charon;
pub use until::until;
