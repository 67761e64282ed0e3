//! RSA keys that are known to be weak: what can be seen from the modulus alone.

use crypto_bigint::{BoxedUint, Limb, NonZero};

use super::KeyError;

/// Looks for small factors, for the keys of CVE-2017-15361 (ROCA), and for primes so close to each other that
/// Fermat's method finds them; CA/B BR 6.1.1.3 asks for all three.
///
/// Debian's weak keys of 2008 (CVE-2008-0166) are not looked for: their list is longer than this program.
pub(super) fn check(modulus: &[u8]) -> Result<(), KeyError> {
    let modulus = BoxedUint::from_be_slice_vartime(modulus);
    let residues = Residues::of(&modulus);
    if let Some(factor) = residues.factor() {
        return Err(KeyError::RsaSmallFactor { factor });
    }
    if residues.are_of_roca() {
        return Err(KeyError::RsaRoca);
    }
    if has_close_primes(&modulus) {
        return Err(KeyError::RsaClosePrimes);
    }
    Ok(())
}

/// The residues of a modulus by all odd primes below 752.
struct Residues([u64; PRIMES.len()]);

impl Residues {
    /// Divides by products of primes as long as they fit a limb, and by the primes then.
    fn of(modulus: &BoxedUint) -> Self {
        let mut residues = PRIMES;
        let mut rest: &mut [u64] = &mut residues;
        while !rest.is_empty() {
            let mut product = 1_u64;
            let fitting = rest.iter().take_while(|prime| {
                product
                    .checked_mul(**prime)
                    .inspect(|larger| product = *larger)
                    .is_some()
            });
            let count = fitting.count();
            let (group, behind) = rest.split_at_mut(count);
            let residue = remainder(modulus, product);
            for place in group {
                *place = residue % *place;
            }
            rest = behind;
        }
        Self(residues)
    }

    /// Returns a small prime that divides the modulus.
    fn factor(&self) -> Option<u64> {
        let mut pairs = PRIMES.into_iter().zip(self.0);
        pairs.find_map(|(prime, residue)| (residue == 0).then_some(prime))
    }

    /// Tells whether the modulus is one of those that Infineon's library made (Nemec and others, CCS 2017).
    ///
    /// Its primes are powers of 65537 modulo a product of small primes, so the modulus is one modulo each of them. Of
    /// 2^27 other moduli one passes.
    fn are_of_roca(&self) -> bool {
        PRIMES
            .into_iter()
            .zip(self.0)
            .take_while(|(prime, _)| *prime <= ROCA_LAST)
            .all(|(prime, residue)| is_power_of_65537(residue, prime))
    }
}

fn is_power_of_65537(residue: u64, prime: u64) -> bool {
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = power * (65_537 % prime) % prime;
        if power == 1 {
            return false;
        }
    }
}

/// Looks for `n = a² - b²` with an `a` next to the square root of `n` (Fermat).
fn has_close_primes(modulus: &BoxedUint) -> bool {
    let mut first = modulus.floor_sqrt_vartime();
    if first.wrapping_square() == *modulus {
        return true;
    }
    first.wrapping_add_assign(BoxedUint::one());
    // Most rounds are decided by residues: a square is one modulo everything.
    let mut a = Shadow::of(&first);
    let mut square = a.times(a).minus(Shadow::of(modulus));
    for round in 0..FERMAT_ROUNDS {
        if square.may_be_square() {
            let mut a = first.clone();
            a.wrapping_add_assign(BoxedUint::from(round));
            let difference = a.wrapping_square().wrapping_sub(modulus);
            if difference.checked_sqrt_vartime().is_some() {
                return true;
            }
        }
        square = square.plus(a).plus(a).plus(Shadow::ONE);
        a = a.plus(Shadow::ONE);
    }
    false
}

/// A number modulo 2^64 and modulo a product of small numbers.
#[derive(Debug, Clone, Copy)]
struct Shadow {
    low: u64,
    odd: u64,
}

impl Shadow {
    const ONE: Self = Self { low: 1, odd: 1 };
    /// The numbers that tell squares apart best, each at most 65.
    const PARTS: [u64; 7] = [63, 65, 11, 17, 19, 23, 31];
    const MODULUS: u64 = 63 * 65 * 11 * 17 * 19 * 23 * 31;

    fn of(number: &BoxedUint) -> Self {
        Self {
            low: number.as_words().first().copied().unwrap_or_default(),
            odd: remainder(number, Self::MODULUS),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            low: self.low.wrapping_add(other.low),
            odd: (self.odd + other.odd) % Self::MODULUS,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            low: self.low.wrapping_sub(other.low),
            odd: (self.odd + Self::MODULUS - other.odd) % Self::MODULUS,
        }
    }

    fn times(self, other: Self) -> Self {
        let odd = u128::from(self.odd) * u128::from(other.odd) % u128::from(Self::MODULUS);
        Self {
            low: self.low.wrapping_mul(other.low),
            odd: u64::try_from(odd).unwrap_or_default(),
        }
    }

    fn may_be_square(self) -> bool {
        is_square_modulo(self.low % 64, 64)
            && Self::PARTS
                .into_iter()
                .all(|part| is_square_modulo(self.odd % part, part))
    }
}

fn is_square_modulo(residue: u64, modulus: u64) -> bool {
    (0..modulus).any(|root| root * root % modulus == residue)
}

fn remainder(number: &BoxedUint, divisor: u64) -> u64 {
    NonZero::new(Limb(divisor))
        .into_option()
        .map_or(0, |divisor| number.rem_limb(divisor).0)
}

/// CA/B BR 6.1.1.3 asks for at least 100 rounds.
const FERMAT_ROUNDS: u32 = 100;

/// The last prime of the discriminator.
const ROCA_LAST: u64 = 167;

/// The odd primes below 752.
const PRIMES: [u64; 132] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193,
    197, 199, 211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307,
    311, 313, 317, 331, 337, 347, 349, 353, 359, 367, 373, 379, 383, 389, 397, 401, 409, 419, 421,
    431, 433, 439, 443, 449, 457, 461, 463, 467, 479, 487, 491, 499, 503, 509, 521, 523, 541, 547,
    557, 563, 569, 571, 577, 587, 593, 599, 601, 607, 613, 617, 619, 631, 641, 643, 647, 653, 659,
    661, 673, 677, 683, 691, 701, 709, 719, 727, 733, 739, 743, 751,
];
