//! Compiles the .proto files with protox: no protoc to install.

use std::path::PathBuf;

use prost::Message as _;

const FILES: [&str; 8] = [
    "fleet/ca/v1/certificate.proto",
    "fleet/ca/v1/certificate_authority.proto",
    "fleet/ca/v1/issuers.proto",
    "fleet/ca/v1/actors.proto",
    "fleet/ca/v1/audit.proto",
    "fleet/ca/v1/policy.proto",
    "fleet/ca/v1/blocked_keys.proto",
    "fleet/ca/v1/clock.proto",
];

#[expect(
    clippy::disallowed_methods,
    reason = "a build script writes its output"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=fleet");
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
