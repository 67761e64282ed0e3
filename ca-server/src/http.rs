//! Plain http: published documents for routers and clients, health and metrics for operators.

mod http_date;
mod listener;
mod operations;
mod publish;

pub use listener::{HttpLimits, serve};
pub use operations::{Operations, Readiness};
pub use publish::publish_router;
