"""The sandbox in a process of its own, and what its clients need to know of it."""

import json
import os
import subprocess
import tempfile
import tomllib
import urllib.request


class Clouds:
    """The drill's clouds on loopback, until they are closed."""

    def __init__(self):
        binary = os.environ["FAILOVER"]
        folder = tempfile.mkdtemp()
        command = [binary, "sandbox", "--config", os.path.join(folder, "failover.toml")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready = json.loads(next(line for line in self.process.stdout if '"config"' in line))
        self.config = tomllib.loads(ready["config"])
        self.environment = ready["environment"]
        self.endpoints = {name: url.rstrip("/") for name, url in self.config["endpoints"].items()}
        switches = {switch["kind"]: switch for switch in self.config["sites"][0]["switches"]}
        self.service = switches["cloud_run_invoker"]["service"]
        self.zone = switches["cloudflare_page_rule"]["zone"]
        self.rule = switches["cloudflare_page_rule"]["rule"]
        self.check = switches["uptime_check"]["check"]
        self.bucket = self.config["journal"].removeprefix("gs://").split("/")[0]
        self.cloudflare_token = self.environment["CLOUDFLARE_API_TOKEN"]

    def token(self, account="alice@gleich.tech"):
        """A token of an operator, whom the function's own account may stand in for."""
        metadata = f"http://{self.environment['GCE_METADATA_HOST']}/computeMetadata/v1"
        own = self._ask(f"{metadata}/instance/service-accounts/default/token", {"Metadata-Flavor": "Google"})
        url = f"{self.endpoints['iam']}/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
        headers = {"Authorization": f"Bearer {own['access_token']}", "Content-Type": "application/json"}
        scope = {"scope": ["https://www.googleapis.com/auth/cloud-platform"]}
        return self._ask(url, headers, json.dumps(scope).encode())["accessToken"]

    def _ask(self, url, headers, body=None):
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
            return json.load(answer)

    def close(self):
        self.process.terminate()
        self.process.wait()


def play(*stories):
    """Plays each story on clouds of its own; the last line counts them."""
    passed = failed = 0
    for story in stories:
        clouds = Clouds()
        try:
            story(clouds)
            passed += 1
        except Exception as problem:  # noqa: BLE001: whatever a client raises is what went wrong
            failed += 1
            print(f"FAIL  {story.__doc__}\n      {type(problem).__name__}: {problem}")
        finally:
            clouds.close()
    print(f"{passed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)
