"""google-cloud-storage: uploads of every kind, conditions, ranges."""

import google.api_core.exceptions as exceptions
from google.cloud import storage
from google.oauth2.credentials import Credentials

from clouds import play


def bucket(clouds):
    options = {"api_endpoint": clouds.endpoints["storage"]}
    client = storage.Client(
        project="gleich-tech", credentials=Credentials(clouds.token()), client_options=options
    )
    return client.bucket(clouds.bucket)


def uploads(clouds):
    """What is uploaded in one body or in several is downloaded as it was, with its checksums."""
    place = bucket(clouds)
    small = place.blob("clients/small.txt")
    small.metadata = {"by": "a client"}
    small.upload_from_string("some text", content_type="text/plain", checksum="md5")
    large = place.blob("clients/large.bin", chunk_size=256 * 1024)
    content = bytes(range(256)) * 3000
    large.upload_from_string(content)
    assert large.download_as_bytes() == content
    assert small.download_as_bytes(start=5, end=8) == b"text"
    small.reload()
    assert (small.metadata, small.content_type) == ({"by": "a client"}, "text/plain")
    small.metadata = {"by": "another"}
    small.patch()
    assert small.metageneration == 2
    names = [blob.name for blob in place.client.list_blobs(place, match_glob="clients/*.txt")]
    assert names == ["clients/small.txt"]


def conditions(clouds):
    """A condition that doesn't hold is refused, whatever it guards."""
    blob = bucket(clouds).blob("clients/guarded")
    blob.upload_from_string("first", if_generation_match=0)
    for refused in (
        lambda: blob.upload_from_string("second", if_generation_match=0),
        lambda: blob.delete(if_generation_match=1),
        lambda: blob.reload(if_metageneration_match=2),
    ):
        try:
            refused()
        except exceptions.PreconditionFailed:
            continue
        raise AssertionError("a condition was ignored")
    blob.delete(if_generation_match=blob.generation)
    assert not blob.exists()


play(uploads, conditions)
