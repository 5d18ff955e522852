"""google-cloud-run over REST, which sends enumerations as numbers and fields in snake case."""

from google.cloud import run_v2
from google.iam.v1 import iam_policy_pb2
from google.oauth2.credentials import Credentials
from google.protobuf import field_mask_pb2

from clouds import play


def made(kind, clouds):
    transport = kind.get_transport_class("rest")
    host = clouds.endpoints["run"].removeprefix("http://")
    return kind(transport=transport(credentials=Credentials(clouds.token()), host=host, url_scheme="http"))


def services(clouds):
    """A service is read, changed and waited for, and its revisions are listed."""
    api = made(run_v2.ServicesClient, clouds)
    service = api.get_service(name=clouds.service)
    assert service.ingress == run_v2.IngressTraffic.INGRESS_TRAFFIC_ALL
    parent = clouds.service.split("/services/")[0]
    assert clouds.service in [one.name for one in api.list_services(parent=parent)]
    changed = run_v2.Service(name=clouds.service, invoker_iam_disabled=True, ingress=service.ingress)
    mask = field_mask_pb2.FieldMask(paths=["invoker_iam_disabled"])
    operation = api.update_service(service=changed, update_mask=mask)
    assert operation.result(timeout=30).invoker_iam_disabled
    revisions = made(run_v2.RevisionsClient, clouds)
    assert [one.name for one in revisions.list_revisions(parent=clouds.service)] == [service.latest_ready_revision]


def policies(clouds):
    """The policy is read, granted in and written with its etag."""
    api = made(run_v2.ServicesClient, clouds)
    request = iam_policy_pb2.GetIamPolicyRequest(resource=clouds.service)
    request.options.requested_policy_version = 3
    policy = api.get_iam_policy(request)
    policy.bindings.add(role="roles/run.invoker", members=["allUsers"])
    written = api.set_iam_policy(iam_policy_pb2.SetIamPolicyRequest(resource=clouds.service, policy=policy))
    assert any("allUsers" in binding.members for binding in written.bindings)


play(services, policies)
