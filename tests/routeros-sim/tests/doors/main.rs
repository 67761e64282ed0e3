//! The doors of the simulator, over real sockets on the loopback address.

mod api;
mod authority;
mod certificates;
mod control;
mod facts;
mod rest;
mod rig;
mod services;
mod ssh;
mod sstp;
mod tls_clients;
mod trust;
mod words;
