"""The first apply of docs/deploy.md, with stand-ins for the providers: what it waits for, what it may say and what is typed
then, and what its costs are counted by."""

import re
import sys
from pathlib import Path

from check_plans import NO_CHANGES, Failure, Sites
from workspace import run, title

GUIDE = (Path(__file__).resolve().parents[2] / "docs/deploy.md").read_text(encoding="utf-8")
DENIED = "Permission denied on secret: projects/365415247865/secrets/failover-cloudflare-token/versions/latest"
SERVICE = "module.function.google_cloud_run_v2_service.main"


def words(text):
    """Without the frame that Terraform draws."""
    return " ".join(re.sub("[│╷╵]", " ", text).split())


def services_wait_until_their_grants_are_believed(workspace):
    told = workspace.apply()
    for module in ("module.function", "module.page[0]"):
        steps = [f"{module}.time_sleep.granted: Creating", f"{module}.time_sleep.granted: Creation complete", f"{module}.google_cloud_run_v2_service.main: Creating"]
        granted = [told.index(f"{match}: Creation complete") for match in set(re.findall(rf"({re.escape(module)}\.google_secret_manager_secret_iam_member[^:]*): Creating", told))]
        places = [max(granted), *map(told.index, steps)]
        if places != sorted(places):
            raise Failure(f"{module}: {places}\n{told}")
    sleeps = [value["create_duration"] for value in workspace.every("time_sleep")]
    if set(sleeps) != {"60s"}:
        raise Failure(f"waits: {sleeps}")


def fails_half_way(workspace):
    """The service is there, and Terraform takes it for spoiled; the second apply is refused, as the guide says."""
    google = next(provider for provider in workspace.providers if provider.provider == "google")
    google.failing["google_cloud_run_v2_service", "failover"] = DENIED
    first = workspace.terraform("apply", "-no-color", "-auto-approve", *workspace.arguments, expect=(1,)).stderr
    again = workspace.terraform("apply", "-no-color", "-auto-approve", *workspace.arguments, expect=(1,)).stderr
    row = next(line for line in GUIDE.splitlines() if line.startswith("| `Permission denied on secret"))
    for text, told in ((words(first), "Permission denied on secret"), (words(again), "cannot destroy service without setting deletion_protection=false")):
        if told not in text or told not in row:
            raise Failure(f"{told!r} isn't in both:\n{text}\n{row}")
    return google, row


def a_first_apply_that_failed_half_way_can_be_applied_again(workspace):
    google, row = fails_half_way(workspace)
    if "gcloud run services delete failover --region" not in row:
        raise Failure(row)
    [spoiled] = [key for key, value in google.objects.items() if key[0] == "google_cloud_run_v2_service" and value["name"] == "failover"]
    del google.objects[spoiled]
    workspace.apply()
    workspace.plan(NO_CHANGES)


def a_service_that_became_well_meanwhile_is_kept(workspace):
    _, row = fails_half_way(workspace)
    if f"untaint '{SERVICE}'" not in row:
        raise Failure(row)
    workspace.terraform("untaint", "-no-color", SERVICE)
    workspace.apply()
    workspace.plan(NO_CHANGES)


def jobs_are_in_another_region_where_the_functions_has_none(workspace):
    workspace.apply()
    usual = {job["region"] for job in workspace.every("google_cloud_scheduler_job")}
    workspace.arguments = (*workspace.arguments, "-var=scheduler_region=europe-west1")
    workspace.apply()
    jobs = {job["region"] for job in workspace.every("google_cloud_scheduler_job")}
    places = {service["location"] for service in workspace.every("google_cloud_run_v2_service") if service["name"] == "failover"}
    if (usual, jobs, places) != ({"us-central1"}, {"europe-west1"}, {"us-central1"}):
        raise Failure(f"jobs in {usual}, then in {jobs}, the function in {places}")


def there_are_as_many_secrets_as_the_guide_says(workspace):
    workspace.apply()
    versions = [len(workspace.every("google_secret_manager_secret_version"))]
    workspace.arguments = (*workspace.arguments, '-var=webhooks={on-call={kind="slack"}}')
    workspace.apply()
    versions.append(len(workspace.every("google_secret_manager_secret_version")))
    workspace.arguments = (*workspace.arguments, "-var=page={monitors=true}")
    workspace.environment = {**workspace.environment, "TF_VAR_report_key": "what-monitors-show-at-the-door"}
    workspace.apply()
    versions.append(len(workspace.every("google_secret_manager_secret_version")))
    if versions != [5, 6, 7] or "five versions for one site or ten, one more for each webhook, and for the door of monitors" not in GUIDE:
        raise Failure(f"the guide counts otherwise: {versions}")


CHECKS = [
    services_wait_until_their_grants_are_believed,
    a_first_apply_that_failed_half_way_can_be_applied_again,
    a_service_that_became_well_meanwhile_is_kept,
    jobs_are_in_another_region_where_the_functions_has_none,
    there_are_as_many_secrets_as_the_guide_says,
]


if __name__ == "__main__":
    # Words on the command line choose the checks whose title has them.
    asked = " ".join(sys.argv[1:])
    sys.exit(run([(title(check), Sites, check) for check in CHECKS if asked in title(check)]))
