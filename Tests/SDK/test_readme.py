"""The README's examples, run as they stand there but for the address and the key."""

import re
import subprocess
import sys

import pytest

from processes import REPOSITORY, clean_environment

README = (REPOSITORY / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def in_place(router, key):
    """Text of the README with this run's address and key."""

    def replaced(text):
        assert "http://127.0.0.1:8080" in text and "air_live_…" in text
        return text.replace("http://127.0.0.1:8080", router.url).replace("air_live_…", key)

    return replaced


def run(arguments):
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=120, env=clean_environment())
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_python_example_prints_an_answer(in_place):
    (example,) = blocks("python")
    assert run([sys.executable, "-c", in_place(example)]).strip()


def test_the_curl_example_streams_an_answer(in_place):
    (example,) = [block for block in blocks("") if block.startswith("curl ")]
    assert run(["bash", "-c", in_place(example)]).endswith("data: [DONE]\n\n")


def test_the_configuration_is_accepted(router, tmp_path):
    (example,) = blocks("yaml")
    file = tmp_path / "routerd.yaml"
    file.write_text(example)
    arguments = [router.binary, "check", "-c", file, "--data", tmp_path / "data"]
    checked = subprocess.run(
        arguments, capture_output=True, text=True, timeout=60, env=clean_environment(OPENAI_API_KEY="sk-of-a-test")
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "sk-of-a-test" not in checked.stdout + checked.stderr


def test_every_link_to_a_file_leads_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(links) > 5
    assert [link for link in links if not (REPOSITORY / link).exists()] == []
