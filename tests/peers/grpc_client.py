"""Issues, lists and revokes with stubs that grpcio-tools makes from the .proto files.

usage: grpc_client.py PROTO_FOLDER STUB_FOLDER ADMIN_FOLDER PORT REQUEST_DER
Prints one line per step; any surprise is an exception.
"""

import glob
import os
import sys
import uuid

import grpc
from grpc_tools import protoc


def main(protos, stubs, admin, port, request_file):
    os.makedirs(stubs, exist_ok=True)
    files = sorted(glob.glob(os.path.join(protos, "fleet/ca/v1/*.proto")))
    words = ["protoc", f"-I{protos}", f"--python_out={stubs}", f"--grpc_python_out={stubs}"]
    assert protoc.main(words + files) == 0, "protoc refuses the .proto files"
    sys.path.insert(0, stubs)
    from fleet.ca.v1 import certificate_authority_pb2 as api
    from fleet.ca.v1 import certificate_authority_pb2_grpc as services
    from fleet.ca.v1 import certificate_pb2

    def read(name):
        with open(os.path.join(admin, name), "rb") as file:
            return file.read()

    credentials = grpc.ssl_channel_credentials(read("ca.pem"), read("admin.key"), read("admin.pem"))
    with open(request_file, "rb") as file:
        request = file.read()
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
        authority = services.CertificateAuthorityStub(channel)
        wanted = api.IssueRequest(
            request_id=str(uuid.uuid4()),
            profile="vpn-client",
            name="python.example.net",
            certification_request=request,
        )
        issued = authority.Issue(wanted, timeout=20)
        serial = issued.certificate.serial
        assert len(serial) == 32 and issued.certificate.der and len(issued.chain) == 2
        print(f"issued {serial}")

        rows = authority.List(api.ListRequest(name="python.*"), timeout=20).certificates
        assert [row.serial for row in rows] == [serial], rows
        assert rows[0].state == certificate_pb2.CERTIFICATE_STATE_VALID
        print("listed 1")

        wanted.request_id = str(uuid.uuid4())
        try:
            authority.Issue(wanted, timeout=20)
        except grpc.RpcError as error:
            print(f"refused {error.code().name}")
        else:
            raise AssertionError("the name was free twice")

        revoke = api.RevokeRequest(
            request_id=str(uuid.uuid4()),
            serial=serial,
            reason=certificate_pb2.REVOCATION_REASON_KEY_COMPROMISE,
        )
        for _ in range(2):
            revoked = authority.Revoke(revoke, timeout=20).certificates
            assert [row.serial for row in revoked] == [serial]
            assert revoked[0].state == certificate_pb2.CERTIFICATE_STATE_REVOKED
        print(f"revoked {serial}")

    anonymous = grpc.ssl_channel_credentials(read("ca.pem"))
    with grpc.secure_channel(f"127.0.0.1:{port}", anonymous) as channel:
        try:
            services.CertificateAuthorityStub(channel).List(api.ListRequest(), timeout=20)
        except grpc.RpcError as error:
            print(f"anonymous {error.code().name}")


main(*sys.argv[1:])
