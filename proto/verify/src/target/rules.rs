//! The rules, by what they are about.

pub(super) mod chain;
pub(super) mod keys;
pub(super) mod names;
mod seen;
pub(super) mod urls;
pub(super) mod usages;
