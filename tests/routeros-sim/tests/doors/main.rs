//! The doors of the simulator, over real sockets on the loopback address.

mod api;
mod authority;
mod bindings;
mod boundaries;
mod certificates;
mod control;
mod facts;
mod files;
mod imports;
mod lists;
mod numbers;
mod rest;
mod rig;
mod rows;
mod services;
mod ssh;
mod sstp;
mod tls_clients;
mod trust;
mod words;
