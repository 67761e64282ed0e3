//! What daemons of tunnels are told of a router: what it holds, and nothing else.

mod ground;
mod openvpn;
mod strongswan;
