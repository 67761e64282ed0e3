//! What is asked of a router to compare it with the simulator, and what is kept of its answers.
//!
//! The client asks a device, the simulator asks itself; both do it by the same [`Interview`], so that what they keep
//! can be compared. Nothing here knows how a router behaves.
#![warn(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::wildcard_enum_match_arm
)]

mod compare;
mod exchange;
mod interview;
mod record;
mod redact;
mod shape;
mod text;
mod vocabulary;

pub use compare::{Declared, Difference, differences};
pub use exchange::{Condition, EXCHANGES, Exchange, NOT_ASKED, Words};
pub use interview::{Answer, Interview, Question};
pub use record::{Door, Exchanged, Outcome, Record, RecordError, Release};
pub use shape::Shape;
