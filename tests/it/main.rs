//! The stories: real programs, real sockets, foreign judges.

mod authorizer;
mod bad_input;
mod books;
mod client_commands;
mod conformance;
mod control;
mod crash;
mod disk;
mod documents;
mod files;
mod in_process;
mod issuing;
mod listener;
mod manuals;
mod publishing;
mod python_grpc;
mod reflection;
mod router_ground;
mod router_push;
mod routers;
mod rows;
mod schemas;
mod server_commands;
mod strongswan;
mod webpki_judge;
