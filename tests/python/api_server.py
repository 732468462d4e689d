"""Takes etcd and kube-apiserver and an empty folder; runs a real Kubernetes API server there, on free ports of this
machine, and gives kubeconfigs for its service accounts. Has no controllers and no nodes: what is asked of it is stored,
and nothing runs."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from ports import free_ports
from waiting import eventually

# It ends by itself one day: even a test run that is killed leaves nothing running.
LASTS = ["timeout", "--foreground", "30m"]
ADMIN = "admin-token"


# Where the ecosystem's tests look for the binaries. Read now: tests forget the caller's environment.
ASSETS = os.environ.get("KUBEBUILDER_ASSETS")
MISSING = "KUBEBUILDER_ASSETS names no folder with etcd and kube-apiserver, or there is no openssl"


def found() -> Path | None:
    """The folder with both binaries; none if there is none, or nothing to make certificates with."""
    whole = (
        ASSETS
        and shutil.which("openssl")
        and all((Path(ASSETS) / name).is_file() for name in ["etcd", "kube-apiserver"])
    )
    return Path(ASSETS).resolve() if whole else None


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


class ApiServer:
    """A running API server, with role-based access control on."""

    def __init__(self, assets: Path, folder: Path):
        self._folder = folder
        etcd, peers, self._port = free_ports(3)
        self._certify()
        (folder / "tokens.csv").write_text(f'{ADMIN},admin,admin,"system:masters"\n')
        at = f"http://127.0.0.1:{etcd}"
        self._etcd = self._start(
            "etcd",
            assets / "etcd",
            f"--data-dir={folder / 'data'}",
            f"--listen-client-urls={at}",
            f"--advertise-client-urls={at}",
            f"--listen-peer-urls=http://127.0.0.1:{peers}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peers}",
            f"--initial-cluster=default=http://127.0.0.1:{peers}",
        )
        self._server = self._start(
            "kube-apiserver",
            assets / "kube-apiserver",
            f"--etcd-servers={at}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--secure-port={self._port}",
            "--tls-cert-file=server.crt",
            "--tls-private-key-file=server.key",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-signing-key-file=accounts.key",
            "--service-account-key-file=accounts.pub",
            "--authorization-mode=RBAC",
            "--token-auth-file=tokens.csv",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--disable-admission-plugins=ServiceAccount",
        )
        try:
            eventually("the API server is ready", self._is_ready, within=120)
        except AssertionError:
            self.end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _certify(self) -> None:
        run, here = self._folder, "/CN=127.0.0.1"
        _openssl(
            run,
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=test CA",
            "-keyout",
            "ca.key",
            "-out",
            "ca.crt",
        )
        _openssl(
            run, "req", "-newkey", "rsa:2048", "-nodes", "-subj", here, "-keyout", "server.key", "-out", "server.csr"
        )
        (run / "names").write_text("subjectAltName=IP:127.0.0.1\n")
        signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"]
        _openssl(run, "x509", "-req", "-in", "server.csr", "-out", "server.crt", *signed)
        _openssl(run, "genrsa", "-out", "accounts.key", "2048")
        _openssl(run, "rsa", "-in", "accounts.key", "-pubout", "-out", "accounts.pub")

    def _start(self, name: str, *words: str | Path) -> subprocess.Popen:
        with (self._folder / f"{name}.log").open("w") as log:
            quiet = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            # A group of its own, so that a signal reaches the server and not only the one that ends it one day.
            return subprocess.Popen([*LASTS, *words], **quiet, cwd=self._folder, start_new_session=True)

    def _is_ready(self) -> bool:
        log = self._folder / "kube-apiserver.log"
        assert self._server.poll() is None, f"it ended with {self._server.returncode}:\n{log.read_text()[-2000:]}"
        try:
            # What kubectl and Helm ask for comes later than the rest.
            return self.ask("GET", "/readyz", raw=True) == "ok" and bool(self.ask("GET", "/openapi/v2", raw=True))
        except (urllib.error.URLError, ConnectionError):
            return False

    def ask(self, method: str, path: str, wish: object = None, raw: bool = False):
        """What the API server answers the administrator."""
        body = None if wish is None else json.dumps(wish).encode()
        headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"https://127.0.0.1:{self._port}{path}", body, headers, method=method)
        trusted = ssl.create_default_context(cafile=self._folder / "ca.crt")
        with urllib.request.urlopen(request, timeout=10, context=trusted) as answer:
            text = answer.read().decode()
        return text if raw else json.loads(text)

    def freeze(self) -> None:
        """It takes connections, and answers nothing."""
        os.killpg(self._server.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        os.killpg(self._server.pid, signal.SIGCONT)

    def end(self) -> None:
        """Stops both."""
        for process in [self._server, self._etcd]:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGCONT)
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=15)

    def namespace(self, name: str) -> None:
        """Makes one."""
        self.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}})

    def grant(self, namespace: str, account: str, rules: list[dict]) -> None:
        """Makes a role with these rules, and binds a service account to it."""
        rights = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
        self.ask("POST", f"{rights}/roles", {"metadata": {"name": account}, "rules": rules})
        subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": account}
        binding = {"metadata": {"name": account}, "subjects": [subject], "roleRef": reference}
        self.ask("POST", f"{rights}/rolebindings", binding)

    def kubeconfig(self, namespace: str, account: str, name: str, port: int | None = None) -> Path:
        """A kubeconfig with a token of that service account, which is made if there is none. By that port, if another
        forwards to the server's."""
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        try:
            self.ask("POST", accounts, {"metadata": {"name": account}})
        except urllib.error.HTTPError as error:
            assert error.code == 409, error.read()
        wish = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        return self.kubeconfig_of(
            self.ask("POST", f"{accounts}/{account}/token", wish)["status"]["token"], namespace, name, port
        )

    def kubeconfig_of(self, token: str, namespace: str, name: str, port: int | None = None) -> Path:
        """The same with a token that is there."""
        server = {
            "server": f"https://127.0.0.1:{port or self._port}",
            "certificate-authority": str(self._folder / "ca.crt"),
        }
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": server}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}],
        }
        file = self._folder / f"{name}.kubeconfig"
        file.write_text(json.dumps(config))
        return file

    @property
    def port(self) -> int:
        """Where it answers."""
        return self._port
