"""Judges certificates and CRLs with pkilint in one process.

Arguments: files; `*.crt` is a certificate, `*.crl` a CRL and `*.arl` the CRL of a root, in DER. One line per finding:
file, severity, code and message, with tabs between; a file that cannot be read has the severity UNREADABLE.
"""

import pathlib
import sys

from pkilint import loader, pkix
from pkilint.pkix import certificate, crl, extension, name


def certificate_judge():
    return certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(
            name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS
        ),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )


def crl_judge():
    return crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container([]),
            crl.create_extensions_validator_container([]),
        ],
    )


def main():
    certificates, crls = certificate_judge(), crl_judge()
    of_certificates = loader.RFC5280CertificateDocumentLoader()
    of_crls = loader.RFC5280CertificateListDocumentLoader()
    for path in map(pathlib.Path, sys.argv[1:]):
        load, judge = (
            (of_certificates, certificates)
            if path.suffix == ".crt"
            else (of_crls, crls)
        )
        try:
            document = load.load_der_document(path.read_bytes(), path.name)
            results = judge.validate(document.root)
        except Exception as error:  # What cannot be read is a finding, whatever stops pkilint.
            say(path, "UNREADABLE", type(error).__name__, str(error))
            continue
        for result in results:
            for finding in result.finding_descriptions:
                say(
                    path,
                    finding.finding.severity.name,
                    finding.finding.code,
                    finding.message or "",
                )


def say(path, severity, code, message):
    print(path.name, severity, code, " ".join(message.split()), sep="\t")


main()
