"""Starts the clouds for the Node SDK's program."""

import os
import subprocess

from clouds import play


def node(clouds):
    """Cloudflare's Node SDK reads lists to their end and what it wrote."""
    environment = os.environ | {
        "CLOUDFLARE": clouds.endpoints["cloudflare"],
        "CLOUDFLARE_API_TOKEN": clouds.cloudflare_token,
        "ZONE": clouds.zone,
        "RULE": clouds.rule,
    }
    program = os.path.join(os.environ["CLIENTS_NODE"], "cloudflare_node.mjs")
    ended = subprocess.run(["node", program], env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr


play(node)
