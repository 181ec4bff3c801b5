"""The manifests fit together, hold no secret and open nothing to the world."""

from pathlib import Path

import pytest
import yaml

from pipelines.settings import Settings

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
MADE_BY_HAND = {"multishift-database", "multishift-tls", "multishift-instance"}
"""Secrets and a ConfigMap that docs/deploy.md makes by commands."""

DOCUMENTS = [
    document
    for path in sorted(FOLDER.glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text())
]


def pods():
    for document in DOCUMENTS:
        spec = document.get("spec", {})
        if document["kind"] == "Deployment":
            yield document["metadata"]["name"], spec["template"]["spec"]
        if document["kind"] == "DaskCluster":
            yield "scheduler", spec["scheduler"]["spec"]
            yield "worker", spec["worker"]["spec"]


def named(kind):
    return {document["metadata"]["name"] for document in DOCUMENTS if document["kind"] == kind}


def test_all_lie_in_one_namespace():
    spaces = {d["metadata"]["namespace"] for d in DOCUMENTS if d["kind"] != "Namespace"}
    assert spaces == named("Namespace") == {"multishift"}


def test_nothing_is_open_and_nothing_secret():
    text = "".join(path.read_text() for path in FOLDER.iterdir())
    for word in ("LoadBalancer", "NodePort", "hostNetwork", "hostPort", "privileged"):
        assert word not in text
    assert named("Secret") == set()
    assert "multishift-inside" in named("NetworkPolicy")
    services = [d for d in DOCUMENTS if d["kind"] == "Service"]
    assert {service["spec"]["type"] for service in services} == {"ClusterIP"}


@pytest.mark.parametrize(
    ("name", "pod"), list(pods()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_a_pod_refers_to_exists(name, pod):
    known = named("ConfigMap") | named("PersistentVolumeClaim") | MADE_BY_HAND
    (container,) = pod["containers"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    for volume in volumes.values():
        for kind, name_of in (
            ("configMap", "name"), ("secret", "secretName"), ("persistentVolumeClaim", "claimName"),
        ):  # fmt: skip
            if kind in volume:
                assert volume[kind][name_of] in known
    for source in container.get("envFrom", []):
        (reference,) = source.values()
        assert reference["name"] in known
    assert pod["securityContext"]["runAsNonRoot"]


def test_services_meet_their_pods():
    labels = {
        d["spec"]["template"]["metadata"]["labels"]["app"]
        for d in DOCUMENTS
        if d["kind"] == "Deployment"
    }
    assert {d["spec"]["selector"]["app"] for d in DOCUMENTS if d["kind"] == "Service"} <= labels


def test_settings_exist():
    (environment,) = [
        d["data"] for d in DOCUMENTS if d["metadata"]["name"] == "multishift-environment"
    ]
    known = {f"MULTISHIFT_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in environment if name.startswith("MULTISHIFT_")} <= known
    assert environment["MULTISHIFT_ENGINE_ADDRESS"].startswith("tls://")


def test_each_worker_asks_for_one_gpu_and_offers_one():
    (worker,) = dict(pods())["worker"]["containers"]
    assert worker["resources"]["limits"]["nvidia.com/gpu"] == "1"
    arguments = worker["args"]
    assert arguments[arguments.index("--resources") + 1] == "GPU=1"
