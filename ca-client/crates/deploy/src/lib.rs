//! Certificates into routers: the fleet file, the plan, the push, the proof.
#![warn(missing_docs, clippy::missing_errors_doc)]

mod clean;
mod doctor;
mod enroller;
mod error;
mod fleet;
mod hierarchy;
mod observe;
mod plan;
mod prove;
mod push;
mod report;
mod spot;
mod verify;
mod wave;

pub use clean::{clean, removable};
pub use doctor::{Complaint, Diagnosis, Gravity, UnusedCertificate, examine};
pub use enroller::{EnrollError, Enrolled, Enroller};
pub use error::DeployError;
pub use fleet::{
    Binding, CertificateWish, Fleet, FleetError, IpsecBinding, NewEntry, PasswordSource,
    RouterEntry, with_pin,
};
pub use hierarchy::{Authority, Hierarchy};
pub use observe::{Observed, observe};
pub use plan::{Field, Plan, PlanError, PlanLine, Sign, plan};
pub use prove::Outside;
pub use push::{Job, PushOptions, push};
pub use report::{
    BindingReport, CertificateReport, FormerCertificate, Outcome, Report, Revocation,
};
pub use verify::verify;
pub use wave::run;
