//! The doors of the simulator, over real sockets on the loopback address.

mod api;
mod certificates;
mod control;
mod rest;
mod rig;
mod services;
mod ssh;
