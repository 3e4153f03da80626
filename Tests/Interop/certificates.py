"""An authority that makes certificates with openssl: good ones, and such as must be refused."""
import pathlib
import subprocess

CONFIGURATION = """
[ca]
default_ca = a
[a]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
default_days = 2
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""


class Authority:
    """Who signs; its own certificate is signed by `issuer`, or by itself."""

    def __init__(self, folder, name, issuer=None):
        self.folder, self.name, self.issuer = pathlib.Path(folder) / name, name, issuer
        self.folder.mkdir()
        (self.folder / "index.txt").touch()
        (self.folder / "serial").write_text("1000\n")
        (self.folder / "conf").write_text(CONFIGURATION.format(folder=self.folder))
        self.certificate, self.key = self.folder / "ca.pem", self.folder / "ca.key"
        if issuer:
            self.certificate, self.key = issuer.sign(name, "authority")
        else:
            openssl("req", "-x509", "-new", "-nodes", *KEY, "-keyout", self.key, "-out", self.certificate, "-days", "2", "-subj",
                    f"/CN={name}", "-config", self.folder / "conf", "-extensions", "authority")

    def sign(self, name, extensions=None, hosts=None, dates=()):
        """A certificate and its key, in two files."""
        key, request, certificate = (self.folder / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
        names = ["-addext", f"subjectAltName={hosts}"] if hosts else []
        openssl("req", "-new", "-nodes", *KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}", *names)
        openssl("ca", "-batch", "-notext", "-config", self.folder / "conf", "-cert", self.certificate, "-keyfile", self.key,
                "-in", request, "-out", certificate, *(["-extensions", extensions] if extensions else []), *dates)
        return certificate, key

    def chained(self, certificate):
        """A file with the certificate and those that lead to the root."""
        chain = certificate.with_suffix(".chain")
        chain.write_text(certificate.read_text() + self.certificate.read_text())
        return chain

    def status(self, certificate, is_revoked):
        """The authority's signed answer on one of its certificates, for a server to staple."""
        if is_revoked:
            openssl("ca", "-config", self.folder / "conf", "-cert", self.certificate, "-keyfile", self.key, "-revoke", certificate)
        request, answer = certificate.with_suffix(".req"), certificate.with_suffix(".status")
        openssl("ocsp", "-issuer", self.certificate, "-cert", certificate, "-reqout", request, "-no_nonce")
        openssl("ocsp", "-index", self.folder / "index.txt", "-CA", self.certificate, "-rsigner", self.certificate, "-rkey", self.key,
                "-reqin", request, "-respout", answer, "-ndays", "1")
        return answer


KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]


def openssl(*arguments):
    """Runs openssl, which says much on standard error even when all is well."""
    result = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"openssl {arguments[0]}: {result.stderr}")
