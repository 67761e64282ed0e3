//! RSA keys that are known to be weak, and their neighbours that are not. The moduli were made of real primes.

use ca_verify::{CertificationRequest, KeyError, PublicKey, RequestError};
use proptest::prelude::*;

use crate::der_writer::{bits, element, hexadecimal, name, oid, sequence};
use crate::draft::rsa;

fn spki(modulus: &str) -> Vec<u8> {
    let modulus = [&[0], hexadecimal(modulus).as_slice()].concat();
    rsa(&modulus, &[1, 0, 1])
}

fn strength(modulus: &str) -> Result<(), KeyError> {
    PublicKey::from_spki_der(&spki(modulus))
        .unwrap()
        .check_strength()
}

#[test]
fn weak_keys_are_known_by_their_modulus() {
    assert_eq!(strength(STRONG), Ok(()));
    assert_eq!(strength(SQUARE), Err(KeyError::RsaClosePrimes));
    assert_eq!(strength(NEIGHBOURS), Err(KeyError::RsaClosePrimes));
    assert_eq!(strength(LAST_ROUND), Err(KeyError::RsaClosePrimes));
    assert_eq!(strength(BEYOND), Ok(()));
    assert_eq!(strength(ROCA), Err(KeyError::RsaRoca));
    assert_eq!(
        strength(SMALL),
        Err(KeyError::RsaSmallFactor { factor: 751 })
    );
}

