//! Certificates-only CMS messages, as `.p7b` files (RFC 5652 §5, degenerate `SignedData`).

use der::asn1::{AnyRef, ObjectIdentifier, SetOfVec};
use der::{Encode as _, Sequence};

/// `ContentInfo` around a `SignedData`.
#[derive(Sequence)]
struct ContentInfo<'a> {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: SignedData<'a>,
}

/// `SignedData` without content, digests or signers.
#[derive(Sequence)]
struct SignedData<'a> {
    version: u8,
    digest_algorithms: SetOfVec<AnyRef<'a>>,
    content: EncapsulatedContent,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    certificates: SetOfVec<AnyRef<'a>>,
    signers: SetOfVec<AnyRef<'a>>,
}

/// `EncapsulatedContentInfo` with the content left out.
#[derive(Sequence)]
struct EncapsulatedContent {
    content_type: ObjectIdentifier,
}

/// Packs certificates in DER.
///
/// The set is in the order of DER, which is not that of the chain: readers sort it out by the names.
pub(crate) fn pkcs7(certificates: &[Vec<u8>]) -> der::Result<Vec<u8>> {
    let mut set = SetOfVec::new();
    for certificate in certificates {
        set.insert(AnyRef::try_from(certificate.as_slice())?)?;
    }
    ContentInfo {
        content_type: ID_SIGNED_DATA,
        content: SignedData {
            version: 1,
            digest_algorithms: SetOfVec::new(),
            content: EncapsulatedContent {
                content_type: ID_DATA,
            },
            certificates: set,
            signers: SetOfVec::new(),
        },
    }
    .to_der()
}

const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
