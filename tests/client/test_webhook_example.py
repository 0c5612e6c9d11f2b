"""The lines of Node.js on the page about webhooks know what we sign, and nothing else."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from prep_tracker.channels.webhook import signature
from prep_tracker.clock import SystemClock
from tests.architecture.tree import ROOT
from tests.docs.pages import blocks

pytestmark = pytest.mark.client
SECRET = "whsec_bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXc="
BODY = '{"type":"procedure.moved","name":"Ågot"}'


def test_the_lines_of_node_know_what_we_sign(tmp_path: Path) -> None:
    [block] = blocks(ROOT / "docs" / "webhooks.md", "js")
    now = SystemClock().now()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": f"v1,AAAA {signature('msg_1', now, BODY.encode(), (SECRET,))}",
    }
    late = headers | {"webhook-timestamp": str(int(now.timestamp()) - 600)}
    other = headers | {"webhook-id": "msg_2"}
    ask = "\n".join(
        f"console.log(isOurs({json.dumps(sent)}, Buffer.from({json.dumps(body)}), {json.dumps(SECRET)}));"
        for sent, body in ((headers, BODY), (headers, BODY + " "), (late, BODY), (other, BODY))
    )
    (tmp_path / "receiver.mjs").write_text(f"{block.body}\n{ask}\n", encoding="utf-8")
    node = shutil.which("node")
    assert node, "this needs Node.js 18 or newer"
    done = subprocess.run([node, "receiver.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["true", "false", "false", "false"]