#[test]
fn a_request_for_a_weak_key_is_refused_before_its_signature_is_looked_at() {
    let info = sequence(&[vec![2, 1, 0], name(&[]), spki(ROCA), element(0xa0, &[])]);
    let algorithm = sequence(&[oid("1.2.840.113549.1.1.11"), vec![5, 0]]);
    let request = sequence(&[info, algorithm, bits(&[0; 256])]);
    let error = CertificationRequest::from_der(&request).unwrap_err();
    assert!(
        matches!(error, RequestError::Key(KeyError::RsaRoca)),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Moduli of any octets: no panic, and what divides is found.
    #[test]
    fn any_modulus_is_judged(octets in proptest::collection::vec(any::<u8>(), 256)) {
        let mut octets = octets;
        octets[0] |= 0x80;
        octets[255] |= 1;
        let digits: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        let by_three = octets.iter().fold(0_u32, |sum, octet| (sum * 256 + u32::from(*octet)) % 3);
        let found = strength(&digits);
        prop_assert_eq!(found == Err(KeyError::RsaSmallFactor { factor: 3 }), by_three == 0);
        prop_assert!(!matches!(found, Err(KeyError::RsaClosePrimes)));
    }
}

/// Two primes that are far apart.
const STRONG: &str = "\
    dc6e772464062d00347ecc98723db7ef63bbe7626a2318b91b061cfc3d5712eb20f9334c9620269c2139461948a390907d8a\
    131d239805bc4d6f087a11f3d1368c0f2caf7070dffa7648496a5340c361afc2c1402091f69abf623565c593cf5ab713d771\
    1db11f5621ccda1d26e7187112ccabd0a1d848f98c6c6e84b7df4a9b8e8f1f3a43f81ca1d79d602cd34b7ccf12394d455b5f\
    6c33163149688fbfb96b0cfa9f89a211b58b29b46a2274828a7fc5561fe52d0eeebff91f02b9338b596e6923656a0490ef86\
    17ab61f3a11e96daaf9f1376fbf326a660babecb07c732c9821b2a1dcbb1d2e9b24eddb40467448dd4bba6a9c59e8f687f52\
    7d1e8d9b92ff";

/// The square of a prime.
const SQUARE: &str = "\
    e0fe43e1ed701d031691ce87e20929d031fef14aa419e05780af53981c2578a1298ce194a591cfaed23ed20964fe0bd6aa3c\
    f118b6cc93a161901a00c353813f74f22ad312765d12e589dbf54869e233204bb80edde8f3c9ea20d0f3c280b906d973496f\
    f315cf8d0554d0c98b49ae3199c969de52685319ed3590860ea98e0ae2d04844c25179a12029bca24b477ce67da9d754d9c1\
    a2dca44f7b5e93f20296cabc32dcd2e9f55c6f05e32679e93cc62490e011592d95a7d403ef77db0da8a0a99347c7129ed0a3\
    a0e42aacb4b957e5b0aa287f29cee5576452eae972d16e1b27a73072a308c3af0b5d5cc6ac9a3f0b0f80e30a83c88f6b89b4\
    85ea89edebb9";

/// Two primes that Fermat finds in round 99, counted from zero.
const LAST_ROUND: &str = "\
    e0fcc873527212317c92cbc28f4ac8284df8dfa90037cee40e60e5734bdded922a8fecfd8908f99e687b19f1aa10a284b5e5\
    c99fe809fa7f65877c003e1213bb6ece90aade5c486ffcaabf01d54ee525b50ba64a773535354735c122540d234bad371519\
    3af911b4ef7470111ac6784348b120832d64a0bcd381d6412b787f6f8b7bb9ddf1331905e7e9582904185226528de1a7a284\
    cb4e077cb90bc67b907e6f291b926539f1fa9386a630da6f12db8d211b92410c9a25fb0d0db6b6403ccbb7d87eb7b36ecea7\
    c33c5c5b235803e86eee44c260ee9a7e8e7e8dd50974d81e4ebc456dba921f3de7a6e239514287db419608d3b07d86d26dbc\
    19cba09394b1";

/// Two primes that Fermat would find in round 101.
const BEYOND: &str = "\
    e0fcaf5f31db624033ac14e73bc60391d59f959da556d45cb6c55f94be29bb1296737ae81e2e306e43231fcef3ff32613dff\
    037cfa547bc4c5c0fc9258862d7bebde90090709184e73b3989b7f4ed8f9ddfe4e1cdeb844dfb85db960da0609e8b0436cee\
    9cb7150c886d484a8d7b50d645bf04b11f60d02b14738505fa6d28c7467975cb77ea363f445536c8710ebf1cad51f900925e\
    c3ee12746d08b2fa307b363330ff6fe105ad16be63312daecf2508bb2419e9a5b0115b80275d05efa26c237fa9f6365495b6\
    ca1627aaabcb0d4a64eadd395d3460bc071723343cb329a1a6b134c8b43ba3c9e6c8ecb4905a224bd1120eb89e06df587b40\
    37f41b1dcfc3";

/// Two primes of the form `k·M + (65537^a mod M)`, `M` the product of the first 126 primes.
const ROCA: &str = "\
    ad8a32a6e40063f3543c3e09db48285b24135ed4748d1e1c59d84b77b296f6fe1e46281e978138a9265fedef8005ff7d10e9\
    2269bd4bca8bcacb7c8b9ea7446ed5100d29a57df273b11b2f4a851ccca22f19655cb39847cfb124a54aca66f03b6282f9ce\
    7c4b4e44c6c2bce0ebdc1236124f7b34499d4ffb93cfa706433b23113f2685726bfff81f0b91bb205acf4061e39e89f3077d\
    af1029b6fc83ca38f0bbe60ed615df40f7da39c1ded79690a5c9010f10fcbe264100702f00a22f464ff5426c8ce15835f81f\
    f1c182ddd8f653780c7e418fd29311b20ffa78d011f0a66ad65f9832550294f54343d881c32862b0264f36489a9705efd1f9\
    dc57ffd2a079";

/// 751 times a prime.
const SMALL: &str = "\
    e7013b86c18d545c074dc9389ad776b005d7d42d48ac5ef337dfdcf106f04bf5c64cb0c0d259d65e383d5a33db7b11e4f9ca\
    ae8fe2c8db1d94a2253fe8a0af4add4e843320808c3be43ed028e6cd3cfcb698a6871f0a97309213b86c18d545c074dc9389\
    ad776b005d7d42d48ac5ef337dfdcf106f04bf5c64cb0c0d259d65e383d5a33db7b11e4f9caae8fe2c8db1d94a2253fe8a0a\
    f4add4e843320808c3be43ed028e6cd3cfcb698a6871f0a97309213b86c18d545c074dc9389ad776b005d7d42d48ac5ef337\
    dfdcf106f04bf5c64cb0c0d259d65e383d5a33db7b11e4f9caae8fe2c8db1d94a2253fe8a0af4add4e843320808c3be43ed0\
    28e6cd53e01f";

/// Two primes with none between them.
const NEIGHBOURS: &str = "\
    e0fe43e1ed701d031691ce87e20929d031fef14aa419e05780af53981c2578a1298ce194a591cfaed23ed20964fe0bd6aa3c\
    f118b6cc93a161901a00c353813f74f22ad312765d12e589dbf54869e233204bb80edde8f3c9ea20d0f3c280b906d973496f\
    f315cf8d0554d0c98b49ae3199c969de52685319ed3590860ea9941f1cd05d4ea3bf4b80c5c4d52e837c853a2d804e7086ab\
    a2f9fc02a7a5d28b05599f8908d0e8595066f7756b6f54eeebc075c0fa524bc3b4b84f900232df0a67c3fc3ae85a1cbd3422\
    abaa16cdacbd24717b0841909465bb3e4b0146d9e0a016ae30ea6d771263743b8b679cc12bbb01caab6697db87bd2f488a0e\
    8a97f5d16fe5";
