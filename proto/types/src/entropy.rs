//! The only reader of the operating system's randomness.

use getrandom::SysRng;
use rand_core::{TryCryptoRng, TryRng, UnwrapErr};

/// The random numbers of the operating system.
///
/// A system that cannot give random numbers stops the request by a panic: nothing is signed then.
#[derive(Debug, Clone, Copy)]
pub struct SystemEntropy;

impl TryRng for SystemEntropy {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        UnwrapErr(SysRng).try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        UnwrapErr(SysRng).try_next_u64()
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Self::Error> {
        UnwrapErr(SysRng).try_fill_bytes(octets)
    }
}

impl TryCryptoRng for SystemEntropy {}
