//! Plan, push and proof against a router in memory.

#[cfg(test)]
mod doctor;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod push;
#[cfg(test)]
mod router;
#[cfg(test)]
mod wave;
