//! The stories: real programs, real sockets, foreign judges.

mod bad_input;
mod books;
mod conformance;
mod contract;
mod crash;
mod disk;
mod documents;
mod issuing;
mod publishing;
mod python_grpc;
mod rows;
mod webpki_judge;
